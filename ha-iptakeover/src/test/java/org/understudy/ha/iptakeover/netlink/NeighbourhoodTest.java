package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Routes and neighbours, bytes captured from Linux 6.18 on a little-endian host. */
class NeighbourhoodTest {
    private static final int LAN = 3;
    private static final String PLAIN =
            "3c0000001800020007000000fb6f000002000000fe0300010000000008000f00fe0000000800060064"
                    + "00000008000500c00002010800040003000000";
    private static final String MULTIPATH = "500000001800020007000000fb6f000002000000fe0300010000000008000f00fe000000"
            + "08000600c800000024000900100000000300000008000500c0000203100000010300000008000500c0000204";
    private static final String VIA_IPV6 =
            "4c0000001800020007000000f977000002000000fe0300010000000008000f00fe00000008000600"
                    + "2c010000160012000a00fe80000000000000000000000000000100000800040003000000";
    private static final String OF_THE_SUBNET =
            "3c0000001800020007000000fb6f000002180000fe02fd010000000008000f00fe000000"
                    + "08000100c000020008000700c00002020800040003000000";
    private static final String IPV6 =
            "740000001800020007000000fb6f00000a000000fe0300010000000008000f00fe0000000800060000"
                    + "04000014000500fe800000000000000000000000000009080004000300000024000c00000000000000000000000000000000000000"
                    + "00000000000000000000000000000500140000000000";
    private static final String REACHABLE = "4c0000001c00220007000000fb6f000002000000030000000200000108000100c0000201"
            + "0a000200020000000001000008000400000000001400030000000000000000000000000001000000";
    private static final String ROUTER =
            "580000001c00220007000000fb6f00000a00000003000000040080011400010020010db800000000"
                    + "00000000000000070a000200020000000007000008000400000000001400030070170000000000000000000000000000";

    @BeforeAll
    static void the_bytes_are_little_endian() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void requests_as_the_kernel_took_them() {
        assertThat(hex(RouteMessage.dumpRequest(2).withSequence(7)))
                .isEqualTo("1c0000001a0001030700000000000000020000000000000000000000");
        assertThat(hex(NeighbourMessage.dumpRequest(10, LAN).withSequence(7)))
                .isEqualTo("240000001e00010307000000000000000a00000000000000000000000800080003000000");
    }

    @Test
    void a_default_route_names_its_gateway_on_its_interface() {
        RouteMessage route = route(PLAIN);
        assertThat(route.isDefault()).isTrue();
        assertThat(route.metric()).isEqualTo(100);
        assertThat(route.gateways(LAN)).containsExactly(ip("192.0.2.1"));
        assertThat(route.gateways(4)).isEmpty();
    }

    @Test
    void a_default_route_over_several_gateways_names_them_all() {
        RouteMessage route = route(MULTIPATH);
        assertThat(route.isDefault()).isTrue();
        assertThat(route.gateways(LAN)).containsExactly(ip("192.0.2.3"), ip("192.0.2.4"));
        assertThat(route.gateways(4)).isEmpty();
    }

    @Test
    void a_gateway_of_the_other_version_is_one() {
        assertThat(route(VIA_IPV6).gateways(LAN)).containsExactly(ip("fe80::1"));
        RouteMessage v6 = route(IPV6);
        assertThat(v6.isDefault()).isTrue();
        assertThat(v6.metric()).isEqualTo(1024);
        assertThat(v6.gateways(LAN)).containsExactly(ip("fe80::9"));
    }

    @Test
    void the_route_of_a_subnet_is_no_default_and_has_no_gateway() {
        assertThat(route(OF_THE_SUBNET).isDefault()).isFalse();
        assertThat(route(OF_THE_SUBNET).gateways(LAN)).isEmpty();
    }

    @Test
    void a_neighbour_with_its_hardware_address_and_age() {
        NeighbourMessage reachable = neighbour(REACHABLE);
        assertThat(reachable.address()).contains(ip("192.0.2.1"));
        assertThat(reachable.mac()).contains(new MacAddress(0x020000000001L));
        assertThat(reachable.interfaceIndex()).isEqualTo(LAN);
        assertThat(reachable.state()).isEqualTo(NeighbourMessage.REACHABLE);
        assertThat(reachable.isRecent()).isTrue();
        assertThat(reachable.isRouter()).isFalse();
        assertThat(reachable.usedMillisAgo()).contains(0L);
        NeighbourMessage router = neighbour(ROUTER);
        assertThat(router.address()).contains(ip("2001:db8::7"));
        assertThat(router.state()).isEqualTo(NeighbourMessage.STALE);
        assertThat(router.isRouter()).isTrue();
    }

    @Test
    void the_time_of_use_is_the_second_of_the_cache_information() {
        byte[] cache = HexFormat.of().parseHex("01000000" + "2c010000" + "03000000" + "04000000");
        NeighbourMessage used = new NeighbourMessage(2, LAN, 4, 0, 1, List.of(NetlinkAttribute.ofBytes(3, cache)));
        assertThat(used.usedMillisAgo()).contains(3000L);
        assertThat(used.address()).isEmpty();
        assertThat(used.mac()).isEmpty();
    }

    @Test
    void a_failed_or_permanent_entry_is_not_recent() {
        assertThat(new NeighbourMessage(2, LAN, 0x20, 0, 1, List.of()).isRecent())
                .isFalse();
        assertThat(new NeighbourMessage(2, LAN, 0x80, 0, 1, List.of()).isRecent())
                .isFalse();
        assertThat(new NeighbourMessage(2, LAN, 0x01, 0, 1, List.of()).isRecent())
                .isFalse();
    }

    @Test
    void what_was_read_is_written_back() {
        for (String route : List.of(PLAIN, MULTIPATH, VIA_IPV6, OF_THE_SUBNET, IPV6)) {
            assertThat(route(route).encode()).isEqualTo(only(route).payload());
        }
        for (String neighbour : List.of(REACHABLE, ROUTER)) {
            assertThat(neighbour(neighbour).encode()).isEqualTo(only(neighbour).payload());
        }
    }

    @Test
    void every_truncation_is_refused_or_cut_between_attributes() {
        byte[] route = only(MULTIPATH).payload();
        for (int length = 0; length < route.length; length++) {
            byte[] cut = Arrays.copyOf(route, length);
            boolean isBetween = length == 12 || length == 20 || length == 28;
            if (isBetween) {
                assertThat(RouteMessage.decode(cut).gateways(LAN)).isEmpty();
            } else {
                assertThatThrownBy(() -> RouteMessage.decode(cut)).isInstanceOf(MalformedMessageException.class);
            }
        }
        byte[] hops = HexFormat.of().parseHex("10000000" + "03000000" + "08000500" + "c0000203");
        for (int length = 1; length < hops.length; length++) {
            NetlinkAttribute cut = NetlinkAttribute.ofBytes(9, Arrays.copyOf(hops, length));
            RouteMessage broken = new RouteMessage(2, 0, 0, 0, 254, 3, 0, 1, 0, List.of(cut));
            assertThatThrownBy(() -> broken.gateways(LAN)).isInstanceOf(MalformedMessageException.class);
        }
        byte[] neighbour = only(REACHABLE).payload();
        for (int length = 0; length < 12; length++) {
            byte[] cut = Arrays.copyOf(neighbour, length);
            assertThatThrownBy(() -> NeighbourMessage.decode(cut)).isInstanceOf(MalformedMessageException.class);
        }
    }

    private static RouteMessage route(String hex) {
        return RouteMessage.decode(only(hex).payload());
    }

    private static NeighbourMessage neighbour(String hex) {
        return NeighbourMessage.decode(only(hex).payload());
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static NetlinkMessage only(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        List<NetlinkMessage> messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static String hex(NetlinkMessage message) {
        return HexFormat.of().formatHex(message.encode());
    }
}
