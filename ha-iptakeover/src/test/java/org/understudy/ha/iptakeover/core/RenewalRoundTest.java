package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.RenewalRound.Slice;

class RenewalRoundTest {
    private static final long SECOND = 1_000_000_000;

    @Test
    void one_address_is_renewed_once_a_round() {
        RenewalRound round = new RenewalRound(1, SECOND, 0);
        assertThat(round.next(SECOND - 1).isEmpty()).isTrue();
        assertThat(round.next(SECOND)).isEqualTo(new Slice(0, 1));
        assertThat(round.next(SECOND + 1).isEmpty()).isTrue();
        // Ten missed rounds count as one.
        assertThat(round.next(12 * SECOND)).isEqualTo(new Slice(0, 1));
        assertThat(round.next(12 * SECOND + 1).isEmpty()).isTrue();
    }

    @Test
    void many_are_spread_over_the_round_in_slices() {
        int count = 1000;
        long length = 20 * SECOND;
        RenewalRound round = new RenewalRound(count, length, 0);
        int[] renewals = new int[count];
        long step = 47_000_000;
        long last = 0;
        for (long now = step; now <= 3 * length; now += step) {
            Slice slice = round.next(now);
            if (!slice.isEmpty()) {
                assertThat(slice.to() - slice.from()).isEqualTo(RenewalRound.SLICE_MAX);
                assertThat(now - last).isGreaterThan(length / 40 - step);
                last = now;
            }
            for (int i = slice.from(); i < slice.to(); i++) {
                renewals[i]++;
            }
        }
        for (int each : renewals) {
            assertThat(each).isBetween(2, 3);
        }
    }

    @Test
    void slices_are_alike_and_leave_none_out() {
        for (int count = 1; count < 200; count++) {
            RenewalRound round = new RenewalRound(count, SECOND, 0);
            int renewed = 0;
            Slice slice = round.next(SECOND);
            while (!slice.isEmpty()) {
                assertThat(slice.from()).isEqualTo(renewed);
                assertThat(slice.to() - slice.from()).isBetween(Math.min(count, 13), RenewalRound.SLICE_MAX);
                renewed = slice.to();
                slice = round.next(SECOND);
            }
            assertThat(renewed).isEqualTo(count);
        }
    }

    @Test
    void a_long_stall_is_made_up_for_in_slices_and_once() {
        RenewalRound round = new RenewalRound(100, SECOND, 0);
        int renewed = 0;
        Slice slice = round.next(10 * SECOND);
        while (!slice.isEmpty()) {
            assertThat(slice.to() - slice.from()).isLessThanOrEqualTo(RenewalRound.SLICE_MAX);
            renewed += slice.to() - slice.from();
            slice = round.next(10 * SECOND);
        }
        assertThat(renewed).isEqualTo(100);
    }

    @Test
    void years_do_not_overflow() {
        RenewalRound round = new RenewalRound(4096, 82 * SECOND, 0);
        long years = 3 * 365 * 24 * 3600 * SECOND;
        Slice slice = round.next(years);
        assertThat(slice.from()).isBetween(0, 4095);
        assertThat(slice.to() - slice.from()).isBetween(1, RenewalRound.SLICE_MAX);
    }

    @Test
    void the_next_slice_comes_when_it_says() {
        for (int count : new int[] {1, 25, 26, 100, 4096}) {
            RenewalRound round = new RenewalRound(count, 7 * SECOND, 0);
            long now = 0;
            for (int i = 0; i < 1000; i++) {
                long delay = round.delayNanos(now);
                assertThat(delay).isPositive();
                assertThat(round.next(now + delay - 1).isEmpty()).isTrue();
                now += delay;
                assertThat(round.delayNanos(now)).isZero();
                assertThat(round.next(now).isEmpty()).isFalse();
            }
        }
    }
}
