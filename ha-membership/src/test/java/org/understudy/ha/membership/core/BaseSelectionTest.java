package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;
import static org.understudy.ha.membership.core.Records.vote;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

class BaseSelectionTest {

    private static final NodeId D = NodeId.of("d");
    private static final NodeId E = NodeId.of("e");

    @Test
    void nothing_shown_is_no_base() {
        assertThat(chosen(3, promise(A, 0), promise(B, 0))).isEmpty();
    }

    @Test
    void a_value_shown_once_is_kept_while_a_silent_acceptor_may_have_it_too() {
        // Schedule 5a: X shows v, B promises this ballot with u; C is silent and may hold v, so v may be chosen.
        assertThat(chosen(3, promise(A, 5), promise(B, 3))).contains(5L);
    }

    @Test
    void a_value_that_all_others_are_known_not_to_have_may_be_dropped() {
        assertThat(chosen(3, promise(A, 5), promise(B, 3), promise(C, 3))).contains(3L);
    }

    @Test
    void a_higher_ballot_counts_as_having_accepted_a_lower_one() {
        // Schedule 5b: two show v at 5, one shows w at 4, two show u at 3. v cannot be chosen (2 of 5); w may have
        // been, on the
        // two that show v and the one that shows it.
        assertThat(chosen(5, promise(A, 5), promise(B, 5), promise(C, 4), promise(D, 3), promise(E, 3)))
                .contains(4L);
    }

    @Test
    void an_acceptor_that_has_not_answered_may_hold_anything() {
        assertThat(chosen(5, promise(A, 5), promise(C, 4), promise(D, 3))).contains(5L);
    }

    @Test
    void a_record_with_a_set_more_is_not_dropped_for_that_set_alone() {
        // The old set {a,b,c} chose 5 on a and b; 6 begins a change to {c,d,e} on it and reached a alone. b is silent.
        // Nobody
        // shows 5. The new set rules 6 out; to fall to 4 would lose 5, so 6 is carried.
        ClusterRecord four = numbered(empty(), 4);
        ClusterRecord six = numbered(empty(), 6)
                .withVoters(empty().voters().towards(List.of(acceptor(C), acceptor(D), acceptor(E)), 6));

        assertThat(chosen(promise(A, 6, six), promise(C, 4, four), promise(D, 0, four), promise(E, 0, four)))
                .contains(6L);
    }

    private static Optional<Long> chosen(int acceptors, Promise... promises) {
        List<AcceptorId> set =
                Stream.of(A, B, C, D, E).limit(acceptors).map(Records::acceptor).toList();
        ClusterRecord record = ClusterRecord.first("test", set);
        return chosen(Stream.of(promises)
                .map(p -> new Promise(
                        p.ballot(), p.vote(), p.acceptedBallot(), p.accepted().map(r -> numbered(record, r.number()))))
                .toArray(Promise[]::new));
    }

    private static Optional<Long> chosen(Promise... promises) {
        return BaseSelection.choose(List.of(promises)).map(base -> base.value().number());
    }

    private static Promise promise(NodeId node, long accepted) {
        return promise(node, accepted, numbered(empty(), accepted));
    }

    private static Promise promise(NodeId node, long accepted, ClusterRecord record) {
        return accepted == 0
                ? new Promise(ballot(9), vote(node), Ballot.NONE, Optional.empty())
                : new Promise(ballot(9), vote(node), ballot(accepted), Optional.of(record));
    }
}
