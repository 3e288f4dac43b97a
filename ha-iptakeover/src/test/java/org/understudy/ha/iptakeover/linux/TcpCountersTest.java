package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TcpCountersTest {

    private static final String NAMES = "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails";

    @Test
    void accepted_connections_are_found_by_the_name_of_their_column() {
        assertThat(LinuxTcpSessions.accepted(
                        List.of("Ip: Forwarding", "Ip: 1", NAMES, "Tcp: 1 200 120000 -1 17 42 3", "Udp: x")))
                .hasValue(42);
    }

    @Test
    void what_cannot_be_read_is_unknown() {
        assertThat(LinuxTcpSessions.accepted(List.of())).isEmpty();
        assertThat(LinuxTcpSessions.accepted(List.of(NAMES))).isEmpty();
        assertThat(LinuxTcpSessions.accepted(List.of(NAMES, "Tcp: 1 200"))).isEmpty();
        assertThat(LinuxTcpSessions.accepted(List.of(NAMES, "Tcp: 1 200 120000 -1 17 x 3")))
                .isEmpty();
        assertThat(LinuxTcpSessions.accepted(List.of("Tcp: a b", "Tcp: 1 2"))).isEmpty();
    }

    @Test
    void this_kernel_says() {
        assertThat(new LinuxTcpSessions().accepted()).isPresent();
    }
}
