package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Requests that Linux 6.18 on a little-endian host acknowledged, and what it answered. */
class LinkChangeTest {
    private static final MacAddress MAC = new MacAddress(0x025e11000050L);
    private static final String DEFAULT_ROUTE =
            "3400000018000200040000009476000002000000fe0300010000000008000f00fe00000008000500c000020108000400"
                    + "03000000";
    private static final String TWO_NEXT_HOPS =
            "5000000018000200040000009476000002180000fe0300010000000008000f00fe00000008000100cb00710024000900"
                    + "100000000300000008000500c0000201100000000600000008000500c6336401";

    @BeforeAll
    static void the_bytes_are_little_endian() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void makes_a_private_macvlan_without_multicast() {
        assertThat(sent(LinkChange.newPrivateMacvlan(3, "us00001267-0050", MAC), 1))
                .isEqualTo(
                        "640000001000050601000000000000000000000000000000000000000010000008000500030000001400030075733030"
                                + "3030313236372d30303530000a000100025e1100005000001c0012800c0001006d6163766c616e000c00028008000100"
                                + "01000000");
    }

    @Test
    void marks_and_renames() {
        assertThat(sent(LinkChange.setAlias(4, "understudy tag 1267"), 2))
                .isEqualTo(
                        "380000001300050002000000000000000000000004000000000000000000000017001400756e64657273747564792074"
                                + "6167203132363700");
        assertThat(sent(LinkChange.setAlias(4, ""), 9))
                .isEqualTo("240000001300050009000000000000000000000004000000000000000000000004001400");
        assertThat(sent(LinkChange.rename(4, "vip0"), 3))
                .isEqualTo("2c00000013000500030000000000000000000000040000000000000000000000090003007669703000000000");
    }

    @Test
    void sets_what_sysctl_sets() {
        assertThat(sent(LinkChange.setIpv4(4, LinkChange.ARP_IGNORE, 1), 4))
                .isEqualTo(
                        "340000001300050004000000000000000000000004000000000000000000000014001a80100002800c00018008001300"
                                + "01000000");
        assertThat(sent(LinkChange.setIpv6AddressMode(4, LinkChange.NO_ADDRESS_OF_ITS_OWN), 5))
                .isEqualTo(
                        "300000001300050005000000000000000000000004000000000000000000000010001a800c000a800500080001000000");
    }

    @Test
    void changes_the_address_and_the_state() {
        assertThat(sent(LinkChange.setMac(4, new MacAddress(0x025e11000051L)), 6))
                .isEqualTo("2c000000130005000600000000000000000000000400000000000000000000000a000100025e110000510000");
        assertThat(sent(LinkChange.setUp(4, true), 7))
                .isEqualTo("2000000013000500070000000000000000000000040000000100000001000000");
        assertThat(sent(LinkChange.setUp(4, false), 8))
                .isEqualTo("2000000013000500080000000000000000000000040000000000000001000000");
        assertThat(sent(LinkChange.setUpSilent(4), 11))
                .isEqualTo(
                        "280000001300050" + "00b00000000000000000000000400000001000000011000000800" + "0d0001000000");
        assertThat(sent(LinkChange.remove(4), 10))
                .isEqualTo("20000000110005000a0000000000000000000000040000000000000000000000");
    }

    @Test
    void reads_a_macvlan_of_ours_and_writes_it_back() throws IOException {
        NetlinkMessage message = only(captured());
        LinkMessage link = LinkMessage.decode(message.payload());
        assertThat(link.encode()).isEqualTo(message.payload());
        assertThat(link.name()).isEqualTo("vip0");
        assertThat(link.kind()).isEqualTo("macvlan");
        assertThat(link.parentIndex()).isEqualTo(3);
        assertThat(link.masterIndex()).isZero();
        assertThat(link.mac()).contains(MAC);
        assertThat(link.permanentMac()).isEmpty();
        assertThat(link.alias()).isEqualTo("understudy tag 1267 announce=0@lan0");
        assertThat(link.ipv4Setting(LinkChange.ARP_IGNORE)).isEqualTo(1);
        assertThat(link.ipv4Setting(LinkChange.REVERSE_PATH_FILTER)).isEqualTo(2);
        assertThat(link.ipv4Setting(LinkChange.ARP_ANNOUNCE)).isZero();
        assertThat(link.isIpv6Off()).contains(true);
        assertThat(link.ipv6AddressMode()).isZero();
        assertThat(link.acceptRouterAdvertisements()).isEqualTo(1);
    }

    @Test
    void reads_how_ipv6_makes_an_address() {
        NetlinkAttribute six =
                NetlinkAttribute.ofNested(10, NetlinkAttribute.ofByte(8, LinkChange.NO_ADDRESS_OF_ITS_OWN));
        LinkMessage link = new LinkMessage(LinkMessage.ETHERNET, 3, 0, List.of(NetlinkAttribute.ofNested(26, six)));
        assertThat(link.ipv6AddressMode()).isEqualTo(LinkChange.NO_ADDRESS_OF_ITS_OWN);
    }

    @Test
    void a_card_without_those_attributes_has_none_of_it() {
        LinkMessage bare = new LinkMessage(LinkMessage.ETHERNET, 3, 0, List.of());
        assertThat(bare.kind()).isEmpty();
        assertThat(bare.alias()).isEmpty();
        assertThat(bare.parentIndex()).isZero();
        assertThat(bare.ipv4Setting(LinkChange.ARP_IGNORE)).isZero();
        assertThat(bare.isIpv6Off()).isEmpty();
        assertThat(bare.ipv6AddressMode()).isZero();
        assertThat(bare.acceptRouterAdvertisements()).isZero();
    }

    @Test
    void settings_that_are_cut_off_are_refused() {
        NetlinkAttribute inner =
                NetlinkAttribute.ofNested(2, NetlinkAttribute.ofNested(1, NetlinkAttribute.ofInt(1, 0)));
        LinkMessage cut = new LinkMessage(LinkMessage.ETHERNET, 3, 0, List.of(NetlinkAttribute.ofNested(26, inner)));
        assertThatThrownBy(() -> cut.ipv4Setting(LinkChange.ARP_IGNORE)).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void reads_where_routes_lead() {
        RouteMessage route = RouteMessage.decode(only(DEFAULT_ROUTE).payload());
        assertThat(route.family()).isEqualTo(2);
        assertThat(route.isDefault()).isTrue();
        assertThat(route.interfaces()).containsExactly(3);
        RouteMessage two = RouteMessage.decode(only(TWO_NEXT_HOPS).payload());
        assertThat(two.isDefault()).isFalse();
        assertThat(two.interfaces()).containsExactly(3, 6);
        assertThatThrownBy(() -> RouteMessage.decode(new byte[11])).isInstanceOf(MalformedMessageException.class);
        RouteMessage cut = new RouteMessage(
                2,
                0,
                0,
                0,
                0,
                0,
                0,
                1,
                0,
                List.of(NetlinkAttribute.ofBytes(9, Arrays.copyOf(new byte[] {16, 0, 0, 0}, 12))));
        assertThatThrownBy(cut::interfaces).isInstanceOf(MalformedMessageException.class);
    }

    private static String captured() throws IOException {
        try (InputStream in = LinkChangeTest.class.getResourceAsStream("link-vip0.hex")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
    }

    private static NetlinkMessage only(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        List<NetlinkMessage> messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static String sent(NetlinkMessage request, int sequence) {
        return HexFormat.of()
                .formatHex(request.withFlags(NetlinkMessage.REQUEST | NetlinkMessage.ACK)
                        .withSequence(sequence)
                        .encode());
    }
}
