package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;

class LeaseKeeperTest {

    private static final Timing TIMING = Timing.standard();
    private static final long LENGTH = TIMING.holderNanos();
    private static final long RENEW = TIMING.renewEvery().toNanos();
    private static final List<AcceptorId> ABC = List.of(acceptor(A), acceptor(B), acceptor(C));

    private final LeaseKeeper keeper = new LeaseKeeper(A1, TIMING, 0);

    @Test
    void one_acknowledgement_of_three_is_no_lease() {
        long sequence = renew(0);

        assertThat(keeper.acknowledged(ack(sequence, A, ABC))).isFalse();
        assertThat(keeper.isValid(1)).isFalse();
    }

    @Test
    void the_lease_counts_from_the_sending_of_the_renewal() {
        long sequence = renew(10);
        keeper.acknowledged(ack(sequence, A, ABC));

        assertThat(keeper.acknowledged(ack(sequence, B, ABC))).isTrue();
        assertThat(keeper.confirmedNanos()).isEqualTo(10);
        assertThat(keeper.isValid(10 + LENGTH - 1)).isTrue();
        assertThat(keeper.isValid(10 + LENGTH)).isFalse();
        assertThat(keeper.isOver(10 + LENGTH)).isTrue();
    }

    @Test
    void the_holder_steps_down_before_the_end() {
        confirm(0);

        assertThat(keeper.mustStepDown(LENGTH / 2)).isFalse();
        assertThat(keeper.mustStepDown(LENGTH - RENEW)).isTrue();
        assertThat(keeper.isValid(LENGTH - RENEW)).isTrue();
    }

    @Test
    void a_record_is_the_newest_until_a_renewal_was_sent_of_which_nobody_who_acknowledged_it_knows_a_newer_one() {
        assertThat(keeper.newestUntilNanos(ballot(1))).isEqualTo(LeaseKeeper.NEVER);
        long sequence = renew(10);
        keeper.acknowledged(new RenewAck(A1, sequence, acceptor(A), ballot(1), List.of(ABC)));
        assertThat(keeper.newestUntilNanos(ballot(1))).isEqualTo(LeaseKeeper.NEVER);

        keeper.acknowledged(new RenewAck(A1, sequence, acceptor(B), ballot(2), List.of(ABC)));

        assertThat(keeper.newestUntilNanos(ballot(1))).isEqualTo(LeaseKeeper.NEVER);
        assertThat(keeper.newestUntilNanos(ballot(2))).isEqualTo(10);
        assertThat(keeper.newestUntilNanos(ballot(3))).isEqualTo(10);
    }

    @Test
    void the_same_acceptor_twice_counts_once() {
        long sequence = renew(0);
        keeper.acknowledged(ack(sequence, A, ABC));

        assertThat(keeper.acknowledged(ack(sequence, A, ABC))).isFalse();
    }

    @Test
    void acknowledgements_of_different_renewals_do_not_add_up() {
        long first = renew(0);
        long second = renew(RENEW);
        keeper.acknowledged(ack(first, A, ABC));

        assertThat(keeper.acknowledged(ack(second, B, ABC))).isFalse();
    }

    @Test
    void a_late_acknowledgement_of_an_older_renewal_takes_nothing_back() {
        long first = renew(0);
        long second = renew(RENEW);
        keeper.acknowledged(ack(second, A, ABC));
        keeper.acknowledged(ack(second, B, ABC));
        keeper.acknowledged(ack(first, B, ABC));
        keeper.acknowledged(ack(first, C, ABC));

        assertThat(keeper.confirmedNanos()).isEqualTo(RENEW);
    }

    @Test
    void an_acknowledgement_for_another_session_is_ignored() {
        long sequence = renew(0);
        keeper.acknowledged(ack(sequence, A, ABC));

        assertThat(keeper.acknowledged(new RenewAck(B1, sequence, acceptor(B), ballot(1), List.of(ABC))))
                .isFalse();
    }

    @Test
    void a_renewal_needs_a_majority_of_every_set_that_an_acknowledgement_names() {
        // Schedule 7: old {a,b,c}, new {c,d,e}. What c says after the change needs the new set as well.
        NodeId d = NodeId.of("d");
        NodeId e = NodeId.of("e");
        List<AcceptorId> cde = List.of(acceptor(C), acceptor(d), acceptor(e));
        long sequence = renew(0);

        assertThat(keeper.acknowledged(acknowledgement(sequence, C, List.of(ABC, cde))))
                .isFalse();
        assertThat(keeper.acknowledged(ack(sequence, A, ABC))).isFalse();
        assertThat(keeper.acknowledged(ack(sequence, d, cde))).isTrue();
    }

    @Test
    void an_acknowledgement_whose_sets_have_no_majority_is_not_used_and_keeps_nobody_from_counting() {
        // c was removed long ago, together with x and y, and does not know it.
        List<AcceptorId> gone = List.of(acceptor(C), acceptor(NodeId.of("x")), acceptor(NodeId.of("y")));
        long sequence = renew(0);

        assertThat(keeper.acknowledged(ack(sequence, C, gone))).isFalse();
        assertThat(keeper.acknowledged(ack(sequence, A, ABC))).isFalse();
        assertThat(keeper.acknowledged(ack(sequence, B, ABC))).isTrue();
    }

    @Test
    void in_doubt_the_lease_is_over_until_a_renewal_sent_later_is_acknowledged() {
        confirm(0);
        long before = renew(RENEW);
        keeper.doubt(RENEW + 5);

        assertThat(keeper.isValid(RENEW + 6)).isFalse();
        assertThat(keeper.mustStepDown(RENEW + 6))
                .as("doubt alone stops nothing")
                .isFalse();

        keeper.acknowledged(ack(before, A, ABC));
        keeper.acknowledged(ack(before, B, ABC));
        assertThat(keeper.isValid(RENEW + 7)).isFalse();

        confirm(RENEW + 8);
        assertThat(keeper.isValid(RENEW + 9)).isTrue();
    }

    @Test
    void doubt_makes_the_next_renewal_due_at_once() {
        renew(0);
        keeper.doubt(5);

        assertThat(keeper.renewal(5, Ballot.NONE)).isPresent();
    }

    @Test
    void a_renewal_is_due_once_an_interval() {
        renew(0);

        assertThat(keeper.renewal(RENEW - 1, Ballot.NONE)).isEmpty();
        assertThat(keeper.renewal(RENEW, Ballot.NONE)).isPresent();
    }

    private void confirm(long now) {
        long sequence = renew(now);
        keeper.acknowledged(ack(sequence, A, ABC));
        keeper.acknowledged(ack(sequence, B, ABC));
    }

    private long renew(long now) {
        return keeper.renewal(now, Ballot.NONE).orElseThrow().sequence();
    }

    private static RenewAck ack(long sequence, NodeId from, List<AcceptorId> set) {
        return acknowledgement(sequence, from, List.of(set));
    }

    private static RenewAck acknowledgement(long sequence, NodeId from, List<List<AcceptorId>> sets) {
        return new RenewAck(new Incarnation(A, 1), sequence, acceptor(from), ballot(1), sets);
    }
}
