package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LeaseLostException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.Effect.PublishLease;

class LeaseBoardTest {

    private static final long LENGTH = 1000;
    private static final Incarnation FIRST = new Incarnation(NodeId.of("serv1"), 1);
    private static final Incarnation SECOND = new Incarnation(NodeId.of("serv1"), 2);

    private final AtomicLong clock = new AtomicLong(5000);
    private final LeaseBoard board = new LeaseBoard(clock::get, LENGTH);
    private final LeaseBoard.GrantLease lease = board.lease(FIRST, new FencingToken(7));

    @Test
    void holds_from_the_sending_of_the_renewal_to_its_end() {
        board.publish(new PublishLease(Optional.of(FIRST), true, 4500));
        assertThat(lease.isValid()).isTrue();
        assertThat(lease.remaining()).isEqualTo(Duration.ofNanos(500));
        clock.set(5499);
        assertThat(lease.isValid()).isTrue();
        clock.set(5500);
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.remaining()).isEqualTo(Duration.ZERO);
        assertThatThrownBy(lease::assertValid)
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("token 7");
    }

    @Test
    void in_doubt_it_is_invalid_but_its_old_end_stays_readable() {
        board.publish(new PublishLease(Optional.of(FIRST), true, 4500));
        board.publish(new PublishLease(Optional.of(FIRST), false, 0));
        assertThat(lease.isValid()).isFalse();
        assertThat(board.isValid()).isFalse();
        assertThat(lease.confirmedNanos()).isEqualTo(4500);
        board.publish(new PublishLease(Optional.of(FIRST), true, 4900));
        assertThat(lease.isValid()).isTrue();
    }

    @Test
    void never_counts_for_another_incarnation() {
        board.publish(new PublishLease(Optional.of(SECOND), true, 4900));
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.confirmedNanos()).isZero();
    }

    @Test
    void is_over_for_good_once_the_grant_ended() {
        board.publish(new PublishLease(Optional.of(FIRST), true, 4900));
        lease.end();
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.confirmedNanos()).isZero();
        board.publish(new PublishLease(Optional.of(FIRST), true, 4990));
        assertThat(lease.isValid()).isFalse();
    }
}
