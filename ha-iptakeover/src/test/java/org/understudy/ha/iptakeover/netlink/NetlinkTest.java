package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Bytes captured from Linux 6.18 on a little-endian host. */
class NetlinkTest {
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);
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

    @Test
    void reads_a_link_and_writes_it_back() throws IOException {
        String captured;
        try (InputStream in = NetlinkTest.class.getResourceAsStream("link-lan0.hex")) {
            captured = new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
        NetlinkMessage message = only(captured);
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
        assertThat(link.carrierLosses()).isEqualTo(1);
        assertThat(LinkMessage.isAboutLink(message)).isTrue();
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
        assertThat(hex(NfTables.dropUnlessOpen("t", "in", 0x0806, 24, VIP.toBytes(), "open")
                        .encode()))
                .isEqualTo(
                        "38010000060a010c000000000000000005000000060001007400000007000200696e00001401048024000180090001"
                                + "006d6574610000000014000280080001000000000108000200000000012c00018008000100636d70002000028008000"
                                + "1000000000108000200000000000c0003800600010008060000340001800c0001007061796c6f616400240002800800"
                                + "010000000001080002000000000108000300000000180800040000000004"
                                + "2c00018008000100636d7000200002"
                                + "80080001000000000108000200000000000c00038008000100c0000232300001800b0001006c6f6f6b757000002000"
                                + "0280090001006f70656e0000000008000200000000010800050000000001300001800e000100696d6d6564696174650"
                                + "000001c0002800800010000000000100002800c0002800800010000000000");
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
