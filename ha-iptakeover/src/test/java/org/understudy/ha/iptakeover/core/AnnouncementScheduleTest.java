package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule.Burst;

class AnnouncementScheduleTest {
    private static final long MILLI = 1_000_000;

    @Test
    void announcements_are_repeated_and_missed_ones_count_once() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(100, 1);
        assertThat(schedule.next(100)).isEqualTo(new Burst(0, 1));
        assertThat(schedule.next(100).isEmpty()).isTrue();
        assertThat(schedule.delayNanos(100)).isEqualTo(10 * MILLI);
        assertThat(schedule.next(100 + 10 * MILLI)).isEqualTo(new Burst(0, 1));
        assertThat(schedule.next(100 + 11 * MILLI).isEmpty()).isTrue();
        assertThat(schedule.next(100 + 400 * MILLI)).isEqualTo(new Burst(0, 1));
        assertThat(schedule.delayNanos(100 + 400 * MILLI)).isEqualTo(600 * MILLI);
        assertThat(schedule.next(100 + 6_000 * MILLI)).isEqualTo(new Burst(0, 1));
        assertThat(schedule.delayNanos(100 + 6_000 * MILLI)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void many_addresses_go_out_in_bursts_a_millisecond_apart() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, 250);
        assertThat(schedule.next(0)).isEqualTo(new Burst(0, 100));
        assertThat(schedule.delayNanos(0)).isEqualTo(MILLI);
        assertThat(schedule.next(MILLI - 1).isEmpty()).isTrue();
        assertThat(schedule.next(MILLI)).isEqualTo(new Burst(100, 200));
        // Late by five milliseconds: one burst, and the next a millisecond after it.
        assertThat(schedule.next(7 * MILLI)).isEqualTo(new Burst(200, 250));
        assertThat(schedule.delayNanos(7 * MILLI)).isEqualTo(3 * MILLI);
    }

    @Test
    void every_address_is_in_every_round_and_a_round_that_takes_long_ends_before_the_next() {
        int count = 4096;
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, count);
        List<Integer> sent = new ArrayList<>();
        long now = 0;
        int burstMax = 0;
        while (schedule.delayNanos(now) != Long.MAX_VALUE) {
            now += schedule.delayNanos(now);
            Burst burst = schedule.next(now);
            burstMax = Math.max(burstMax, burst.to() - burst.from());
            for (int i = burst.from(); i < burst.to(); i++) {
                sent.add(i);
            }
        }
        assertThat(burstMax).isEqualTo(AnnouncementSchedule.BURST_MAX);
        assertThat(sent.size() % count).isZero();
        // Rounds of 40 ms: that at 10 ms is missed and counts as begun late.
        assertThat(sent.size() / count).isEqualTo(AnnouncementSchedule.REPEATS.size() + 1);
        for (int i = 0; i < sent.size(); i++) {
            assertThat(sent.get(i)).isEqualTo(i % count);
        }
    }
}
