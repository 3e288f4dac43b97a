package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TcpConnectionTest {
    private static final IpAddress VIP = ip("192.0.2.50");
    private static final IpAddress CLIENT = ip("198.51.100.7");

    @Test
    void an_end_that_is_no_host_is_refused() {
        for (String wrong : List.of("0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:192.0.2.1")) {
            assertThat(TcpConnection.of(VIP, 80, ip(wrong), 1)).isEmpty();
            assertThat(TcpConnection.of(ip(wrong), 80, ip("2001:db8::7"), 1)).isEmpty();
        }
        assertThatThrownBy(() -> new TcpConnection(VIP, 80, ip("224.0.0.1"), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one host");
    }

    @Test
    void two_versions_in_one_connection_are_refused() {
        assertThatThrownBy(() -> new TcpConnection(VIP, 80, ip("2001:db8::7"), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("of one version");
    }

    @Test
    void a_port_is_one_to_65535() {
        for (int wrong : List.of(0, -1, 65536)) {
            assertThat(TcpConnection.of(VIP, wrong, CLIENT, 1)).isEmpty();
            assertThat(TcpConnection.of(VIP, 1, CLIENT, wrong)).isEmpty();
        }
        assertThat(TcpConnection.of(VIP, 1, CLIENT, 65535)).isPresent();
    }

    @Test
    void the_order_is_by_version_and_then_from_left_to_right_without_signs() {
        List<TcpConnection> ordered = List.of(
                new TcpConnection(ip("10.0.0.1"), 80, CLIENT, 9),
                new TcpConnection(VIP, 80, ip("198.51.100.6"), 9),
                new TcpConnection(VIP, 80, CLIENT, 8),
                new TcpConnection(VIP, 80, CLIENT, 50000),
                new TcpConnection(VIP, 443, CLIENT, 7),
                new TcpConnection(ip("2001:db8::50"), 80, ip("2001:db8::7"), 1),
                new TcpConnection(ip("2001:db8::50"), 80, ip("2001:db8::8000:0:0:7"), 1),
                new TcpConnection(ip("fd00::50"), 80, ip("2001:db8::7"), 1));
        for (int i = 0; i < ordered.size(); i++) {
            for (int j = 0; j < ordered.size(); j++) {
                assertThat(Integer.signum(ordered.get(i).compareTo(ordered.get(j))))
                        .isEqualTo(Integer.compare(i, j));
            }
        }
    }

    @Test
    void link_local_is_seen_at_either_end() {
        assertThat(new TcpConnection(ip("fe80::1"), 80, ip("2001:db8::7"), 1).isLinkLocal())
                .isTrue();
        assertThat(new TcpConnection(ip("2001:db8::7"), 80, ip("fe80::1"), 1).isLinkLocal())
                .isTrue();
        assertThat(new TcpConnection(ip("2001:db8::7"), 80, ip("2001:db8::8"), 1).isLinkLocal())
                .isFalse();
    }

    @Test
    void it_is_written_as_ss_does() {
        assertThat(new TcpConnection(VIP, 443, CLIENT, 50123)).hasToString("192.0.2.50:443 - 198.51.100.7:50123");
        assertThat(new TcpConnection(ip("2001:db8::50"), 443, ip("2001:db8::7"), 50123))
                .hasToString("[2001:db8::50]:443 - [2001:db8::7]:50123");
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
