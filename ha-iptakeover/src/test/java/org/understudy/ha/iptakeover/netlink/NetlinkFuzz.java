package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** What the kernel answers. Attributes nobody knows are passed over, so what is read need not be all that is there. */
public final class NetlinkFuzz {
    /** A refusal with the kernel's own words, as captured. */
    private static final String ACK = "480000000200000309000000a7c111fcefffffff5400000014000506090000000000"
            + "000023000100697076343a204164647265737320616c72656164792061737369676e65640000";

    /** A default route over two gateways, as captured. */
    private static final String MULTIPATH = "500000001800020007000000fb6f000002000000fe0300010000000008000f00fe000000"
            + "08000600c800000024000900100000000300000008000500c0000203100000010300000008000500c0000204";
    /** A stale neighbour, as captured. */
    private static final String NEIGHBOUR = "4c0000001c00220007000000fb6f000002000000030000000400000108000100c0000207"
            + "0a000200020000000007000008000400000000001400030070170000000000000000000000000000";

    private static final List<Consumer<NetlinkMessage>> READERS = List.of(
            NetlinkAck::decode,
            message -> {
                AddressMessage address = AddressMessage.decode(message.payload());
                address.local();
                address.priority();
                address.proto();
                address.label();
                address.isTentative();
                address.validSeconds();
            },
            message -> {
                LinkMessage link = LinkMessage.decode(message.payload());
                link.name();
                link.mac();
                link.hasCarrier();
                link.kind();
                link.alias();
                link.permanentMac();
                link.parentIndex();
                link.masterIndex();
                link.ipv4Setting(LinkChange.ARP_IGNORE);
                link.isIpv6Off();
                link.acceptRouterAdvertisements();
                link.ipv6AddressMode();
                link.carrierLosses();
                link.isMoved();
                LinkMessage.isAboutLink(message);
                link.forwardsV6();
            },
            message -> {
                RouteMessage route = RouteMessage.decode(message.payload());
                route.metric();
                route.gateways(3);
                route.interfaces();
                route.isOnLink(3);
                route.destination();
                route.source();
                route.tableNumber();
            },
            message -> {
                RuleMessage rule = RuleMessage.decode(message.payload());
                rule.source();
                rule.tableNumber();
                rule.priority();
                rule.proto();
            },
            message -> {
                NeighbourMessage neighbour = NeighbourMessage.decode(message.payload());
                neighbour.address();
                neighbour.mac();
                neighbour.usedMillisAgo();
            },
            message -> {
                SockDiagMessage socket = SockDiagMessage.decode(message.payload());
                assertThat(socket.destroyRequest().payload()).endsWith(socket.id());
                socket.connection().ifPresent(c -> assertThat(c.localPort()).isEqualTo(socket.localPort()));
            },
            NfTables::decodeTable,
            NfTables::decodeKeys);

    /** A route with two next hops, as captured. */
    private static final String ROUTE =
            "5000000018000200040000009476000002180000fe0300010000000008000f00fe00000008000100cb00710024000900"
                    + "100000000300000008000500c0000201100000000600000008000500c6336401";

    private NetlinkFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                AddressMessage.floating(3, new Ipv4Address(0xc0000232), 213, 7, AddressMessage.FOREVER)
                        .toMessage(20, 5)
                        .encode(),
                AddressMessage.renewal(3, new Ipv6Address(0x20010db8L << 32, 0x50), 213, 7, 3)
                        .toMessage(20, 0x105)
                        .encode(),
                RouteMessage.dumpRequest(AddressMessage.FAMILY_IPV6, 3).encode(),
                RouteMessage.removeWayToGroups(3).encode(),
                LinkChange.setUpSilent(3).encode(),
                HexFormat.of().parseHex(ACK),
                HexFormat.of().parseHex(MULTIPATH),
                HexFormat.of().parseHex(NEIGHBOUR),
                HexFormat.of().parseHex(SockDiagTest.IPV4),
                HexFormat.of().parseHex(SockDiagTest.MAPPED),
                NfTables.newTable(NfTables.FAMILY_NETDEV, "understudy-192.0.2.50", 6, "understudy tag 1")
                        .encode(),
                NfTables.newElements(NfTables.FAMILY_NETDEV, "t", "held6", List.of(new byte[16], new byte[16]))
                        .get(0)
                        .encode(),
                NfTables.newElement(NfTables.FAMILY_NETDEV, "t", "open", new byte[4], 329)
                        .encode(),
                HexFormat.of().parseHex(ROUTE),
                HexFormat.of().parseHex(RouteAndRuleTest.ROUTE_V6),
                HexFormat.of().parseHex(RouteAndRuleTest.RULE),
                HexFormat.of().parseHex(RouteAndRuleTest.RULE_V6),
                LinkChange.newPrivateMacvlan(3, "us00001267-0050", new MacAddress(0x025e11000050L))
                        .encode(),
                new NetlinkMessage(
                                LinkMessage.NEW,
                                0,
                                1,
                                0,
                                new LinkMessage(
                                                LinkMessage.ETHERNET,
                                                4,
                                                1,
                                                List.of(
                                                        NetlinkAttribute.ofText(20, "understudy tag 1"),
                                                        NetlinkAttribute.ofNested(
                                                                26,
                                                                NetlinkAttribute.ofNested(
                                                                        2,
                                                                        NetlinkAttribute.ofBytes(1, new byte[132])))))
                                        .encode())
                        .encode());
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        List<NetlinkMessage> messages;
        try {
            messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isBetween(0, bytes.length);
            return;
        }
        byte[] again = NetlinkMessage.encodeAll(messages);
        assertThat(NetlinkMessage.decodeAll(again, again.length)).isEqualTo(messages);
        for (NetlinkMessage message : messages) {
            for (Consumer<NetlinkMessage> reader : READERS) {
                try {
                    reader.accept(message);
                } catch (MalformedMessageException refused) {
                    assertThat(refused.offset()).isNotNegative();
                }
            }
        }
    }
}
