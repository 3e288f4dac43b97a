package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Packets computed by another program, from the drawings of RFC 791, 8200 and 9293. */
class TcpSegmentTest {
    @Test
    void a_tickle_over_ipv4_acknowledges_nothing_in_the_name_of_the_address() {
        assertThat(tickle("192.0.2.50", 443, "198.51.100.7", 50123))
                .isEqualTo("45000028000040004006" + "4e63" + "c0000232" + "c6336407" + "01bb" + "c3cb" + "00000000"
                        + "00000000" + "5010" + "04d2" + "f90e" + "0000");
    }

    @Test
    void a_tickle_over_ipv6_has_the_pseudo_header_of_ipv6_in_its_checksum() {
        assertThat(tickle("2001:db8::50", 443, "2001:db8:1::7", 50123))
                .isEqualTo("60000000" + "0014" + "06" + "40" + "20010db8000000000000000000000050"
                        + "20010db8000100000000000000000007" + "01bb" + "c3cb" + "00000000" + "00000000" + "5010"
                        + "04d2" + "89b2" + "0000");
    }

    @Test
    void carries_are_added_until_there_are_none() {
        assertThat(tickle("255.255.255.254", 65535, "223.255.255.255", 65535))
                .isEqualTo("45000028000040004006" + "5ad2" + "fffffffe" + "dfffffff" + "ffffffff" + "00000000"
                        + "00000000" + "5010" + "04d2" + "cb04" + "0000");
    }

    private static String tickle(String local, int localPort, String remote, int remotePort) {
        TcpConnection connection = new TcpConnection(
                IpAddress.parse(local).orElseThrow(),
                localPort,
                IpAddress.parse(remote).orElseThrow(),
                remotePort);
        return HexFormat.of().formatHex(TcpSegment.tickle(connection));
    }
}
