package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** What the kernel tells of routes and rules that {@code ip} added, with protocol 213. */
class RouteAndRuleTest {
    /** {@code ip route add default via 192.0.2.1 dev lan0 src 192.0.2.50 table 1213 metric 50}. */
    static final String ROUTE =
            "440000001800000652770c6b1213000002000000fcd500010000000008000f00bd0400000800060032000000"
                    + "08000700c000023208000500c00002010800040003000000";
    /** {@code ip route add 198.51.100.0/24 dev lan0 src 192.0.2.50}. */
    private static final String ON_LINK =
            "3c0000001800000653770c6b1413000002180000fed5fd010000000008000f00fe00000008000100"
                    + "c633640008000700c00002320800040003000000";
    /** {@code ip -6 route add default via 2001:db8::1 dev lan0 src 2001:db8::50 table 213 metric 50}. */
    static final String ROUTE_V6 = "880000001800000654770c6b161300000a000000d5d500010000000008000f00d500000014000700"
            + "20010db80000000000000000000000500800060032000000"
            + "1400050020010db8000000000000000000000001080004000300000024000c000000000000000000000000000000000000000000"
            + "0000000000000000000000000500140000000000";
    /** {@code ip rule add from 192.0.2.50 lookup 1213 priority 2130}. */
    static final String RULE =
            "440000002000000054770c6b1813000002002000fc0000010000000008000f00bd04000008000e00ffffffff"
                    + "05001500d5000000080006005208000008000200c0000232";
    /** {@code ip -6 rule add from 2001:db8::50 lookup 213 priority 2130}. */
    static final String RULE_V6 =
            "500000002000000054770c6b1a1300000a008000d50000010000000008000f00d500000008000e00ffffffff"
                    + "05001500d500000008000600520800001400020020010db8000000000000000000000050";

    private static final IpAddress VIP = ip("192.0.2.50");
    private static final IpAddress VIP6 = ip("2001:db8::50");

    @BeforeEach
    void captured_on_a_little_endian_host() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void routes_are_written_as_the_kernel_writes_them() {
        assertThat(hex(RouteMessage.unicast(
                                ip("0.0.0.0"), 0, Optional.of(ip("192.0.2.1")), 3, Optional.of(VIP), 1213, 50, 213)
                        .encode()))
                .isEqualTo(ROUTE.substring(32));
        assertThat(hex(RouteMessage.unicast(ip("198.51.100.0"), 24, Optional.empty(), 3, Optional.of(VIP), 254, 0, 213)
                        .encode()))
                .isEqualTo(ON_LINK.substring(32));
    }

    @Test
    void routes_are_read() {
        RouteMessage four = RouteMessage.decode(payload(ROUTE));
        assertThat(four.isDefault()).isTrue();
        assertThat(four.protocol()).isEqualTo(213);
        assertThat(four.tableNumber()).isEqualTo(1213);
        assertThat(four.metric()).isEqualTo(50);
        assertThat(four.source()).contains(VIP);
        assertThat(four.gateways(3)).containsExactly(ip("192.0.2.1"));
        RouteMessage six = RouteMessage.decode(payload(ROUTE_V6));
        assertThat(six.tableNumber()).isEqualTo(213);
        assertThat(six.source()).contains(VIP6);
        assertThat(six.gateways(3)).containsExactly(ip("2001:db8::1"));
        assertThat(six.interfaces()).isEqualTo(List.of(3));
        for (String captured : List.of(ROUTE, ON_LINK, ROUTE_V6)) {
            assertThat(hex(RouteMessage.decode(payload(captured)).encode())).isEqualTo(captured.substring(32));
        }
    }

    @Test
    void rules_are_read_and_written_as_the_kernel_has_them() {
        RuleMessage four = RuleMessage.decode(payload(RULE));
        assertThat(four.source()).contains(VIP);
        assertThat(four.tableNumber()).isEqualTo(1213);
        assertThat(four.priority()).isEqualTo(2130);
        assertThat(four.proto()).isEqualTo(213);
        RuleMessage six = RuleMessage.decode(payload(RULE_V6));
        assertThat(six.source()).contains(VIP6);
        assertThat(six.tableNumber()).isEqualTo(213);
        for (String captured : List.of(RULE, RULE_V6)) {
            assertThat(hex(RuleMessage.decode(payload(captured)).encode())).isEqualTo(captured.substring(32));
        }
        // FRA_SUPPRESS_PREFIXLEN is the kernel's own.
        assertThat(hex(RuleMessage.from(VIP, 1213, 2130, 213).encode()))
                .isEqualTo(RULE.substring(32).replace("08000e00ffffffff", ""));
        assertThat(hex(RuleMessage.from(VIP6, 213, 2130, 213).encode()))
                .isEqualTo(RULE_V6.substring(32).replace("08000e00ffffffff", ""));
    }

    @Test
    void a_rule_about_a_network_has_no_address() {
        RuleMessage four = RuleMessage.decode(payload(RULE));
        assertThat(new RuleMessage(2, 0, 24, 0, 254, 1, 0, four.attributes()).source())
                .isEmpty();
        assertThat(new RuleMessage(10, 0, 32, 0, 254, 1, 0, four.attributes()).source())
                .isEmpty();
        assertThat(new RuleMessage(2, 0, 0, 0, 254, 1, 0, List.of()))
                .satisfies(rule -> assertThat(rule.proto()).isZero())
                .satisfies(rule -> assertThat(rule.priority()).isZero())
                .satisfies(rule -> assertThat(rule.tableNumber()).isEqualTo(254));
    }

    @Test
    void what_is_cut_off_is_refused() {
        for (int length = 0; length < 12; length++) {
            byte[] some = Arrays.copyOf(payload(RULE), length);
            assertThatThrownBy(() -> RuleMessage.decode(some))
                    .isInstanceOf(MalformedMessageException.class)
                    .hasMessageContaining("fib_rule_hdr has 12 bytes, not " + length);
        }
        byte[] inside = Arrays.copyOf(payload(RULE), 15);
        assertThatThrownBy(() -> RuleMessage.decode(inside)).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void what_is_asked_for_is_ours_or_of_one_version() {
        assertThat(hex(RouteMessage.dumpRequestOf(2, 213).encode()))
                .isEqualTo("1c0000001a00010300000000000000000200000000d5000000000000");
        assertThat(hex(RuleMessage.dumpRequest(10).encode()))
                .isEqualTo("1c0000002200010300000000000000000a0000000000000000000000");
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static byte[] payload(String message) {
        byte[] bytes = HexFormat.of().parseHex(message);
        return NetlinkMessage.decodeAll(bytes, bytes.length).get(0).payload();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
