package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.withSession;
import static org.understudy.ha.membership.core.Records.withoutSession;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

class AcceptorTest {

    private static final List<NodeId> OTHERS = List.of(A, B, C);
    private static final long SILENCE = 1_000;
    private static final ClusterRecord WITH_A =
            withSession(withSession(empty(), A1, new TreeMap<>()), B1, new TreeMap<>());
    private static final ClusterRecord WITHOUT_A = withoutSession(WITH_A, A1, Optional.empty());

    private final Acceptor acceptor = new Acceptor(acceptor(A), DurableState.EMPTY, 0, SILENCE, true, OTHERS);

    @Test
    void it_promises_no_lower_ballot_than_it_promised() {
        assertThat(acceptor.prepare(ballot(5))).isEmpty();

        assertThat(acceptor.prepare(ballot(4))).isPresent();
        assertThat(acceptor.accept(0, ballot(4), empty())).isPresent();
    }

    @Test
    void it_promises_the_same_ballot_again_because_messages_are_repeated() {
        acceptor.prepare(ballot(5));

        assertThat(acceptor.prepare(ballot(5))).isEmpty();
    }

    @Test
    void an_accepted_ballot_counts_as_promised() {
        acceptor.accept(0, ballot(5), empty());

        assertThat(acceptor.prepare(ballot(4))).isPresent();
    }

    @Test
    void what_it_promises_with_an_acceptance_is_part_of_the_same_state_to_be_written() {
        acceptor.accept(0, ballot(5), empty(), ballot(6));

        assertThat(acceptor.memory().acceptedBallot()).isEqualTo(ballot(5));
        assertThat(acceptor.memory().promised()).isEqualTo(ballot(6));
        assertThat(acceptor.prepare(new Ballot(5, "b")))
                .as("above the accepted ballot, below the promised one")
                .isPresent();
        assertThat(acceptor.accept(0, ballot(6), empty())).isEmpty();
    }

    @Test
    void what_it_promised_with_an_acceptance_is_promised_after_a_restart() {
        acceptor.accept(0, ballot(5), empty(), ballot(6));
        Acceptor again = new Acceptor(acceptor(A), acceptor.memory(), 500, SILENCE, true, OTHERS);

        assertThat(again.prepare(new Ballot(5, "b"))).isPresent();
        assertThat(again.accept(501, new Ballot(5, "b"), empty())).isPresent();
    }

    @Test
    void what_comes_again_of_a_round_that_it_accepted_is_past_once_more_is_promised() {
        acceptor.accept(0, ballot(5), empty());
        assertThat(acceptor.isPast(ballot(5))).as("answered again as it was").isFalse();

        acceptor.accept(0, ballot(5), empty(), ballot(6));

        assertThat(acceptor.isPast(ballot(5))).isTrue();
        assertThat(acceptor.isPast(ballot(4))).isFalse();
        assertThat(acceptor.isPast(ballot(6))).isFalse();
        assertThat(acceptor.prepare(ballot(5))).isPresent();
        assertThat(acceptor.accept(0, ballot(5), empty(), ballot(6))).isPresent();
    }

    @Test
    void the_next_ballot_alone_lets_nothing_in_below_it() {
        acceptor.accept(0, ballot(5), empty(), ballot(6));
        acceptor.accept(0, ballot(6), empty());

        assertThat(acceptor.accept(0, ballot(5), empty(), ballot(6))).isPresent();
        assertThat(acceptor.memory().promised()).isEqualTo(ballot(6));
    }

    @Test
    void it_does_not_vote_on_a_record_that_names_another_disk() {
        ClusterRecord other = ClusterRecord.first("test", List.of(new AcceptorId(A, "another")));

        assertThat(acceptor.accept(0, ballot(1), other)).isPresent();
    }

    @Test
    void a_session_it_heard_lately_may_not_disappear_by_silence() {
        holds(WITH_A);
        acceptor.renew(100, A1);

        assertThat(acceptor.accept(100 + SILENCE - 1, ballot(2), WITHOUT_A)).isPresent();
        assertThat(acceptor.accept(100 + SILENCE, ballot(2), WITHOUT_A)).isEmpty();
    }

    @Test
    void an_explicit_proof_ends_a_session_at_once() {
        holds(WITH_A);
        acceptor.renew(100, A1);

        assertThat(acceptor.accept(101, ballot(2), withoutSession(WITH_A, A1, Optional.of(ProofKind.DIED))))
                .isEmpty();
    }

    @Test
    void a_record_that_merely_says_expired_proves_nothing_to_another_acceptor() {
        holds(WITH_A);
        acceptor.renew(100, A1);

        assertThat(acceptor.accept(101, ballot(2), withoutSession(WITH_A, A1, Optional.of(ProofKind.EXPIRED))))
                .isPresent();
    }

    @Test
    void proposing_its_own_removal_is_no_proof() {
        // Schedule 13: whoever proposes, the record alone counts; here the ballot is a's own.
        holds(WITH_A);
        acceptor.renew(100, A1);

        assertThat(acceptor.accept(150, ballot(3), WITHOUT_A)).isPresent();
    }

    @Test
    void after_a_restart_it_counts_silence_from_its_own_start() {
        holds(WITH_A);
        acceptor.renew(100, A1);
        Acceptor again = new Acceptor(acceptor(A), acceptor.memory(), 500, SILENCE, true, OTHERS);

        assertThat(again.accept(500 + SILENCE - 1, ballot(2), WITHOUT_A)).isPresent();
        assertThat(again.accept(500 + SILENCE, ballot(2), WITHOUT_A)).isEmpty();
    }

    @Test
    void it_acknowledges_no_session_that_stands_only_in_memory() {
        // Schedule 4: accepted, not synced yet. A crash would forget it.
        acceptor.accept(0, ballot(1), WITH_A);

        assertThat(acceptor.renew(10, A1)).isFalse();

        acceptor.persisted(acceptor.memory());
        assertThat(acceptor.renew(11, A1)).isTrue();
    }

    @Test
    void it_acknowledges_no_session_whose_removal_it_accepted_but_has_not_synced() {
        // Schedule 4, mirror: between handling the removal and its sync.
        holds(WITH_A);
        assertThat(acceptor.accept(2 * SILENCE, ballot(2), WITHOUT_A)).isEmpty();

        assertThat(acceptor.renew(2 * SILENCE + 1, A1)).isFalse();
    }

    @Test
    void it_acknowledges_no_session_that_a_write_under_way_does_not_list() {
        Ballot first = new Ballot(1, A.value());
        DurableState onDisk =
                new DurableState(first, first, Optional.of(WITH_A), new TreeMap<>(), 1, 1, new TreeMap<>(), false);
        Acceptor before = new Acceptor(acceptor(A), onDisk, 0, SILENCE, true, OTHERS);
        // Silent for long enough: the removal is accepted, and its write is slow.
        assertThat(before.accept(2 * SILENCE, new Ballot(2, B.value()), WITHOUT_A))
                .isEmpty();
        DurableState slow = before.memory();
        // That removal was never chosen; a round over the others lists the session again.
        assertThat(before.accept(2 * SILENCE + 10, new Ballot(3, A.value()), WITH_A))
                .isEmpty();

        assertThat(before.renew(2 * SILENCE + 20, A1)).isFalse();

        // Otherwise the slow write could land, the acceptor die, and come back accepting the removal under a valid
        // lease.
        Acceptor after = new Acceptor(acceptor(A), slow, 2 * SILENCE + 30, SILENCE, true, OTHERS);
        assertThat(after.accept(2 * SILENCE + 40, new Ballot(4, B.value()), WITHOUT_A))
                .isEmpty();
        before.persisted(before.memory());
        assertThat(before.renew(2 * SILENCE + 50, A1)).isTrue();
    }

    @Test
    void it_does_not_promise_to_wait_longer_than_it_is_configured_to() {
        assertThat(acceptor.waits(SILENCE)).isTrue();
        assertThat(acceptor.waits(SILENCE + 1)).isFalse();
    }

    @Test
    void a_session_that_comes_back_from_an_older_base_counts_as_heard_now() {
        holds(WITH_A);
        acceptor.accept(2 * SILENCE, ballot(2), WITHOUT_A);
        acceptor.accept(2 * SILENCE + 1, ballot(3), WITH_A);

        assertThat(acceptor.isSilent(3 * SILENCE, A1)).isFalse();
    }

    @Test
    void it_names_the_silent_sessions_of_a_record_and_when_the_next_falls_silent() {
        holds(WITH_A);
        acceptor.renew(100, A1);

        assertThat(acceptor.nextSilenceNanos(200, WITH_A)).isEqualTo(SILENCE);
        assertThat(acceptor.silentSessions(SILENCE, WITH_A)).containsExactly(B1);
        assertThat(acceptor.nextSilenceNanos(SILENCE, WITH_A)).isEqualTo(100 + SILENCE);
    }

    @Test
    void a_release_is_part_of_what_must_become_durable() {
        acceptor.release("files", 7);
        acceptor.release("files", 5);

        assertThat(acceptor.memory().released()).containsEntry("files", 7L);
    }

    @Test
    void an_operators_word_still_waits_out_the_lease() {
        holds(WITH_A);
        acceptor.renew(100, A1);
        ClusterRecord down = withoutSession(WITH_A, A1, Optional.of(ProofKind.OPERATOR));

        assertThat(acceptor.accept(100 + SILENCE - 1, ballot(2), down)).isPresent();
        assertThat(acceptor.accept(100 + SILENCE, ballot(2), down)).isEmpty();
    }

    @Test
    void an_acceptor_new_to_the_set_counts_silence_from_the_record_that_makes_it_a_voter_for_good() {
        // Schedule 7: leases that rest on the old set alone were sent before the final record could be proposed.
        AcceptorId d = new AcceptorId(org.understudy.ha.api.NodeId.of("d"), "disk-d");
        List<AcceptorId> next = List.of(acceptor(A), acceptor(B), d);
        Acceptor fresh = new Acceptor(d, DurableState.EMPTY, 0, SILENCE, true, OTHERS);
        ClusterRecord joint = WITH_A.withVoters(WITH_A.voters().towards(next, 5));
        ClusterRecord last = joint.withVoters(joint.voters().step());
        fresh.accept(10, ballot(1), joint);
        fresh.accept(SILENCE, ballot(2), last);
        ClusterRecord without = withoutSession(last, A1, Optional.empty());

        assertThat(fresh.accept(SILENCE + 20, ballot(3), without))
                .as("counted from the joint record")
                .isPresent();
        assertThat(fresh.accept(2 * SILENCE, ballot(3), without)).isEmpty();
    }

    @Test
    void an_old_acceptor_goes_on_counting_while_the_set_changes() {
        holds(WITH_A);
        ClusterRecord joint = WITH_A.withVoters(WITH_A.voters().towards(List.of(acceptor(A), acceptor(B)), 5));
        acceptor.accept(10, ballot(2), joint);
        ClusterRecord last = joint.withVoters(joint.voters().step());
        acceptor.accept(20, ballot(3), last);

        assertThat(acceptor.isSilent(10 + SILENCE, A1)).isTrue();
    }

    private void holds(ClusterRecord record) {
        acceptor.accept(0, ballot(1), record);
        acceptor.persisted(acceptor.memory());
    }
}
