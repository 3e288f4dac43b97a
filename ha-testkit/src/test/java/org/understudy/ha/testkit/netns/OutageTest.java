package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OutageTest {

    private static Observation between(long begin, long end, Probe... probes) {
        return new Observation(begin, end, List.of(probes), List.of());
    }

    @Test
    void the_gap_is_the_longest_time_between_two_answers() {
        Outage outage = Outage.of(
                between(
                        0,
                        60,
                        new Probe("files", 1, 2, "serv1"),
                        new Probe("files", 3, 0, ""),
                        new Probe("files", 5, 0, ""),
                        new Probe("mail", 10, 11, "serv2"),
                        new Probe("files", 30, 45, "serv2"),
                        new Probe("files", 50, 51, "serv2")),
                "files");
        assertThat(outage).isEqualTo(new Outage(43, 2, List.of("serv1", "serv2")));
    }

    @Test
    void silence_at_the_begin_and_at_the_end_counts() {
        assertThat(Outage.of(between(0, 12, new Probe("files", 9, 10, "serv1")), "files")
                        .gapNanos())
                .isEqualTo(10);
        assertThat(Outage.of(between(0, 30, new Probe("files", 9, 10, "serv1")), "files")
                        .gapNanos())
                .isEqualTo(20);
        assertThat(Outage.of(between(5, 30), "files")).isEqualTo(new Outage(25, 0, List.of()));
    }

    @Test
    void answers_count_when_they_arrive_not_in_the_order_of_the_requests() {
        assertThat(Outage.of(
                                between(0, 11, new Probe("files", 1, 10, "serv1"), new Probe("files", 2, 5, "serv1")),
                                "files")
                        .gapNanos())
                .isEqualTo(5);
    }

    @Test
    void the_server_is_named_only_by_a_complete_answer() {
        assertThat(Prober.server("HTTP/1.0 200 OK\r\n\r\nfiles served by serv1#1 tok"))
                .isEmpty();
        assertThat(Prober.server("HTTP/1.0 200 OK\r\n\r\nfiles served by serv1#1 token 7\n"))
                .isEqualTo("serv1#1 token 7");
        assertThat(Prober.server("HTTP/1.0 503 Busy\r\n\r\n")).isEmpty();
    }
}
