package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;

/** Frames captured from Linux 6.18. */
class NeighbourMessageTest {
    private static final MacAddress MAC = new MacAddress(0x020000000002L);
    private static final Ipv6Address VIP = Ipv6Address.parse("2001:db8::50").orElseThrow();
    /** Duplicate address detection, with a nonce. */
    private static final String KERNEL_PROBE = "3333ff00005002000000000286dd"
            + "6000000000203aff00000000000000000000000000000000ff0200000000000000000001ff000050"
            + "8700fa530000000020010db80000000000000000000000500e014571290ed572";
    /** The answer to {@link #OUR_PROBE}. */
    private static final String KERNEL_ANSWER = "33330000000102000000000286dd"
            + "6000000000203aff20010db8000000000000000000000050ff020000000000000000000000000001"
            + "8800f88b2000000020010db80000000000000000000000500201020000000002";
    /** Understood by the kernel. */
    private static final String OUR_PROBE = "3333ff00005002000000009986dd"
            + "6000000000183aff00000000000000000000000000000000ff0200000000000000000001ff000050"
            + "87004c4f0000000020010db8000000000000000000000050";
    /** A question for a neighbour, in the name of the address. */
    private static final String KERNEL_QUESTION = "3333ff00009902000000000286dd"
            + "6000000000203aff20010db8000000000000000000000050ff0200000000000000000001ff000099"
            + "87001aa90000000020010db80000000000000000000000990101020000000002";

    @Test
    void an_announcement_is_the_kernels_own_advertisement() {
        NeighbourMessage announcement = NeighbourMessage.announcement(MAC, VIP, false);
        assertThat(hex(announcement.frameFrom(MAC).encode())).isEqualTo(KERNEL_ANSWER);
        assertThat(read(KERNEL_ANSWER)).isEqualTo(announcement);
        assertThat(announcement.claimed()).isEqualTo(VIP);
    }

    @Test
    void a_router_says_that_it_is_one() {
        NeighbourMessage announcement = NeighbourMessage.announcement(MAC, VIP, true);
        assertThat(announcement.flags()).isEqualTo(NeighbourMessage.ROUTER | NeighbourMessage.OVERRIDE);
        assertThat(NeighbourMessage.decode(announcement.encode())).isEqualTo(announcement);
    }

    @Test
    void a_probe_is_one_of_duplicate_address_detection_and_claims_nothing() {
        NeighbourMessage probe = NeighbourMessage.probe(VIP);
        assertThat(hex(probe.frameFrom(new MacAddress(0x020000000099L)).encode()))
                .isEqualTo(OUR_PROBE);
        // The nonce is passed over.
        assertThat(read(KERNEL_PROBE)).isEqualTo(probe);
        assertThat(probe.claimed()).isEqualTo(Ipv6Address.ANY);
    }

    @Test
    void who_asks_in_the_name_of_an_address_uses_it() {
        NeighbourMessage question = read(KERNEL_QUESTION);
        assertThat(question.type()).isEqualTo(NeighbourMessage.SOLICITATION);
        assertThat(question.claimed()).isEqualTo(VIP);
        assertThat(question.linkAddress()).contains(MAC);
        assertThat(hex(question.frameFrom(MAC).encode())).isEqualTo(KERNEL_QUESTION);
    }

    @Test
    void a_question_is_the_kernels_own_and_may_go_to_one_neighbour_alone() {
        Ipv6Address target = Ipv6Address.parse("2001:db8::99").orElseThrow();
        NeighbourMessage question = NeighbourMessage.question(MAC, VIP, target, false);
        assertThat(hex(question.frameFrom(MAC).encode())).isEqualTo(KERNEL_QUESTION);
        NeighbourMessage alone = NeighbourMessage.question(MAC, VIP, target, true);
        assertThat(alone.destination()).isEqualTo(target);
        assertThat(NeighbourMessage.decode(alone.encode())).isEqualTo(alone);
    }

    @Test
    void an_option_behind_its_own_is_summed_and_passed_over() {
        NeighbourMessage announcement = NeighbourMessage.announcement(MAC, VIP, false);
        byte[] option = HexFormat.of().parseHex("fd02000102030405060708090a0b0c0d");
        byte[] packet = announcement.encode(option);
        assertThat(packet).hasSize(72 + option.length).endsWith(option);
        assertThat(packet[5]).isEqualTo((byte) 48);
        assertThat(NeighbourMessage.decode(packet)).isEqualTo(announcement);
        packet[packet.length - 1]++;
        assertThatThrownBy(() -> NeighbourMessage.decode(packet)).hasMessageContaining("wrong checksum");
        assertThat(announcement.encode(new byte[0])).isEqualTo(announcement.encode());
    }

    @Test
    void padding_behind_the_packet_is_ignored() {
        byte[] packet = NeighbourMessage.announcement(MAC, VIP, false).encode();
        assertThat(NeighbourMessage.decode(Arrays.copyOf(packet, packet.length + 20)))
                .isEqualTo(NeighbourMessage.announcement(MAC, VIP, false));
    }

    @Test
    void what_a_router_forwarded_or_somebody_spoilt_is_refused() {
        refused(bytes -> bytes[7] = (byte) 254, "hop limit 254");
        refused(bytes -> bytes[0] = 0x40, "IP version 4");
        refused(bytes -> bytes[6] = 0, "next header 0");
        refused(bytes -> bytes[40] = (byte) 134, "ICMPv6 type 134");
        refused(bytes -> bytes[41] = 1, "ICMPv6 code 1");
        refused(bytes -> bytes[63] = 0x51, "wrong checksum");
        refused(bytes -> bytes[5] = 33, "length 33 with 32 bytes left");
        refused(bytes -> bytes[5] = 16, "length 16");
    }

    @Test
    void a_multicast_target_and_an_empty_option_are_refused() {
        assertThatThrownBy(() -> NeighbourMessage.decode(new NeighbourMessage(
                                NeighbourMessage.ADVERTISEMENT,
                                VIP,
                                Ipv6Address.ALL_NODES,
                                0,
                                Ipv6Address.ALL_NODES,
                                Optional.empty())
                        .encode()))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("multicast target");
        // Zero for one unit of length, and one more in the checksum, so that it still adds up.
        refused(
                bytes -> {
                    bytes[65] = 0;
                    bytes[43] += 1;
                },
                "an option is cut off or has length 0");
    }

    private static void refused(Consumer<byte[]> change, String why) {
        byte[] packet = NeighbourMessage.announcement(MAC, VIP, false).encode();
        change.accept(packet);
        assertThatThrownBy(() -> NeighbourMessage.decode(packet))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining(why);
    }

    private static NeighbourMessage read(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        EthernetFrame frame = EthernetFrame.decode(bytes, bytes.length);
        assertThat(frame.type()).isEqualTo(EthernetFrame.TYPE_IPV6);
        return NeighbourMessage.decode(frame.payload());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
