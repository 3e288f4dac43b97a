package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AnnouncementScheduleTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long REFRESH = AnnouncementSchedule.refreshNanos(AnnouncementSchedule.SWITCH_AGEING);

    @Test
    void the_refresh_is_a_third_of_the_ageing_time_and_once_a_minute_at_least() {
        assertThat(REFRESH).isEqualTo(60 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(30))).isEqualTo(10 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(179))).isEqualTo(179 * SECOND / 3);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(180))).isEqualTo(60 * SECOND);
        assertThat(AnnouncementSchedule.refreshNanos(Duration.ofSeconds(Long.MAX_VALUE)))
                .isEqualTo(60 * SECOND);
        assertThatThrownBy(() -> new AnnouncementSchedule(0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void after_the_burst_it_is_refreshed_for_as_long_as_somebody_asks() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, REFRESH);
        assertThat(schedule.isDue(5 * SECOND)).isTrue();
        assertThat(schedule.delayNanos(5 * SECOND)).isEqualTo(60 * SECOND);
        assertThat(schedule.isDue(65 * SECOND - 1)).isFalse();
        assertThat(schedule.isDue(65 * SECOND)).isTrue();
        assertThat(schedule.isDue(65 * SECOND)).isFalse();
        assertThat(schedule.delayNanos(66 * SECOND)).isEqualTo(59 * SECOND);
        assertThat(schedule.isDue(1_000 * SECOND)).isTrue();
        assertThat(schedule.delayNanos(1_000 * SECOND)).isEqualTo(60 * SECOND);
    }

    @Test
    void a_restart_is_a_new_burst() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0, REFRESH);
        assertThat(schedule.isDue(70 * SECOND)).isTrue();
        schedule.restart(80 * SECOND);
        assertThat(schedule.delayNanos(80 * SECOND)).isEqualTo(10 * MILLI);
        int announcements = 0;
        for (long now = 80 * SECOND; now < 140 * SECOND; now += MILLI) {
            announcements += schedule.isDue(now) ? 1 : 0;
        }
        assertThat(announcements).isEqualTo(AnnouncementSchedule.REPEATS.size());
        assertThat(schedule.isDue(145 * SECOND)).isTrue();
    }

    @Test
    void a_restart_in_the_middle_of_a_burst_begins_it_anew() {
        AnnouncementSchedule schedule = new AnnouncementSchedule(0);
        assertThat(schedule.isDue(2 * SECOND)).isTrue();
        schedule.restart(2 * SECOND);
        assertThat(schedule.isDue(2 * SECOND + 10 * MILLI)).isTrue();
        assertThat(schedule.isDue(7 * SECOND)).isTrue();
        assertThat(schedule.delayNanos(7 * SECOND)).isEqualTo(Long.MAX_VALUE);
    }
}
