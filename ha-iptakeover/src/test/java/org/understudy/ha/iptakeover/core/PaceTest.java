package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
    private final Pace pace = new Pace(100);

    @Test
    void nothing_happens_that_nobody_wants() {
        assertThat(pace.take(1_000)).isFalse();
        assertThat(pace.delayNanos(1_000)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void the_first_time_is_at_once_also_where_the_clock_is_negative() {
        pace.want();
        assertThat(pace.delayNanos(Long.MIN_VALUE)).isZero();
        assertThat(pace.take(Long.MIN_VALUE)).isTrue();
        assertThat(pace.take(Long.MIN_VALUE)).isFalse();
    }

    @Test
    void what_is_wanted_sooner_is_late_and_not_lost() {
        pace.want();
        assertThat(pace.take(1_000)).isTrue();
        pace.want();
        pace.want();
        assertThat(pace.take(1_099)).isFalse();
        assertThat(pace.delayNanos(1_040)).isEqualTo(60);
        assertThat(pace.take(1_100)).isTrue();
        assertThat(pace.delayNanos(1_100)).isEqualTo(Long.MAX_VALUE);
        assertThat(pace.take(9_000)).isFalse();
    }
}
