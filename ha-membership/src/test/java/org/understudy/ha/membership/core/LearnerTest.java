package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;
import static org.understudy.ha.membership.core.Records.vote;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

class LearnerTest {

    private static final Ballot ROUND = new Ballot(5, "a/1");
    private static final ClusterRecord RECORD = numbered(empty(), 9);

    private final Learner learner = new Learner();
    private DurableState memory = DurableState.EMPTY.withAccepted(ROUND, RECORD, ROUND);

    @Test
    void a_majority_that_has_accepted_it_makes_it_chosen() {
        assertThat(accepted(A)).isEmpty();
        assertThat(accepted(B)).contains(RECORD);
    }

    @Test
    void one_that_says_it_twice_is_no_majority() {
        assertThat(accepted(A)).isEmpty();
        assertThat(accepted(A)).isEmpty();
    }

    @Test
    void acceptances_of_two_rounds_are_no_majority_of_one() {
        assertThat(accepted(A)).isEmpty();
        assertThat(learner.onAccepted(new Accepted(new Ballot(4, "b/1"), vote(B), false), memory))
                .isEmpty();
        assertThat(learner.onAccepted(new Accepted(ROUND.following(), vote(B), false), memory))
                .isEmpty();
        assertThat(accepted(C)).as("of the older round").isEmpty();
    }

    /** A ballot carries one record; which it is, only this node's own acceptor has seen. */
    @Test
    void what_this_node_has_not_accepted_it_cannot_learn() {
        memory = DurableState.EMPTY.withAccepted(new Ballot(4, "b/1"), numbered(empty(), 8), ROUND);
        assertThat(accepted(A)).isEmpty();
        assertThat(accepted(B)).isEmpty();

        memory = memory.withAccepted(ROUND, RECORD, ROUND);
        assertThat(accepted(C)).contains(RECORD);
    }

    @Test
    void a_majority_of_every_set_is_needed() {
        AcceptorId d = new AcceptorId(NodeId.of("d"), "dd");
        AcceptorId e = new AcceptorId(NodeId.of("e"), "ee");
        ClusterRecord joint = RECORD.withVoters(RECORD.voters().towards(List.of(acceptor(A), d, e), 9));
        memory = DurableState.EMPTY.withAccepted(ROUND, joint, ROUND);

        assertThat(accepted(A)).isEmpty();
        assertThat(accepted(B)).as("of the old set").isEmpty();
        assertThat(learner.onAccepted(new Accepted(ROUND, new Vote(d, 1, new TreeMap<>()), false), memory))
                .contains(joint);
    }

    @Test
    void a_vote_of_a_life_that_is_over_does_not_count_whichever_comes_first() {
        Vote knowing = new Vote(acceptor(B), 1, new TreeMap<>(Map.of(acceptor(A), 2L)));

        assertThat(accepted(A)).isEmpty();
        assertThat(learner.onAccepted(new Accepted(ROUND, knowing, false), memory))
                .isEmpty();
        assertThat(accepted(A)).as("of its first life, again").isEmpty();
        assertThat(accepted(C)).contains(RECORD);
    }

    @Test
    void what_is_learned_is_over() {
        accepted(A);
        learner.learned(ROUND);

        assertThat(accepted(B)).isEmpty();
    }

    private Optional<ClusterRecord> accepted(NodeId by) {
        return learner.onAccepted(new Accepted(ROUND, vote(by), true), memory);
    }
}
