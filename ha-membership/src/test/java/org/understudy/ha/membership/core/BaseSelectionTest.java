package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.record.Ballot;

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

    private static Optional<Long> chosen(int acceptors, Promise... promises) {
        return BaseSelection.choose(List.of(promises), acceptors)
                .map(base -> base.value().number());
    }

    private static Promise promise(NodeId node, long accepted) {
        return accepted == 0
                ? new Promise(ballot(9), acceptor(node), Ballot.NONE, Optional.empty())
                : new Promise(ballot(9), acceptor(node), ballot(accepted), Optional.of(numbered(empty(), accepted)));
    }
}
