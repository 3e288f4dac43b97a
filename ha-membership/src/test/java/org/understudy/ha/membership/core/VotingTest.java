package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.numbered;
import static org.understudy.ha.membership.core.Records.withSession;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.PreVote;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.message.Message.RenewRefused;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

class VotingTest {

    private static final long SILENCE = 1_000;
    private static final ClusterRecord FIRST = numbered(Records.empty(), 1);
    private static final ClusterRecord WITH_A = withSession(numbered(Records.empty(), 5), A1, new TreeMap<>());

    @Test
    void the_first_record_needs_a_node_that_was_told_to_form() {
        Voting untold = voting(DurableState.EMPTY, true, false);
        assertThat(why(untold.prepare(new Prepare(ballot(1), true)))).isEqualTo("it was not told to form");
        assertThat(why(untold.accept(0, new Accept(ballot(1), FIRST, false)))).isEqualTo("it was not told to form");
        assertThat(untold.memory().isEmpty()).isTrue();

        Voting told = voting(DurableState.EMPTY, true, true);
        assertThat(told.prepare(new Prepare(ballot(1), true))).get().isInstanceOf(Promise.class);
        assertThat(told.accept(0, new Accept(ballot(1), FIRST, false))).get().isInstanceOf(Accepted.class);
    }

    @Test
    void an_empty_disk_that_was_not_told_to_form_promises_any_other_round_and_accepts_a_later_record() {
        Voting untold = voting(DurableState.EMPTY, true, false);

        assertThat(untold.prepare(new Prepare(ballot(1), false))).get().isInstanceOf(Promise.class);
        assertThat(untold.accept(0, new Accept(ballot(1), WITH_A, false))).get().isInstanceOf(Accepted.class);
    }

    @Test
    void who_belongs_to_a_cluster_needs_no_word_to_vote() {
        assertThat(voting(onDisk(), true, false).prepare(new Prepare(ballot(6), true)))
                .get()
                .isInstanceOf(Promise.class);
    }

    @Test
    void a_disk_that_may_have_forgotten_something_votes_for_nothing() {
        Voting voting = voting(onDisk(), false, true);

        assertThat(why(voting.prepare(new Prepare(ballot(6), false)))).contains("older copy");
        assertThat(why(voting.accept(0, new Accept(ballot(6), WITH_A, false)))).contains("older copy");
        assertThat(voting.preVote(SILENCE, new PreVote(1, List.of(A1))).isYes()).isFalse();
        assertThat(voting.renew(0, renew(SILENCE), Ballot.NONE)).isInstanceOf(RenewRefused.class);
        voting.adopt(0, ballot(6), WITH_A);
        assertThat(voting.memory().acceptedBallot()).isEqualTo(ballot(5));
    }

    @Test
    void what_changes_what_it_holds_is_to_be_written_once_and_nothing_else_is() {
        Voting voting = voting(onDisk(), true, true);
        assertThat(voting.takeUnwritten()).as("its new life").isTrue();
        assertThat(voting.takeUnwritten()).isFalse();

        voting.prepare(new Prepare(ballot(4), false));
        voting.accept(0, new Accept(ballot(4), WITH_A, false));
        voting.preVote(0, new PreVote(1, List.of(A1)));
        voting.renew(0, renew(SILENCE), Ballot.NONE);
        voting.adopt(0, ballot(5), WITH_A);
        voting.leaveOlderGenerations(ballot(7));
        assertThat(voting.catchUp(SILENCE)).isFalse();
        assertThat(voting.takeUnwritten()).isFalse();

        List<Runnable> changes = List.of(
                () -> voting.prepare(new Prepare(ballot(6), false)),
                () -> voting.accept(0, new Accept(ballot(6), WITH_A, false)),
                () -> voting.adopt(0, ballot(7), WITH_A),
                () -> voting.recovered(new Recover(acceptor(C), 9, true)),
                () -> voting.release("web", 3),
                () -> voting.vouch(1, Optional.of(WITH_A)),
                () -> voting.leaveOlderGenerations(Ballot.forced(1, B)),
                () -> voting.force(0, Ballot.forced(2, B), WITH_A));
        for (Runnable change : changes) {
            change.run();
            assertThat(voting.takeUnwritten())
                    .as("change %s", changes.indexOf(change))
                    .isTrue();
        }
        voting.recovered(new Recover(acceptor(C), 9, true));
        assertThat(voting.takeUnwritten()).as("that life is known already").isFalse();
    }

    @Test
    void a_message_that_comes_again_after_the_next_promise_gets_no_other_answer() {
        Voting voting = voting(onDisk(), true, true);
        voting.accept(0, new Accept(ballot(6), WITH_A, true));

        assertThat(voting.prepare(new Prepare(ballot(6), false))).isEmpty();
        assertThat(voting.accept(0, new Accept(ballot(6), WITH_A, true))).isEmpty();
    }

    @Test
    void a_renewal_counts_only_where_the_acceptor_waits_as_long_as_its_holder_relies_on() {
        Voting voting = voting(onDisk(), true, true);

        assertThat(voting.renew(0, renew(SILENCE), Ballot.NONE))
                .isInstanceOfSatisfying(
                        RenewAck.class, ack -> assertThat(ack.accepted()).isEqualTo(ballot(5)));
        assertThat(voting.renew(0, renew(SILENCE + 1), ballot(5)))
                .isInstanceOfSatisfying(
                        RenewRefused.class,
                        refused -> assertThat(refused.learned()).isEqualTo(ballot(5)));
    }

    @Test
    void it_agrees_to_an_end_by_silence_only_if_every_session_is_silent_here() {
        Voting voting = voting(onDisk(), true, true);
        voting.renew(500, renew(SILENCE), Ballot.NONE);

        assertThat(voting.preVote(SILENCE, new PreVote(7, List.of())).isYes()).isTrue();
        assertThat(voting.preVote(SILENCE, new PreVote(7, List.of(A1))).isYes()).isFalse();
        assertThat(voting.preVote(500 + SILENCE, new PreVote(7, List.of(A1))).isYes())
                .isTrue();
    }

    @Test
    void it_asks_the_others_ten_times_and_then_each_tenth_time_until_enough_have_answered() {
        Voting voting = voting(onDisk(), false, true);
        List<Integer> asked = new ArrayList<>();
        for (int beacon = 1; beacon <= 30; beacon++) {
            if (voting.repeated().isPresent()) {
                asked.add(beacon);
            }
        }
        assertThat(asked).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30);
        assertThat(voting.whySilent()).get().asString().contains("not heard from [a, c]");

        long life = voting.memory().life();
        for (AcceptorId other : List.of(acceptor(A), acceptor(C))) {
            voting.answered(new Recovered(other, life, life - 2, ballot(5), ballot(5), Optional.of(WITH_A)));
        }
        for (int beacon = 31; beacon <= 40; beacon++) {
            assertThat(voting.repeated()).isEmpty();
        }
        voting.takeUnwritten();
        assertThat(voting.catchUp(SILENCE)).isTrue();
        assertThat(voting.takeUnwritten()).isTrue();
        assertThat(voting.whySilent()).isEmpty();
    }

    @Test
    void an_empty_disk_asks_nobody_what_it_has_forgotten() {
        assertThat(voting(DurableState.EMPTY, true, true).repeated()).isEmpty();
    }

    @Test
    void an_operators_word_gives_a_silent_disk_its_vote_back_but_none_to_a_disk_without_one() {
        Voting silent = voting(onDisk(), false, true);
        assertThat(silent.vouch(1, Optional.of(WITH_A)))
                .isEqualTo(new Effect.OperationDecided(1, true, "this disk votes from now on"));
        assertThat(silent.mayVote()).isTrue();
        assertThat(silent.vouch(2, Optional.of(WITH_A)).why()).isEqualTo("this disk votes already");

        Voting foreign = voting(DurableState.EMPTY, true, true);
        foreign.takeUnwritten();
        ClusterRecord ofOthers = ClusterRecord.first("test", List.of(acceptor(A), acceptor(C)));
        assertThat(foreign.vouch(3, Optional.of(ofOthers)).isDone()).isFalse();
        assertThat(foreign.takeUnwritten()).isFalse();
    }

    @Test
    void who_knows_of_a_newer_generation_has_no_word_in_an_older_one() {
        Voting voting = voting(onDisk(), true, true);
        voting.leaveOlderGenerations(Ballot.forced(1, C));

        assertThat(why(voting.prepare(new Prepare(ballot(9), false)))).startsWith("promised");
        assertThat(voting.renew(0, renew(SILENCE), Ballot.NONE)).isInstanceOf(RenewRefused.class);
    }

    @Test
    void a_record_of_a_generation_before_a_forced_one_is_not_believed() {
        Voting voting = voting(onDisk(), true, true);
        ClusterRecord forced = WITH_A.withGeneration(2);
        assertThat(voting.whyPast(WITH_A, Optional.empty())).isEmpty();
        assertThat(voting.whyPast(forced, Optional.of(WITH_A))).isEmpty();
        assertThat(voting.whyPast(WITH_A, Optional.of(forced))).get().asString().contains("stop [a, c] and start");

        voting.leaveOlderGenerations(Ballot.forced(1, C));
        assertThat(voting.whyPast(WITH_A, Optional.of(WITH_A))).isPresent();
    }

    @Test
    void the_newest_record_is_the_one_it_accepted_if_that_is_newer_than_what_it_learned() {
        Voting voting = voting(onDisk(), true, true);

        assertThat(voting.newest(Optional.empty(), Ballot.NONE)).isEqualTo(WITH_A);
        assertThat(voting.newest(Optional.of(FIRST), ballot(4))).isEqualTo(WITH_A);
        assertThat(voting.newest(Optional.of(FIRST), ballot(5))).isEqualTo(FIRST);
    }

    @Test
    void a_vote_is_not_counted_where_the_record_does_not_name_its_disk() {
        Voting voting = voting(onDisk(), true, true);

        assertThat(voting.whyNotCounted(WITH_A)).isEmpty();
        assertThat(voting.whyNotCounted(ClusterRecord.first("test", List.of(acceptor(A), acceptor(C)))))
                .isPresent();
    }

    private static Voting voting(DurableState disk, boolean isCurrent, boolean mayForm) {
        return new Voting(new Acceptor(acceptor(B), disk, 0, SILENCE, isCurrent, List.of(A, C)), mayForm);
    }

    /** That knows a session of a. */
    private static DurableState onDisk() {
        return DurableState.EMPTY.withAccepted(ballot(5), WITH_A, ballot(5));
    }

    private static Renew renew(long waitNanos) {
        return new Renew(A1, 1, waitNanos, Ballot.NONE);
    }

    private static String why(Optional<Message> answer) {
        return ((Refused) answer.orElseThrow()).why();
    }
}
