package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;

class GateTimingTest {
    private static final long MILLI = 1_000_000;

    @Test
    void a_lease_of_a_second_leaves_room_for_two_renewals() {
        GateTiming timing = GateTiming.forLease(960 * MILLI);
        assertThat(timing.timeoutMillis()).isEqualTo(329);
        assertThat(timing.freshNanos() / MILLI).isEqualTo(253);
        assertThat(timing.refreshNanos() / MILLI).isEqualTo(109);
    }

    @Test
    void a_lease_too_short_is_refused_with_the_least_that_works() {
        assertThatThrownBy(() -> GateTiming.forLease(150 * MILLI))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("lease = 150 ms: is too short")
                .hasMessageContaining("at least 193 ms");
        assertThat(GateTiming.forLease(193 * MILLI).timeoutMillis()).isEqualTo(60);
        assertThatThrownBy(() -> GateTiming.forLease(0)).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> GateTiming.forLease(-1)).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void times_that_break_the_bound_cannot_be_made() {
        assertThatThrownBy(() -> new GateTiming(400, 200 * MILLI, 50 * MILLI, 1_000 * MILLI))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new GateTiming(400, 180 * MILLI, 50 * MILLI, 1_000 * MILLI).timeoutMillis())
                .isEqualTo(400);
    }

    @Test
    void the_address_itself_outlives_the_gate_by_a_bounded_time() {
        GateTiming second = GateTiming.forLease(960_000_000);
        assertThat(second.validSeconds(1)).isEqualTo(6);
        assertThat(second.renewalNanos(50)).isEqualTo(2_000_000_000);
        GateTiming ten = GateTiming.forLease(9_900_000_000L);
        assertThat(ten.validSeconds(250)).isEqualTo(30);
    }

    @Test
    void no_more_than_twenty_five_addresses_are_renewed_in_a_second() {
        GateTiming second = GateTiming.forLease(960_000_000);
        assertThat(second.validSeconds(51)).isEqualTo(9);
        assertThat(second.validSeconds(4096)).isEqualTo(492);
        for (int addresses : new int[] {1, 50, 51, 1000, 4096}) {
            assertThat(addresses * 1_000_000_000.0 / second.renewalNanos(addresses))
                    .isLessThanOrEqualTo(25);
            assertThat(second.renewalNanos(addresses) + second.lengthNanos())
                    .isLessThan(second.validSeconds(addresses) * 1_000_000_000L);
        }
    }
}
