package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;
import static org.understudy.ha.membership.core.Records.withSession;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

class RecoveryTest {

    private static final List<NodeId> OTHERS = List.of(A, B, C);
    private static final long SILENCE = 1_000;
    private static final ClusterRecord OLD = numbered(empty(), 3);
    private static final ClusterRecord NEW = withSession(numbered(empty(), 4), A1, new TreeMap<>());

    @Test
    void a_disk_that_its_host_knows_to_be_current_votes_at_once() {
        assertThat(booted(disk(3, 5, 5), true).isVoting()).isTrue();
    }

    @Test
    void any_other_disk_waits_for_a_majority_of_the_others_and_for_the_leases_it_may_have_acknowledged() {
        // Schedule 2: b accepted 4 together with a and came back from a copy that knows 3 only.
        Acceptor b = booted(disk(3, 5, 5), false);

        b.answered(answer(b, A, 5, 4));
        assertThat(b.catchUp(2 * SILENCE)).as("one of two others").isFalse();
        b.answered(answer(b, C, 5, 3));
        assertThat(b.catchUp(SILENCE - 1)).as("leases may hold").isFalse();
        assertThat(b.isVoting()).isFalse();

        assertThat(b.catchUp(SILENCE)).isTrue();
        assertThat(b.isVoting()).isTrue();
        assertThat(b.memory().acceptedBallot()).isEqualTo(ballot(4));
        assertThat(b.memory().accepted()).contains(NEW);
    }

    @Test
    void a_disk_left_in_the_middle_of_that_goes_on_waiting_however_well_its_host_knows_it() {
        Acceptor b = booted(disk(3, 5, 5), false);
        b.answered(answer(b, A, 5, 4));
        Acceptor again = booted(b.memory(), true);
        assertThat(again.isVoting()).isFalse();
        assertThat(again.catchUp(2 * SILENCE))
                .as("nobody has answered this life")
                .isFalse();

        again.answered(answer(again, A, 7, 4));
        again.answered(answer(again, C, 7, 3));
        again.answered(answer(again, A, 7, 4));
        again.answered(answer(again, C, 7, 3));
        assertThat(again.catchUp(SILENCE)).isTrue();

        assertThat(booted(again.memory(), true).isVoting()).as("it caught up").isTrue();
    }

    @Test
    void a_disk_that_was_taken_for_current_by_mistake_remembers_that_it_was_not() {
        Acceptor b = booted(disk(3, 5, 5), true);
        b.answered(answer(b, A, 9, 4));

        assertThat(booted(b.memory(), true).isVoting()).isFalse();
    }

    @Test
    void an_operators_word_lasts() {
        Acceptor b = booted(disk(3, 5, 5), false);
        b.vouch();

        assertThat(booted(b.memory(), true).isVoting()).isTrue();
    }

    @Test
    void answers_from_before_the_first_record_count_once_it_says_whom_to_ask() {
        Acceptor b = booted(DurableState.EMPTY, false);
        Recovered nothing =
                new Recovered(acceptor(A), b.recovery().life(), 0, Ballot.NONE, Ballot.NONE, Optional.empty());
        Recovered neither =
                new Recovered(acceptor(C), b.recovery().life(), 0, Ballot.NONE, Ballot.NONE, Optional.empty());
        b.answered(nothing);
        b.answered(neither);
        assertThat(b.accept(0, ballot(1), empty())).isEmpty();

        assertThat(b.answered(neither)).isTrue();
        assertThat(b.catchUp(SILENCE)).isTrue();
    }

    @Test
    void a_disk_that_has_lost_its_vote_since_stays_silent_whoever_answers() {
        // c's vote went to d; c comes back from a copy of before, and d alone is heard, or everybody.
        AcceptorId d = acceptor(NodeId.of("d"));
        ClusterRecord without = numbered(empty(), 7).withVoters(Voters.of(List.of(acceptor(A), acceptor(B), d)));
        Acceptor c = new Acceptor(acceptor(C), disk(3, 5, 5), 0, SILENCE, false, OTHERS);
        c.answered(new Recovered(d, c.recovery().life(), 0, ballot(7), ballot(7), Optional.of(without)));
        assertThat(c.catchUp(2 * SILENCE)).isFalse();
        for (NodeId each : List.of(A, B)) {
            c.answered(
                    new Recovered(acceptor(each), c.recovery().life(), 0, ballot(7), ballot(7), Optional.of(without)));
        }
        assertThat(c.catchUp(2 * SILENCE)).isFalse();
        assertThat(c.isVoting()).isFalse();
    }

    @Test
    void once_it_is_admitted_again_the_answers_of_then_count() {
        ClusterRecord without = numbered(empty(), 7).withVoters(Voters.of(List.of(acceptor(A), acceptor(C))));
        Acceptor b = booted(disk(3, 5, 5), false);
        for (NodeId each : List.of(A, C)) {
            b.answered(
                    new Recovered(acceptor(each), b.recovery().life(), 0, ballot(7), ballot(7), Optional.of(without)));
        }
        assertThat(b.catchUp(SILENCE)).isFalse();
        long life = b.recovery().life();
        for (NodeId each : List.of(A, C)) {
            b.answered(
                    new Recovered(acceptor(each), life, life, ballot(9), ballot(9), Optional.of(numbered(empty(), 9))));
        }

        assertThat(b.recovery().life()).isEqualTo(life);
        assertThat(b.catchUp(SILENCE)).isTrue();
        assertThat(b.memory().acceptedBallot()).isEqualTo(ballot(9));
    }

    @Test
    void a_vote_that_decided_alone_asks_everybody() {
        ClusterRecord alone = numbered(empty(), 3).withVoters(Voters.of(List.of(acceptor(B))));
        DurableState disk = new DurableState(
                ballot(3), ballot(3), Optional.of(alone), new TreeMap<>(), 5, 5, new TreeMap<>(), false);
        Acceptor b = new Acceptor(acceptor(B), disk, 0, SILENCE, false, List.of(A, C));
        b.answered(new Recovered(acceptor(A), b.recovery().life(), 5, ballot(2), ballot(2), Optional.of(OLD)));
        assertThat(b.catchUp(SILENCE))
                .as("c may know that it has company by now")
                .isFalse();
        b.answered(new Recovered(acceptor(C), b.recovery().life(), 5, ballot(2), ballot(2), Optional.of(OLD)));
        assertThat(b.catchUp(SILENCE)).isTrue();
    }

    @Test
    void the_only_vote_of_a_cluster_without_other_nodes_waits_out_leases_and_goes_on() {
        ClusterRecord alone = numbered(empty(), 3).withVoters(Voters.of(List.of(acceptor(B))));
        DurableState disk = new DurableState(
                ballot(3), ballot(3), Optional.of(alone), new TreeMap<>(), 5, 5, new TreeMap<>(), false);
        Acceptor b = new Acceptor(acceptor(B), disk, 0, SILENCE, false, List.of());
        assertThat(b.catchUp(SILENCE - 1)).isFalse();
        assertThat(b.catchUp(SILENCE)).isTrue();
        assertThat(new Acceptor(acceptor(B), b.memory(), 0, SILENCE, true, List.of()).isVoting())
                .isTrue();

        Acceptor outnumbered = new Acceptor(acceptor(B), disk(3, 5, 5), 0, SILENCE, false, List.of());
        assertThat(outnumbered.catchUp(2 * SILENCE))
                .as("its record knows of others, whatever its configuration says")
                .isFalse();
        Acceptor empty = new Acceptor(acceptor(B), DurableState.EMPTY, 0, SILENCE, false, List.of());
        assertThat(empty.catchUp(2 * SILENCE)).isFalse();
    }

    @Test
    void it_takes_over_the_highest_promise_that_it_was_shown() {
        Acceptor b = booted(disk(3, 5, 5), false);
        b.answered(answer(b, A, 5, 4));
        b.answered(new Recovered(acceptor(C), b.recovery().life(), 5, ballot(9), ballot(3), Optional.of(OLD)));
        b.catchUp(SILENCE);

        assertThat(b.prepare(ballot(8))).isPresent();
        assertThat(b.prepare(ballot(9))).isEmpty();
    }

    @Test
    void its_new_life_has_a_number_that_was_never_used() {
        // The copy knows life 5; since then a life 8 was noted by others, and one more may have gone unnoted.
        Acceptor b = booted(disk(3, 5, 5), false);
        b.answered(answer(b, A, 8, 4));

        assertThat(b.recovery().life()).isGreaterThanOrEqualTo(10);
        assertThat(b.memory().life()).isEqualTo(b.recovery().life());
    }

    @Test
    void an_answer_to_an_earlier_number_does_not_count() {
        Acceptor b = booted(disk(3, 5, 5), false);
        Recovered early = answer(b, C, 5, 3);
        b.answered(answer(b, A, 8, 4));
        b.answered(early);
        b.answered(answer(b, A, 8, 4));

        assertThat(b.catchUp(2 * SILENCE)).isFalse();
    }

    @Test
    void being_asked_twice_does_not_look_like_a_life_in_between() {
        Acceptor b = booted(disk(3, 5, 5), false);
        long life = b.recovery().life();
        b.answered(answer(b, A, 5, 4));
        b.answered(answer(b, A, life, 4));

        assertThat(b.recovery().life()).isEqualTo(life);
    }

    @Test
    void a_current_disk_takes_one_number_at_most_beyond_what_the_others_noted() {
        assertThat(booted(disk(3, 5, 5), true).recovery().life()).isEqualTo(6);
        assertThat(booted(disk(3, 6, 5), true).recovery().life())
                .as("nobody noted 6, and it forgot nothing since")
                .isEqualTo(6);
    }

    @Test
    void a_disk_taken_for_current_that_the_others_know_better_falls_silent() {
        Acceptor b = booted(disk(3, 5, 5), true);
        b.answered(answer(b, A, 9, 4));

        assertThat(b.isVoting()).isFalse();
    }

    @Test
    void a_vote_of_a_life_that_another_voter_knows_to_be_over_is_outdated() {
        Vote former = new Vote(acceptor(B), 5, new TreeMap<>());
        TreeMap<org.understudy.ha.membership.core.record.AcceptorId, Long> lives = new TreeMap<>();
        lives.put(acceptor(B), 7L);

        assertThat(new Vote(acceptor(C), 1, lives).outdates(former)).isTrue();
        assertThat(new Vote(acceptor(C), 1, new TreeMap<>()).outdates(former)).isFalse();
        assertThat(new Vote(acceptor(B), 7, new TreeMap<>()).outdates(former)).isTrue();
    }

    @Test
    void whoever_is_asked_notes_the_life_before_it_answers() {
        Acceptor a = new Acceptor(acceptor(A), disk(4, 1, 1), 0, SILENCE, true, OTHERS);
        Acceptor b = booted(disk(3, 5, 5), false);

        Recovered first = a.recovered(b.recovery().question());
        assertThat(first.known()).isZero();
        assertThat(a.memory().lives()).containsEntry(acceptor(B), b.recovery().life());
        assertThat(a.recovered(b.recovery().question()).known())
                .isEqualTo(b.recovery().life());
    }

    private static Acceptor booted(DurableState disk, boolean isCurrent) {
        return new Acceptor(acceptor(B), disk, 0, SILENCE, isCurrent, OTHERS);
    }

    private static DurableState disk(long accepted, long life, long noted) {
        Ballot at = ballot(accepted);
        return new DurableState(
                at, at, Optional.of(accepted == 3 ? OLD : NEW), new TreeMap<>(), life, noted, new TreeMap<>(), false);
    }

    private static Recovered answer(Acceptor asker, org.understudy.ha.api.NodeId from, long known, long accepted) {
        return new Recovered(
                acceptor(from),
                asker.recovery().life(),
                known,
                ballot(accepted),
                ballot(accepted),
                Optional.of(accepted == 3 ? OLD : NEW));
    }
}
