package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;

/** Bytes captured from Linux 6.18 on a little-endian host. */
class NetlinkTest {
    private static final IpAddress VIP = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final IpAddress VIP6 = IpAddress.parse("2001:db8::50").orElseThrow();
    private static final String OUR_ADDRESS = "600000001400020001000000a7c111fc0220a0000300000008000100c000023208000200"
            + "c0000232090003006c616e300000000005000b00d500000008000800a0020000080009007856341214000600ffffffffffffffff"
            + "b5170400b5170400";

    @BeforeAll
    static void the_bytes_are_little_endian() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void reads_an_address_of_ours() {
        NetlinkMessage message = only(OUR_ADDRESS);
        assertThat(message.type()).isEqualTo(AddressMessage.NEW);
        assertThat(message.flags()).isEqualTo(NetlinkMessage.MULTI);
        AddressMessage address = AddressMessage.decode(message.payload());
        assertThat(address.local()).contains(VIP);
        assertThat(address.prefixLength()).isEqualTo(32);
        assertThat(address.interfaceIndex()).isEqualTo(3);
        assertThat(address.proto()).isEqualTo(213);
        assertThat(address.priority()).isEqualTo(0x12345678);
        assertThat(address.label()).isEqualTo("lan0");
        assertThat(address.allFlags() & AddressMessage.NO_PREFIX_ROUTE).isNotZero();
    }

    @Test
    void writes_back_what_it_read_with_unknown_attributes_verbatim() {
        NetlinkMessage message = only(OUR_ADDRESS);
        NetlinkMessage again = AddressMessage.decode(message.payload())
                .toMessage(message.type(), message.flags())
                .withSequence(message.sequence());
        assertThat(again.payload()).isEqualTo(message.payload());
        assertThat(hex(message.encode())).isEqualTo(OUR_ADDRESS);
    }

    @Test
    void reads_an_address_of_the_administrator() {
        AddressMessage address = AddressMessage.decode(only("580000001400020001000000a7c111fc02188000030000000800"
                        + "0100c000020208000200c000020208000400c00002ff090003006c616e3000000000080008008000000014000600"
                        + "ffffffffffffffffa6170400a6170400")
                .payload());
        assertThat(address.local()).hasToString("Optional[192.0.2.2]");
        assertThat(address.prefixLength()).isEqualTo(24);
        assertThat(address.proto()).isZero();
        assertThat(address.priority()).isZero();
    }

    @Test
    void asks_for_the_address_as_the_kernel_took_it() {
        assertThat(hex(AddressMessage.floating(3, VIP, 213, 0x12345678, AddressMessage.FOREVER)
                        .toMessage(AddressMessage.NEW, 0x605)
                        .withSequence(7)
                        .encode()))
                .isEqualTo(
                        "54000000140005060700000000000000022000000300000008000200c000023208000100c0000232080008000002"
                                + "00001400060000000000ffffffff0000000000000000080009007856341205000b00d5000000");
    }

    /** From {@code ip -6 addr}, for the address that the request below made. */
    private static final String OUR_ADDRESS_V6 =
            "580000001400000007000000ac7900000a802200030000001400010020010db80000000000000000"
                    + "000000500800090067120000140006000000000"
                    + "01e000000fa950200fa950200080008002206000005000b00d5000000";

    @Test
    void reads_an_ipv6_address_of_ours_after_a_renewal() {
        NetlinkMessage message = only(OUR_ADDRESS_V6);
        AddressMessage address = AddressMessage.decode(message.payload());
        assertThat(address.family()).isEqualTo(AddressMessage.FAMILY_IPV6);
        assertThat(address.local()).contains(VIP6);
        assertThat(address.prefixLength()).isEqualTo(128);
        assertThat(address.interfaceIndex()).isEqualTo(3);
        assertThat(address.proto()).isEqualTo(213);
        assertThat(address.priority()).isEqualTo(4711);
        assertThat(address.allFlags() & AddressMessage.NO_DUPLICATE_DETECTION).isNotZero();
        assertThat(address.allFlags() & AddressMessage.NO_PREFIX_ROUTE).isNotZero();
        assertThat(address.toMessage(message.type(), message.flags()).payload()).isEqualTo(message.payload());
    }

    @Test
    void tells_an_address_that_may_be_anothers() {
        // From `ip -6 addr`, right after `ip addr add 2001:db8::3/64 dev ve0`.
        AddressMessage tentative = AddressMessage.decode(
                only("480000001400020001000000083700000a40c000030000001400010020010db8000000000000"
                                + "00000000000314000600ffffffffffffffff141f1400141f140008000800c0000000")
                        .payload());
        assertThat(tentative.local()).contains(IpAddress.parse("2001:db8::3").orElseThrow());
        assertThat(tentative.isTentative()).isTrue();
        assertThat(new AddressMessage(10, 64, 0x88, 0, 3, List.of()).isTentative())
                .as("permanent, and another host has it")
                .isTrue();
        assertThat(AddressMessage.decode(only(OUR_ADDRESS_V6).payload()).isTentative())
                .isFalse();
    }

    @Test
    void asks_for_an_ipv6_address_and_its_renewal_as_the_kernel_took_them() {
        assertThat(hex(AddressMessage.floating(3, VIP6, 213, 4711, 3)
                        .toMessage(AddressMessage.NEW, 0x605)
                        .withSequence(1)
                        .encode()))
                .isEqualTo("58000000140005060100000000000000" + "0a80000003000000"
                        + "1400010020010db8000000000000000000000050"
                        + "0800080002020000" + "1400060000000000030000000000000000000000" + "0800090067120000"
                        + "05000b00d5000000");
        assertThat(hex(AddressMessage.renewal(3, VIP6, 213, 4711, 3)
                        .toMessage(AddressMessage.NEW, 0x105)
                        .withSequence(1)
                        .encode()))
                .isEqualTo("58000000140005010100000000000000" + "0a80000003000000"
                        + "1400010020010db8000000000000000000000050"
                        + "0800080002060000" + "1400060000000000030000000000000000000000" + "0800090067120000"
                        + "05000b00d5000000");
        assertThat(hex(AddressMessage.exactly(3, VIP6)
                        .toMessage(AddressMessage.DELETE, 5)
                        .withSequence(1)
                        .encode()))
                .isEqualTo("2c000000150005000100000000000000" + "0a80000003000000"
                        + "1400010020010db8000000000000000000000050");
    }

    @Test
    void many_requests_are_what_each_would_be() {
        List<IpAddress> mixed =
                List.of(VIP, VIP6, new Ipv4Address(0x0a070001), new Ipv6Address(0xfd00L << 48, 7), new Ipv4Address(-2));
        List<NetlinkMessage> added = AddressMessage.requests(
                mixed, AddressMessage.NEW, 0x601, address -> AddressMessage.floating(3, address, 213, 4711, 3));
        List<NetlinkMessage> removed =
                AddressMessage.requests(mixed, AddressMessage.DELETE, 1, address -> AddressMessage.exactly(3, address));
        for (int i = 0; i < mixed.size(); i++) {
            assertThat(added.get(i))
                    .isEqualTo(AddressMessage.floating(3, mixed.get(i), 213, 4711, 3)
                            .toMessage(AddressMessage.NEW, 0x601));
            assertThat(removed.get(i))
                    .isEqualTo(AddressMessage.exactly(3, mixed.get(i)).toMessage(AddressMessage.DELETE, 1));
        }
    }

    @Test
    void a_batch_is_numbered_and_asks_for_one_acknowledgement() {
        NetlinkMessage one = new NetlinkMessage(20, 1, 0, 0, new byte[5]);
        byte[] bytes = NetlinkMessage.encodeAll(List.of(one, one, one), 7, NetlinkMessage.ACK);
        assertThat(NetlinkMessage.decodeAll(bytes, bytes.length))
                .containsExactly(
                        one.withSequence(7),
                        one.withSequence(8),
                        one.withSequence(9).withFlags(NetlinkMessage.ACK));
    }

    @Test
    void an_address_that_does_not_fit_its_family_is_none() {
        byte[] four = AddressMessage.exactly(3, VIP).toMessage(20, 0).payload();
        four[0] = AddressMessage.FAMILY_IPV6;
        assertThat(AddressMessage.decode(four).local()).isEmpty();
        four[0] = 7;
        assertThat(AddressMessage.decode(four).local()).isEmpty();
    }

    @Test
    void asks_for_the_routes_of_one_interface() {
        assertThat(hex(RouteMessage.dumpRequest(AddressMessage.FAMILY_IPV4, 3)
                        .withSequence(7)
                        .encode()))
                .isEqualTo("240000001a0001030700000000000000" + "02000000fe00000000000000" + "0800040003000000");
    }

    @Test
    void takes_the_way_to_all_groups_away() {
        assertThat(hex(RouteMessage.removeWayToGroups(4)
                        .withFlags(NetlinkMessage.REQUEST | NetlinkMessage.ACK)
                        .withSequence(7)
                        .encode()))
                .isEqualTo("38000000190005000700000000000000" + "0a080000ff00000500000000"
                        + "14000100ff000000000000000000000000000000" + "0800040004000000");
    }

    @Test
    void knows_the_routes_that_lead_to_the_link() {
        RouteMessage connected = route("3c00000018002200070000004ecdc9dd02180000fe02fd010000000008000f00fe000000080001"
                + "00c000020008000700c00002020800040003000000");
        assertThat(connected.isOnLink(3)).isTrue();
        assertThat(connected.isOnLink(4)).isFalse();
        assertThat(connected.destination()).hasToString("Optional[192.0.2.0]");
        assertThat(connected.destinationLength()).isEqualTo(24);
        RouteMessage byRouter = route("3400000018002200070000004ecdc9dd02000000fe0300010000000008000f00fe000000080005"
                + "00c00002010800040003000000");
        assertThat(byRouter.isOnLink(3)).isFalse();
        assertThat(byRouter.destination()).hasToString("Optional[0.0.0.0]");
        RouteMessage six = route("7400000018002200070000004ecdc9dd0a400000fe0300010000000008000f00fe00000014000100"
                + "20010db80001000000000000000000000800060000040000080004000300000024000c00000000000000000000000000000000"
                + "00000000000000000000000000000000000500140000000000");
        assertThat(six.isOnLink(3)).isTrue();
        assertThat(six.destination()).hasToString("Optional[2001:db8:1::]");
        RouteMessage sixByRouter =
                route("7400000018002200070000004ecdc9dd0a000000fe0300010000000008000f00fe00000008000600"
                        + "000400001400050020010db8000000000000000000000001080004000300000024000c000000000000000000000000000000"
                        + "0000000000000000000000000000000000000500140000000000");
        assertThat(sixByRouter.isOnLink(3)).isFalse();
        assertThat(sixByRouter.destination()).hasToString("Optional[::]");
    }

    private static RouteMessage route(String hex) {
        NetlinkMessage message = only(hex);
        assertThat(message.type()).isEqualTo(RouteMessage.NEW);
        return RouteMessage.decode(message.payload());
    }

    @Test
    void reads_a_link_and_writes_it_back() throws IOException {
        NetlinkMessage message = only(captured("link-lan0.hex"));
        assertThat(message.type()).isEqualTo(LinkMessage.NEW);
        LinkMessage link = LinkMessage.decode(message.payload());
        assertThat(link.encode()).isEqualTo(message.payload());
        assertThat(link.name()).isEqualTo("lan0");
        assertThat(link.index()).isEqualTo(3);
        assertThat(link.mac()).contains(new MacAddress(0x020000000002L));
        assertThat(link.isUp()).isTrue();
        assertThat(link.hasCarrier()).isTrue();
        assertThat(link.speaksArp()).isTrue();
        assertThat(link.isLoopback()).isFalse();
        assertThat(link.forwardsV6()).isFalse();
        assertThat(link.carrierLosses()).isEqualTo(1);
        assertThat(link.isMoved()).isFalse();
        assertThat(LinkMessage.isAboutLink(message)).isTrue();
    }

    /** As the kernel told of other features, IFLA_EVENT_FEATURES; then the same with the number of what it tells of bonds. */
    @Test
    void reads_why_the_kernel_tells_of_a_link() throws IOException {
        String captured = captured("link-br0-event.hex");
        LinkMessage features = LinkMessage.decode(only(captured).payload());
        assertThat(features.encode()).isEqualTo(only(captured).payload());
        assertThat(features.name()).isEqualTo("br0");
        assertThat(captured).containsOnlyOnce("08002c0002000000");
        for (int event = 0; event < 8; event++) {
            String hex = captured.replace("08002c0002000000", "08002c000" + event + "000000");
            assertThat(LinkMessage.decode(only(hex).payload()).isMoved())
                    .as("event %d", event)
                    .isEqualTo(event >= 3 && event <= 5);
        }
        LinkMessage cut = new LinkMessage(1, 3, 0, List.of(NetlinkAttribute.ofBytes(44, new byte[3])));
        assertThatThrownBy(cut::isMoved).isInstanceOf(MalformedMessageException.class);
    }

    private static String captured(String resource) throws IOException {
        try (InputStream in = NetlinkTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
    }

    @Test
    void a_port_of_a_bridge_is_not_the_link_itself() {
        byte[] payload = new LinkMessage(1, 3, 0, List.of()).encode();
        assertThat(LinkMessage.isAboutLink(new NetlinkMessage(LinkMessage.DELETE, 0, 0, 0, payload)))
                .isTrue();
        payload[0] = 7; // AF_BRIDGE
        assertThat(LinkMessage.isAboutLink(new NetlinkMessage(LinkMessage.DELETE, 0, 0, 0, payload)))
                .isFalse();
        assertThat(LinkMessage.isAboutLink(new NetlinkMessage(LinkMessage.NEW, 0, 0, 0, new byte[0])))
                .isFalse();
        assertThat(LinkMessage.isAboutLink(only(OUR_ADDRESS))).isFalse();
    }

    @Test
    void reads_a_refusal_in_the_kernels_words() {
        NetlinkAck ack = NetlinkAck.decode(only("480000000200000309000000a7c111fcefffffff5400000014000506090000000000"
                + "000023000100697076343a204164647265737320616c72656164792061737369676e65640000"));
        assertThat(ack).isEqualTo(new NetlinkAck(17, 9, "ipv4: Address already assigned"));
        assertThat(ack.isDone()).isFalse();
    }

    @Test
    void reads_an_acknowledgement() {
        assertThat(NetlinkAck.decode(only("24000000020000010a000000a7c111fc0000000028000000150005000a00000000000000")))
                .isEqualTo(new NetlinkAck(0, 10, ""));
    }

    @Test
    void reads_a_gates_table_and_its_comment() {
        NetlinkMessage message =
                only("70000000000a020001000000ad5813df050000041a000100756e64657273747564792d3139322e302e"
                        + "322e353000000008000300000000040c00040000000000000000010800020000000006080007000000457a1a0006000014"
                        + "756e6465727374756479207461672034373131000000");
        assertThat(NfTables.decodeTable(message))
                .contains(new NfTables.Table(5, "understudy-192.0.2.50", 6, "understudy tag 4711"));
        assertThat(NfTables.decodeTable(only(OUR_ADDRESS))).isEmpty();
    }

    @Test
    void reads_the_elements_of_a_set() {
        List<byte[]> keys =
                NfTables.decodeKeys(only("680000000c0a020002000000ad5813df050000041a000100756e64657273747564"
                        + "792d3139322e302e322e3530000000090002006f70656e000000002c000300280001000c00010008000100c00002320c0004"
                        + "00000000000000ea600c000500000000000000ea60"));
        assertThat(keys).containsExactly(VIP.toBytes());
        assertThat(NfTables.decodeKeys(only("400000000c0a020002000000ad5813df050000041a000100756e64657273747564792d3139"
                        + "322e302e322e3530000000090002006f70656e0000000004000300")))
                .isEmpty();
    }

    @Test
    void writes_the_gates_requests_as_the_kernel_took_them() {
        assertThat(hex(NfTables.batchBegin().encode())).isEqualTo("140000001000010000000000000000000000000a");
        assertThat(hex(NfTables.newElement(NfTables.FAMILY_NETDEV, "t", "open", VIP.toBytes(), 329)
                        .encode()))
                .isEqualTo(
                        "480000000c0a01040000000000000000050000000600010074000000090002006f70656e00000000200003801c00"
                                + "01800c00018008000100c00002320c0004000000000000000149");
        assertThat(hex(NfTables.newChain("t", "in", NfTables.HOOK_INGRESS, -400, "lan0")
                        .encode()))
                .isEqualTo(
                        "50000000030a0104000000000000000005000000060001007400000007000300696e0000200004800800010000000"
                                + "00008000200fffffe70090003006c616e30000000000b00070066696c7465720000");
        assertThat(hex(NfTables.drop(
                                NfTables.FAMILY_NETDEV,
                                "t",
                                "in",
                                NfTables.protocol(0x0806),
                                NfTables.carriesOneOf("held", 24, false),
                                NfTables.isAbsent("open", new byte[] {0, 0, 0, 1}))
                        .encode()))
                .isEqualTo(
                        "68010000060a010c000000000000000005000000060001007400000007000200696e00004401048024000180090001006d65"
                                + "74610000000014000280080001000000000108000200000000012c00018008000100636d7000200002800800010000000001"
                                + "08000200000000000c0003800600010008060000340001800c0001007061796c6f6164002400028008000100000000010800"
                                + "02000000000108000300000000180800040000000004300001800b0001006c6f6f6b75700000200002800900010068656c64"
                                + "00000000080002000000000108000500000000002c0001800e000100696d6d65646961746500000018000280080001000000"
                                + "00010c0002800800010000000001300001800b0001006c6f6f6b7570000020000280090001006f70656e0000000008000200"
                                + "000000010800050000000001300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c00"
                                + "02800800010000000000");
        assertThat(hex(NfTables.drop(
                                NfTables.FAMILY_NETDEV,
                                "t",
                                "in",
                                NfTables.isNeighbourMessageAbout(NeighbourMessage.SOLICITATION, "held6"))
                        .encode()))
                .isEqualTo(
                        "6c010000060a010c000000000000000005000000060001007400000007000200696e00004801048024000180090001006d65"
                                + "74610000000014000280080001000000000108000200000000102c00018008000100636d7000200002800800010000000001"
                                + "08000200000000000c000380050001003a000000340001800c0001007061796c6f6164002400028008000100000000010800"
                                + "020000000002080003000000000008000400000000012c00018008000100636d700020000280080001000000000108000200"
                                + "000000000c0003800500010087000000340001800c0001007061796c6f616400240002800800010000000001080002000000"
                                + "000208000300000000080800040000000010300001800b0001006c6f6f6b75700000200002800a00010068656c6436000000"
                                + "08000200000000010800050000000000300001800e000100696d6d6564696174650000001c00028008000100000000001000"
                                + "02800c0002800800010000000000");
        assertThat(hex(NfTables.newAddressSet(NfTables.FAMILY_NETDEV, "t", "held6", 2, true, 40)
                        .encode()))
                .isEqualTo(
                        "54000000090a010400000000000000000500000006000100740000000a00020068656c643600000008000300000000020800"
                                + "040000000008080005000000001008000a00000000020c0009800800010000000028");
        assertThat(hex(NfTables.newElements(NfTables.FAMILY_NETDEV, "t", "held6", List.of(VIP6.toBytes()))
                        .get(0)
                        .encode()))
                .isEqualTo(
                        "480000000c0a010400000000000000000500000006000100740000000a00020068656c6436000000200003801c0001801800"
                                + "01801400010020010db8000000000000000000000050");
    }

    /** As the kernel took them: a rule that asks a program by descriptor 9, one that makes a question of nobody's, and a chain's end. */
    @Test
    void writes_the_requests_of_a_gate_with_a_deadline() {
        String rule = hex(NfTables.drop(NfTables.FAMILY_IPV4, "t", "in", NfTables.programSays(9))
                .encode());
        assertThat(rule)
                .startsWith("90020000060a010c000000000000000002000000060001007400000007000200696e00006c0204803802018"
                        + "00a0001006d6174636800000028020280080001006270660008000200000000011402030002000000"
                        + "09000000000000000000")
                .endsWith("300001800e000100696d6d6564696174650000001c00028008000100000000001000"
                        + "02800c0002800800010000000000");
        assertThat(rule).as("struct xt_bpf_info_v1 has 528 bytes").contains("00".repeat(528 - 8));
        assertThat(hex(NfTables.clear(NfTables.FAMILY_ARP, "t", "out", 14, 4).encode()))
                .isEqualTo(
                        "88000000060a010c0000000000000000030000000600010074000000080002006f757400640004802c0001800e000100"
                                + "696d6d6564696174650000001800028008000100000000010c0002800800010000000000340001800c000100"
                                + "7061796c6f616400240002800800020000000001080003000000000e08000400000000040800050000000001");
        assertThat(hex(NfTables.deleteChain(NfTables.FAMILY_NETDEV, "t", "in").encode()))
                .isEqualTo("24000000050a010000000000000000000500000006000100740000000700030069" + "6e0000");
    }

    @Test
    void writes_what_mutes_an_interface_as_the_kernel_took_it() {
        assertThat(hex(NfTables.drop(
                                NfTables.FAMILY_NETDEV,
                                "t",
                                "out",
                                NfTables.protocol(0x86dd),
                                NfTables.hasHopByHopOptions())
                        .encode()))
                .isEqualTo(
                        "08010000060a010c0000000000000000050000000600010074000000080002006f757400e400048024000180090001006d65"
                                + "74610000000014000280080001000000000108000200000000012c00018008000100636d7000200002800800010000000001"
                                + "08000200000000000c0003800600010086dd0000340001800c0001007061796c6f6164002400028008000100000000010800"
                                + "020000000001080003000000000608000400000000012c00018008000100636d700020000280080001000000000108000200"
                                + "000000000c0003800500010000000000300001800e000100696d6d6564696174650000001c00028008000100000000001000"
                                + "02800c0002800800010000000000");
        assertThat(hex(NfTables.drop(NfTables.FAMILY_NETDEV, "t", "out", NfTables.isIcmpV6(133))
                        .encode()))
                .isEqualTo(
                        "08010000060a010c0000000000000000050000000600010074000000080002006f757400e400048024000180090001006d65"
                                + "74610000000014000280080001000000000108000200000000102c00018008000100636d7000200002800800010000000001"
                                + "08000200000000000c000380050001003a000000340001800c0001007061796c6f6164002400028008000100000000010800"
                                + "020000000002080003000000000008000400000000012c00018008000100636d700020000280080001000000000108000200"
                                + "000000000c0003800500010085000000300001800e000100696d6d6564696174650000001c00028008000100000000001000"
                                + "02800c0002800800010000000000");
    }

    @Test
    void many_elements_are_spread_over_messages_whose_lengths_have_room() {
        List<byte[]> keys = Collections.nCopies(4096, VIP6.toBytes());
        List<NetlinkMessage> messages = NfTables.newElements(NfTables.FAMILY_NETDEV, "t", "held6", keys);
        assertThat(messages).hasSize(3).allMatch(m -> m.payload().length < 0xffff);
        assertThat(messages.stream()
                        .mapToInt(m -> NfTables.decodeKeys(m).size())
                        .sum())
                .isEqualTo(4096);
    }

    private static NetlinkMessage only(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        List<NetlinkMessage> messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
