package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;
import org.understudy.ha.iptakeover.spi.TcpSessions;

class TickleScheduleTest {
    private static final long MILLI = 1_000_000;
    private static final long START = Long.MAX_VALUE - 5 * MILLI;

    @Test
    void a_burst_is_what_the_port_takes_at_once() {
        assertThat(TickleSchedule.BURST).isEqualTo(TcpSessions.TICKLES_MAX);
    }

    @Test
    void each_is_tickled_once_a_round_in_bursts_with_a_pause() {
        Connections all = connections(150);
        TickleSchedule schedule = new TickleSchedule(all, START);
        List<TcpConnection> told = new ArrayList<>();
        List<Integer> bursts = new ArrayList<>();
        long now = START + 3 * MILLI;
        while (schedule.delayNanos(now) < 500 * MILLI) {
            assertThat(schedule.due(now - 1)).isEmpty();
            List<TcpConnection> burst = schedule.due(now);
            assertThat(schedule.due(now)).isEmpty();
            told.addAll(burst);
            bursts.add(burst.size());
            now += MILLI;
        }
        assertThat(bursts).containsExactly(64, 64, 22);
        assertThat(told).isEqualTo(all.list());
    }

    @Test
    void the_rounds_outlast_the_announcements_and_then_there_is_an_end() {
        TickleSchedule schedule = new TickleSchedule(connections(1), START);
        List<Long> times = new ArrayList<>();
        long now = START;
        while (schedule.delayNanos(now) != Long.MAX_VALUE) {
            now += schedule.delayNanos(now);
            assertThat(schedule.due(now)).hasSize(1);
            times.add((now - START) / MILLI);
        }
        assertThat(times).containsExactly(3L, 600L, 1200L, 3000L, 6000L);
        assertThat(times.get(4) * MILLI)
                .isGreaterThan(AnnouncementSchedule.REPEATS.get(AnnouncementSchedule.REPEATS.size() - 1));
        assertThat(schedule.due(now + 100_000 * MILLI)).isEmpty();
    }

    @Test
    void after_a_stall_there_is_one_burst_at_once_and_no_round_is_made_up_for() {
        TickleSchedule schedule = new TickleSchedule(connections(100), START);
        long late = START + 3500 * MILLI;
        assertThat(schedule.due(late)).hasSize(64);
        assertThat(schedule.due(late)).isEmpty();
        assertThat(schedule.due(late + MILLI)).hasSize(36);
        assertThat(schedule.delayNanos(late + MILLI)).isEqualTo(2499 * MILLI);
        assertThat(schedule.due(START + 6000 * MILLI)).hasSize(64);
        assertThat(schedule.due(START + 6001 * MILLI)).hasSize(36);
        assertThat(schedule.delayNanos(START + 6001 * MILLI)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void nobody_to_tickle_is_the_end_at_once() {
        TickleSchedule schedule = new TickleSchedule(Connections.NONE, START);
        assertThat(schedule.delayNanos(START)).isEqualTo(Long.MAX_VALUE);
        assertThat(schedule.due(START)).isEmpty();
    }

    private static Connections connections(int count) {
        List<TcpConnection> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new TcpConnection(new Ipv4Address(0xc0000232), 80, new Ipv4Address(0xc6336407), 1000 + i));
        }
        return Connections.NONE.next(all);
    }
}
