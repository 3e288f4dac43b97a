package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TcpCountersTest {

    private static final String NAMES = "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails";

    @Test
    void accepted_connections_are_found_by_the_name_of_their_column() {
        assertThat(LinuxTcpSessions.accepted(
                        lines("Ip: Forwarding", "Ip: 1", NAMES, "Tcp: 1 200 120000 -1 17 42 3", "Udp: x")))
                .hasValue(42);
    }

    @Test
    void what_cannot_be_read_is_unknown() {
        assertThat(LinuxTcpSessions.accepted(lines())).isEmpty();
        assertThat(LinuxTcpSessions.accepted(lines(NAMES))).isEmpty();
        assertThat(LinuxTcpSessions.accepted(lines(NAMES, "Tcp: 1 200"))).isEmpty();
        assertThat(LinuxTcpSessions.accepted(lines(NAMES, "Tcp: 1 200 120000 -1 17 x 3")))
                .isEmpty();
        assertThat(LinuxTcpSessions.accepted(lines("Tcp: a b", "Tcp: 1 2"))).isEmpty();
    }

    @Test
    void this_kernel_says() {
        LinuxTcpSessions sessions = new LinuxTcpSessions();
        for (int opened = 0; opened < 2; opened++) {
            try (sessions) {
                assertThat(sessions.accepted()).isPresent();
                assertThat(sessions.accepted()).isPresent();
            }
        }
    }

    private static String lines(String... lines) {
        return "Ip: a\n" + String.join("\n", lines) + "\n";
    }
}
