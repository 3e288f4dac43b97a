package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule.Burst;

class AnnouncementScheduleTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long REFRESH = AnnouncementSchedule.refreshNanos(AnnouncementSchedule.SWITCH_AGEING);

    private static boolean isDue(AnnouncementSchedule schedule, long now) {
        return !schedule.next(now).isEmpty();
    }

    @Test
    void the_refresh_is_a_third_of_the_ageing_time_and_once_a_minute_at_least() {
        assertThat(REFRESH).isEqualTo(60 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(30))).isEqualTo(10 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(179))).isEqualTo(179 * SECOND / 3);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(180))).isEqualTo(60 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(Long.MAX_VALUE)))
                .isEqualTo(60 * SECOND);
        assertThatThrownBy(() -> new AnnouncementSchedule(0, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void after_the_first_rounds_it_is_refreshed_for_as_long_as_somebody_asks() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, 1, REFRESH);
        assertThat(isDue(schedule, 0)).isTrue();
        assertThat(isDue(schedule, 5 * SECOND)).isTrue();
        assertThat(schedule.delayNanos(5 * SECOND)).isEqualTo(60 * SECOND);
        assertThat(isDue(schedule, 65 * SECOND - 1)).isFalse();
        assertThat(isDue(schedule, 65 * SECOND)).isTrue();
        assertThat(isDue(schedule, 65 * SECOND)).isFalse();
        assertThat(schedule.delayNanos(66 * SECOND)).isEqualTo(59 * SECOND);
        assertThat(isDue(schedule, 1_000 * SECOND)).isTrue();
        assertThat(schedule.delayNanos(1_000 * SECOND)).isEqualTo(60 * SECOND);
    }

    @Test
    void a_refresh_of_many_addresses_goes_out_in_bursts_too() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, 150, REFRESH);
        long now = 0;
        while (now < 10 * SECOND) {
            now += Math.max(1, schedule.delayNanos(now));
            schedule.next(now);
        }
        assertThat(now).isEqualTo(65 * SECOND);
        assertThat(schedule.next(now + MILLI)).isEqualTo(new Burst(100, 150));
        assertThat(schedule.delayNanos(now + MILLI)).isEqualTo(60 * SECOND - MILLI);
    }

    @Test
    void a_restart_begins_the_rounds_anew_also_in_the_middle_of_one() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, 150, REFRESH);
        assertThat(schedule.next(0)).isEqualTo(new Burst(0, 100));
        schedule.restart(80 * SECOND);
        assertThat(schedule.next(80 * SECOND)).isEqualTo(new Burst(0, 100));
        assertThat(schedule.next(80 * SECOND + MILLI)).isEqualTo(new Burst(100, 150));
        int rounds = 0;
        for (long now = 80 * SECOND + 2 * MILLI; now < 140 * SECOND; now += MILLI) {
            rounds += schedule.next(now).from() == 100 ? 1 : 0;
        }
        assertThat(rounds).isEqualTo(AnnouncementSchedule.REPEATS.size());
        assertThat(isDue(schedule, 146 * SECOND)).isTrue();
    }

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

    @Test
    void once_is_one_round_without_those_after_it() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, 250, 60_000 * MILLI);
        long now = 0;
        while (schedule.delayNanos(now) < 10_000 * MILLI) {
            now += schedule.delayNanos(now);
            schedule.next(now);
        }
        now += 7_000 * MILLI;
        schedule.once(now);
        assertThat(schedule.next(now)).isEqualTo(new Burst(0, 100));
        schedule.once(now);
        assertThat(schedule.next(now + MILLI)).as("under way").isEqualTo(new Burst(100, 200));
        assertThat(schedule.next(now + 2 * MILLI)).isEqualTo(new Burst(200, 250));
        assertThat(schedule.delayNanos(now + 2 * MILLI)).as("a refresh").isEqualTo(59_998 * MILLI);
    }
}
