package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LeaseLostException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.runtime.LeaseBoard.GrantLease;

@Timeout(30)
class LeaseBoardTest {

    private static final Incarnation HOLDER = new Incarnation(NodeId.of("serv1"), 3);
    private static final long LENGTH = 1_000_000_000L;

    private final AtomicLong clock = new AtomicLong(5_000_000_000L);
    private final LeaseBoard board = new LeaseBoard(clock::get, LENGTH);
    private final GrantLease lease = board.lease(HOLDER, new FencingToken(7));

    @Test
    void a_confirmed_lease_is_valid_for_its_length_since_the_confirmed_renewal_was_sent() {
        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        assertThat(lease.isValid()).isTrue();
        assertThat(lease.remaining()).isEqualTo(Duration.ofNanos(LENGTH));
        clock.addAndGet(LENGTH - 1);
        assertThat(lease.isValid()).isTrue();
        clock.addAndGet(1);
        assertThat(lease.isValid()).isFalse();
    }

    @Test
    void in_doubt_a_lease_is_neither_valid_nor_over() {
        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        board.publish(new PublishLease(Optional.of(HOLDER), false, 0));
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.isOver()).isFalse();
        assertThatThrownBy(lease::assertValid)
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("in doubt");

        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        assertThatCode(lease::assertValid).doesNotThrowAnyException();
    }

    @Test
    void a_lease_that_ended_or_whose_session_ended_is_over_for_good() {
        GrantLease ended = board.lease(HOLDER, new FencingToken(8));
        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        ended.end();
        assertThat(ended.isOver()).isTrue();
        assertThat(ended.isValid()).isFalse();
        assertThat(lease.isOver()).isFalse();

        board.publish(new PublishLease(Optional.of(new Incarnation(NodeId.of("serv1"), 4)), true, clock.get()));
        assertThat(lease.isOver()).isTrue();
        assertThat(lease.isValid()).isFalse();
        assertThatThrownBy(lease::assertValid).hasMessageContaining("is over");
    }

    @Test
    void a_batch_is_begun_only_if_the_lease_lasts_as_long() {
        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        clock.addAndGet(LENGTH / 2);
        assertThatCode(() -> lease.assertValid(Duration.ofMillis(500))).doesNotThrowAnyException();
        assertThatThrownBy(() -> lease.assertValid(Duration.ofMillis(501)))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("500 ms");
    }

    @Test
    void waiting_ends_with_validity_with_the_end_of_the_lease_with_the_limit_and_with_an_interrupt() throws Exception {
        board.publish(new PublishLease(Optional.of(HOLDER), false, 0));
        assertThat(lease.awaitValid(Duration.ZERO)).isFalse();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> lease.awaitValid(Duration.ofHours(1))).isInstanceOf(InterruptedException.class);
        board.publish(new PublishLease(Optional.of(HOLDER), true, clock.get()));
        assertThat(lease.awaitValid(Duration.ofHours(1))).isTrue();
        lease.end();
        assertThat(lease.awaitValid(Duration.ofHours(1))).isFalse();
    }
}
