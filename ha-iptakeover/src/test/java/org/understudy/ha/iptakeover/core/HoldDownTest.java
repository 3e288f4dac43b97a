package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HoldDownTest {
    private static final long SECOND = 1_000_000_000L;

    private final HoldDown damper = new HoldDown(2 * SECOND, 7 * SECOND);

    @Test
    void what_was_never_lost_is_not_held() {
        damper.back(0);
        assertThat(damper.isOut(0)).isFalse();
    }

    @Test
    void each_loss_doubles_the_hold_up_to_the_longest() {
        long now = 0;
        for (long expected : new long[] {2, 4, 7, 7}) {
            damper.lost(now);
            assertThat(damper.isOut(now + 1000 * SECOND)).isTrue();
            damper.back(now);
            assertThat(damper.holdNanos()).isEqualTo(expected * SECOND);
            assertThat(damper.isOut(now + expected * SECOND - 1)).isTrue();
            assertThat(damper.isOut(now + expected * SECOND)).isFalse();
            now += expected * SECOND;
        }
        assertThat(damper.losses()).isEqualTo(4);
    }

    @Test
    void a_loss_told_twice_is_one() {
        damper.lost(0);
        damper.lost(1);
        damper.back(2);
        assertThat(damper.holdNanos()).isEqualTo(2 * SECOND);
        assertThat(damper.losses()).isEqualTo(1);
    }

    @Test
    void ten_times_the_longest_without_a_loss_is_forgiven_and_less_is_not() {
        damper.lost(0);
        damper.back(0);
        damper.lost(72 * SECOND - 1);
        assertThat(damper.losses()).isEqualTo(2);
        damper.back(100 * SECOND);
        damper.lost(174 * SECOND);
        assertThat(damper.losses()).isEqualTo(1);
        assertThat(damper.holdNanos()).isEqualTo(2 * SECOND);
    }
}
