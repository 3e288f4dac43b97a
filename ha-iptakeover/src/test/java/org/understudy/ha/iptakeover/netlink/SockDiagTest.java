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
import org.understudy.ha.iptakeover.packet.TcpConnection;

/** Bytes captured from Linux 6.18 on a little-endian host; requests are as it answered them, but for the cookie of the one that destroys. */
class SockDiagTest {
    /** An IPv4 connection. */
    static final String IPV4 =
            "7c00000014000200010000003a1e0000020100001e62c351c00002320000000000000000000000007f00000900"
                    + "000000000000000000000000000000011000000000000000000000000000000000000000000000000000000500"
                    + "08000000000008000f00000000000c00150001000000000000000600160052000000";
    /** The same kind of connection, of a dual-stack socket. */
    static final String MAPPED =
            "7c00000014000200010000003a1e00000a0100001e61c35000000000000000000000ffffc00002320000000000"
                    + "0000000000ffff7f00000900000000021000000000000000000000000000000000000000000000000000000500"
                    + "08000000000008000f00000000000c00150001000000000000000600160012000000";

    private static final String IPV6 =
            "7c00000014000200010000003a1e00000a0100001e61c35220010db800000000000000000000005020010db800"
                    + "000000000000000000005000000000031000000000000000000000000000000000000000000000000000000500"
                    + "08000000000008000f00000000000c00150001000000000000000600160012000000";
    private static final String LISTENER =
            "7c0000001400020001000000671e0000020a00001e620000c00002320000000000000000000000000000000000"
                    + "0000000000000000000000000000000e0000000000000000000000000000008000000000000000d03a07000500"
                    + "08000000000008000f00000000000c00150001000000000000000600160052000000";
    private static final String STUB =
            "600000001400020001000000671e0000020603001e62c352c00002320000000000000000000000007f00000900"
                    + "0000000000000000000000000000000f0000000000000060ea0000000000000000000000000000000000000800"
                    + "0f0000000000";

    @BeforeAll
    static void the_bytes_are_little_endian() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void reads_a_connection() {
        SockDiagMessage found = read(IPV4);
        assertThat(found.family()).isEqualTo(SockDiagMessage.FAMILY_IPV4);
        assertThat(found.state()).isEqualTo(SockDiagMessage.ESTABLISHED);
        assertThat(found.connection()).contains(new TcpConnection(ip("192.0.2.50"), 7778, ip("127.0.0.9"), 50001));
        assertThat(found.isStub()).isFalse();
        assertThat(found.cookie()).isEqualTo(4097);
    }

    @Test
    void reads_an_ipv4_connection_of_a_dual_stack_socket_as_it_is_on_the_wire() {
        SockDiagMessage found = read(MAPPED);
        assertThat(found.family()).isEqualTo(SockDiagMessage.FAMILY_IPV6);
        assertThat(found.connection()).contains(new TcpConnection(ip("192.0.2.50"), 7777, ip("127.0.0.9"), 50000));
        assertThat(found.cookie()).isEqualTo(4098);
    }

    @Test
    void reads_an_ipv6_connection() {
        assertThat(read(IPV6).connection())
                .contains(new TcpConnection(ip("2001:db8::50"), 7777, ip("2001:db8::50"), 50002));
    }

    @Test
    void tells_what_listens_and_what_is_a_mere_stub() {
        assertThat(read(LISTENER).state()).isEqualTo(SockDiagMessage.LISTEN);
        assertThat(read(LISTENER).connection()).isEmpty();
        assertThat(read(LISTENER).localPort()).isEqualTo(7778);
        assertThat(read(STUB).isStub()).isTrue();
    }

    @Test
    void asks_for_an_address_as_the_kernel_took_it() {
        assertThat(hex(SockDiagMessage.dumpRequest(SockDiagMessage.FAMILY_IPV4, 0xb3e, ip("192.0.2.50"))))
                .isEqualTo("5c000000140001030100000000000000020600003e0b0000" + "00".repeat(48)
                        + "140001000710140002200000ffffffffc0000232");
        assertThat(hex(SockDiagMessage.dumpRequest(SockDiagMessage.FAMILY_IPV6, 0xb3e, ip("192.0.2.50"))))
                .isEqualTo("5c0000001400010301000000000000000a0600003e0b0000" + "00".repeat(48)
                        + "140001000710140002200000ffffffffc0000232");
        assertThat(hex(SockDiagMessage.dumpRequest(SockDiagMessage.FAMILY_IPV6, 0xb3e, ip("2001:db8::50"))))
                .isEqualTo("680000001400010301000000000000000a0600003e0b0000" + "00".repeat(48)
                        + "20000100071c20000a800000ffffffff20010db8000000000000000000000050");
    }

    @Test
    void names_a_socket_back_with_its_cookie() {
        assertThat(hex(read(IPV4).destroyRequest().withFlags(5)))
                .isEqualTo("4800000015000500010000000000000002060000ffffffff1e62c351c00002320000000000000000000000007f"
                        + "00000900000000000000000000000000000000" + "0110000000000000");
    }

    @Test
    void asks_for_a_listener_as_the_kernel_took_it() {
        assertThat(hex(SockDiagMessage.listenerRequest(54141, 1)))
                .isEqualTo("4800000014000100010000000000000002060000ffffffffd37d0000" + "00".repeat(32)
                        + "01000000ffffffffffffffff");
    }

    @Test
    void reads_that_a_socket_is_gone_and_that_one_was_destroyed() {
        assertThat(NetlinkAck.decode(only("5c00000002000000070000004f760000feffffff480000001500050007000000000000000206"
                                + "0000ffffffff1e62c351c00002320000000000000000000000007f0000090000000000000000000000000000"
                                + "00000500000000000000"))
                        .errno())
                .isEqualTo(2);
        assertThat(NetlinkAck.decode(only("2400000002000001070000004f7600000000000048000000150005000700000000000000"))
                        .isDone())
                .isTrue();
    }

    @Test
    void a_description_that_is_cut_off_or_of_another_family_is_refused() {
        byte[] payload = only(IPV4).payload();
        for (int length = 0; length < 72; length++) {
            byte[] cut = Arrays.copyOf(payload, length);
            assertThatThrownBy(() -> SockDiagMessage.decode(cut))
                    .isInstanceOf(MalformedMessageException.class)
                    .hasMessageContaining("72 bytes");
        }
        payload[0] = 1;
        assertThatThrownBy(() -> SockDiagMessage.decode(payload))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("family 1");
    }

    private static SockDiagMessage read(String hex) {
        NetlinkMessage message = only(hex);
        assertThat(message.type()).isEqualTo(SockDiagMessage.BY_FAMILY);
        return SockDiagMessage.decode(message.payload());
    }

    private static NetlinkMessage only(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        List<NetlinkMessage> messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static String hex(NetlinkMessage message) {
        return HexFormat.of().formatHex(message.withSequence(1).encode());
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
