package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

/** Frames captured from Linux 6.18, and the same changed. */
class SightingTest {
    private static final String ANSWER =
            "02000000000202000000000308060001080006040002020000000003c0000203020000000002c0000202";
    private static final String ANSWER_TO_A_PROBE =
            "02000000000202000000000308060001080006040002020000000003c000020302000000000200000000";
    private static final String QUESTION =
            "ffffffffffff02000000000208060001080006040001020000000002c0000202000000000000c0000203";
    private static final String DAD_PROBE =
            "3333ff00000302000000000386dd6000000000203aff00000000000000000000000000000000"
                    + "ff0200000000000000000001ff0000038700f8330000000020010db80000000000000000000000030e0123dee0e341ea";
    private static final String SOLICITATION =
            "3333ff00000302000000000286dd6000000000203aff20010db8000000000000000000000002"
                    + "ff0200000000000000000001ff00000387001c230000000020010db80000000000000000000000030101020000000002";
    private static final String SOLICITED =
            "02000000000202000000000386dd6000000000203aff20010db8000000000000000000000003"
                    + "20010db800000000000000000000000288008a6d6000000020010db80000000000000000000000030201020000000003";

    private static final MacAddress OURS = new MacAddress(0x020000000002L);
    private static final MacAddress THEIRS = new MacAddress(0x020000000003L);
    private static final Ipv4Address US = new Ipv4Address(0xc0000202);
    private static final Ipv4Address THEM = new Ipv4Address(0xc0000203);
    private static final Ipv6Address US6 = Ipv6Address.parse("2001:db8::2").orElseThrow();
    private static final Ipv6Address THEM6 = Ipv6Address.parse("2001:db8::3").orElseThrow();
    private static final byte[] NOTHING = new byte[0];

    @Test
    void arp_of_the_kernel() {
        assertThat(read(ANSWER)).contains(new Sighting(Form.ANSWER, THEIRS, THEM, OURS, US, NOTHING));
        assertThat(read(ANSWER_TO_A_PROBE))
                .contains(new Sighting(Form.ANSWER, THEIRS, THEM, OURS, Ipv4Address.ANY, NOTHING));
        assertThat(read(QUESTION)).contains(new Sighting(Form.QUESTION, OURS, US, MacAddress.ZERO, THEM, NOTHING));
    }

    @Test
    void neighbour_discovery_of_the_kernel() {
        MacAddress group = THEM6.solicitedNode().multicastMac();
        assertThat(read(DAD_PROBE)).contains(new Sighting(Form.PROBE, THEIRS, Ipv6Address.ANY, group, THEM6, NOTHING));
        assertThat(read(SOLICITATION)).contains(new Sighting(Form.QUESTION, OURS, US6, group, THEM6, NOTHING));
        assertThat(read(SOLICITED)).contains(new Sighting(Form.ANSWER, THEIRS, THEM6, OURS, US6, NOTHING));
        assertThat(read(DiscoveryFrames.UNSOLICITED))
                .contains(new Sighting(
                        Form.ANNOUNCEMENT, THEIRS, THEM6, Ipv6Address.ALL_NODES.multicastMac(), THEM6, NOTHING));
    }

    @Test
    void our_own_packets_have_their_form() {
        assertThat(form(ArpPacket.gratuitousRequest(OURS, US))).contains(Form.ANNOUNCEMENT);
        assertThat(form(ArpPacket.gratuitousReply(OURS, US))).contains(Form.ANNOUNCEMENT);
        assertThat(form(ArpPacket.whoHas(OURS, US, THEM))).contains(Form.QUESTION);
        assertThat(form(ArpPacket.probe(OURS, US))).contains(Form.PROBE);
        assertThat(Form.PROBE.isClaim()).isFalse();
        assertThat(Form.QUESTION.isClaim()).isTrue();
    }

    @Test
    void an_answer_in_nobodys_name_and_other_operations_say_nothing() {
        assertThat(form(new ArpPacket(2, OURS, Ipv4Address.ANY, THEIRS, THEM))).isEmpty();
        assertThat(form(new ArpPacket(3, OURS, US, THEIRS, THEM))).isEmpty();
        assertThat(Sighting.of(new EthernetFrame(OURS, THEIRS, 0x0800, new byte[28])))
                .isEmpty();
        byte[] udp = bytes(SOLICITED);
        udp[20] = 17;
        assertThat(Sighting.of(EthernetFrame.decode(udp, udp.length))).isEmpty();
        byte[] echo = bytes(SOLICITED);
        echo[54] = (byte) 128;
        assertThat(Sighting.of(EthernetFrame.decode(echo, echo.length))).isEmpty();
    }

    @Test
    void the_mark_behind_an_arp_packet_and_in_an_advertisement_is_found() {
        TokenMark marks = new TokenMark(TokenMarkTest.key(32), "demo");
        FencingToken token = new FencingToken(12);
        Sighting marked = Sighting.of(marks.frame(ArpPacket.gratuitousReply(THEIRS, THEM), token, MacAddress.BROADCAST))
                .orElseThrow();
        assertThat(marks.token(marked)).contains(token);
        assertThat(marks.token(read(ANSWER).orElseThrow())).isEmpty();

        byte[] option = marks.encodeOption(token, THEIRS, THEM6);
        Sighting advertised = read(hex(DiscoveryFrames.withOption(bytes(DiscoveryFrames.UNSOLICITED), option)))
                .orElseThrow();
        assertThat(advertised.mark()).isEqualTo(option);
        assertThat(advertised.senderMac()).isEqualTo(THEIRS);
        assertThat(marks.token(advertised)).contains(token);
        assertThat(marks.token(read(DiscoveryFrames.UNSOLICITED).orElseThrow())).isEmpty();
    }

    @Test
    void without_a_link_layer_option_the_source_of_the_frame_counts() {
        byte[] bytes = bytes(SOLICITED);
        bytes[78] = 99;
        assertThat(read(hex(DiscoveryFrames.summed(bytes))).orElseThrow().senderMac())
                .isEqualTo(THEIRS);
    }

    @Test
    void what_is_not_valid_neighbour_discovery_is_refused() {
        refused("a hop limit of a packet from elsewhere", 21, 254);
        refused("another code", 55, 1);
        refused("a length behind the end", 19, 40);
        refused("a length before the target's end", 19, 23);
        refused("a group as target", 62, 0xff);
        refused("a solicited answer to everybody", 38, 0xff);
        refused("an option without a length", 79, 0);
        refused("an option behind the end", 79, 2);
        byte[] wrongSum = bytes(SOLICITED);
        wrongSum[57]++;
        assertThatThrownBy(() -> read(hex(wrongSum))).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void address_detection_that_is_not_for_everybody_or_says_who_asks_is_refused() {
        byte[] alone = bytes(DAD_PROBE);
        alone[38] = 0x20;
        byte[] elsewhere = bytes(DAD_PROBE);
        elsewhere[53]++;
        byte[] telling = DiscoveryFrames.withOption(bytes(DAD_PROBE), bytes("0101020000000003"));
        for (byte[] wrong : new byte[][] {DiscoveryFrames.summed(alone), DiscoveryFrames.summed(elsewhere), telling}) {
            assertThatThrownBy(() -> read(hex(wrong)))
                    .isInstanceOf(MalformedMessageException.class)
                    .hasMessageContaining("a solicitation in nobody's name");
        }
        assertThat(read(hex(DiscoveryFrames.withOption(bytes(DAD_PROBE), bytes("0e01020304050607")))))
                .as("with a nonce (RFC 7527)")
                .isPresent();
    }

    private static void refused(String what, int at, int value) {
        byte[] bytes = bytes(SOLICITED);
        bytes[at] = (byte) value;
        byte[] changed = DiscoveryFrames.summed(bytes);
        assertThatThrownBy(() -> read(hex(changed))).as(what).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void every_truncation_is_refused_or_says_nothing() {
        for (String frame : new String[] {ANSWER, SOLICITED, DiscoveryFrames.UNSOLICITED, DAD_PROBE}) {
            byte[] whole = bytes(frame);
            for (int length = 14; length < whole.length; length++) {
                byte[] cut = Arrays.copyOf(whole, length);
                assertThatThrownBy(() -> read(hex(cut))).isInstanceOf(MalformedMessageException.class);
            }
        }
    }

    private static Optional<Form> form(ArpPacket packet) {
        return Sighting.of(packet.frameTo(MacAddress.BROADCAST)).map(Sighting::form);
    }

    private static Optional<Sighting> read(String hex) {
        byte[] bytes = bytes(hex);
        return Sighting.of(EthernetFrame.decode(bytes, bytes.length));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
