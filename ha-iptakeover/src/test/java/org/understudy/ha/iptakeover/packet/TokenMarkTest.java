package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.FencingToken;

/** The known answers were computed with another implementation of HMAC (Python's). */
class TokenMarkTest {
    private static final MacAddress MAC = new MacAddress(0x020000000002L);
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);
    private static final Ipv6Address VIP6 = Ipv6Address.parse("2001:db8::50").orElseThrow();
    private static final FencingToken TOKEN = new FencingToken(0x0001_0000_0000_0007L);
    private static final String KNOWN = "557354310001000000000007530804157c67";
    private static final String KNOWN_V6 = "557354310001000000000007c035e22694fa";

    private final TokenMark marks = new TokenMark(key(32), "demo");

    @Test
    void known_answer_behind_an_arp_packet() {
        assertThat(hex(marks.encode(TOKEN, MAC, VIP))).isEqualTo(KNOWN);
        assertThat(marks.decode(HexFormat.of().parseHex(KNOWN), MAC, VIP)).contains(TOKEN);
    }

    @Test
    void known_answer_as_an_option() {
        String option = "fd03" + KNOWN_V6 + "00000000";
        assertThat(hex(marks.encodeOption(TOKEN, MAC, VIP6))).isEqualTo(option);
        assertThat(marks.decodeOption(HexFormat.of().parseHex(option), MAC, VIP6))
                .contains(TOKEN);
    }

    @Test
    void a_marked_frame_is_the_shortest_there_is_and_still_the_same_packet() {
        ArpPacket packet = ArpPacket.gratuitousRequest(MAC, VIP);
        EthernetFrame frame = marks.frame(packet, TOKEN, MacAddress.BROADCAST);
        assertThat(frame.encode()).hasSize(60);
        assertThat(hex(frame.encode()))
                .isEqualTo(hex(packet.frameTo(MacAddress.BROADCAST).encode()) + KNOWN);
        assertThat(ArpPacket.decode(frame.payload())).isEqualTo(packet);
        Sighting sighting = Sighting.of(frame).orElseThrow();
        assertThat(marks.token(sighting)).contains(TOKEN);
    }

    @Test
    void padding_of_others_says_nothing() {
        assertThat(marks.decode(new byte[0], MAC, VIP)).isEmpty();
        assertThat(marks.decode(new byte[TokenMark.BYTES], MAC, VIP)).isEmpty();
        assertThat(marks.decode(new byte[1400], MAC, VIP)).isEmpty();
        assertThat(marks.decodeOption(new byte[0], MAC, VIP6)).isEmpty();
        assertThat(marks.decodeOption(new byte[] {(byte) 0xfd, 3}, MAC, VIP6)).isEmpty();
    }

    @Test
    void what_a_card_adds_behind_the_mark_is_passed_over() {
        byte[] longer = Arrays.copyOf(marks.encode(TOKEN, MAC, VIP), TokenMark.BYTES + 4);
        assertThat(marks.decode(longer, MAC, VIP)).contains(TOKEN);
    }

    @Test
    void an_ipv4_mark_is_none_for_the_ipv6_address_that_begins_alike() {
        Ipv6Address longer = new Ipv6Address(0xc0000232L << 32, 0);
        assertThat(marks.decode(marks.encode(TOKEN, MAC, VIP), MAC, longer)).isEmpty();
    }

    @Test
    void bad_settings_are_told_together_and_without_the_key() {
        assertThatThrownBy(() -> new TokenMark(new byte[] {99, 98}, ""))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("markKey = ***: has 2 bytes: give at least 16")
                .hasMessageContaining("clusterId")
                .hasMessageNotContaining("99");
        assertThatThrownBy(() -> new TokenMark(new byte[32], "demo"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is all zero");
        assertThat(marks.toString()).isEqualTo("token mark of cluster demo");
    }

    static byte[] key(int length) {
        byte[] key = new byte[length];
        for (int i = 0; i < length; i++) {
            key[i] = (byte) i;
        }
        return key;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
