package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.MalformedMessageException;

@Tag("property")
class PacketProperties {
    private static final long MAC_MAX = 0xffff_ffff_ffffL;

    @Property
    void every_packet_comes_back(
            @ForAll @IntRange(max = 0xffff) int operation,
            @ForAll @LongRange(max = MAC_MAX) long senderMac,
            @ForAll int sender,
            @ForAll @LongRange(max = MAC_MAX) long targetMac,
            @ForAll int target) {
        ArpPacket packet = new ArpPacket(
                operation,
                new MacAddress(senderMac),
                new Ipv4Address(sender),
                new MacAddress(targetMac),
                new Ipv4Address(target));
        assertThat(ArpPacket.decode(packet.encode())).isEqualTo(packet);
        EthernetFrame frame = packet.frameTo(new MacAddress(targetMac));
        byte[] bytes = frame.encode();
        assertThat(EthernetFrame.decode(bytes, bytes.length)).isEqualTo(frame);
    }

    @Property
    void every_truncation_is_refused(@ForAll int sender, @ForAll @IntRange(max = 27) int length) {
        byte[] cut = Arrays.copyOf(
                ArpPacket.probe(MacAddress.ZERO, new Ipv4Address(sender)).encode(), length);
        assertThatThrownBy(() -> ArpPacket.decode(cut)).isInstanceOf(MalformedMessageException.class);
    }

    @Property
    void any_bytes_are_a_packet_or_refused(@ForAll @Size(max = 80) byte[] bytes) {
        PacketFuzz.fuzzerTestOneInput(bytes);
    }

    @Property
    void changed_frames_are_read_or_refused(
            @ForAll @IntRange(max = 100) int which, @ForAll @IntRange(max = 99) int at, @ForAll byte value) {
        List<byte[]> seeds = PacketFuzz.seeds();
        byte[] bytes = seeds.get(which % seeds.size()).clone();
        bytes[at % bytes.length] = value;
        PacketFuzz.fuzzerTestOneInput(bytes);
    }

    @Property
    void the_dotted_form_comes_back(@ForAll int bits) {
        Ipv4Address address = new Ipv4Address(bits);
        assertThat(Ipv4Address.parse(address.toString())).contains(address);
    }

    @Property
    void neighbour_messages_come_back(
            @ForAll boolean isAdvertisement,
            @ForAll int flags,
            @ForAll long source,
            @ForAll long destination,
            @ForAll @LongRange(min = 0) long target,
            @ForAll boolean hasLinkAddress,
            @ForAll @LongRange(max = 0xffff_ffff_ffffL) long mac) {
        NeighbourMessage message = message(isAdvertisement, flags, source, destination, target, hasLinkAddress, mac);
        byte[] bytes = message.encode();
        assertThat(NeighbourMessage.decode(bytes)).isEqualTo(message);
        assertThat(NeighbourMessage.decode(bytes).encode()).isEqualTo(bytes);
    }

    @Property
    void a_neighbour_message_that_is_cut_off_or_has_a_wrong_bit_is_refused(
            @ForAll boolean isAdvertisement,
            @ForAll @LongRange(min = 0) long target,
            @ForAll @IntRange(max = 71) int at,
            @ForAll @IntRange(max = 7) int bit) {
        byte[] whole = message(isAdvertisement, 0, target, 1, target, true, 2).encode();
        assertThatThrownBy(() -> NeighbourMessage.decode(Arrays.copyOf(whole, at)))
                .isInstanceOf(MalformedMessageException.class);
        byte[] wrong = whole.clone();
        wrong[at] ^= (byte) (1 << bit);
        // Traffic class and flow label are not looked at and not in the checksum.
        boolean isIgnored = at < 4 && !(at == 0 && bit >= 4);
        if (!isIgnored) {
            assertThatThrownBy(() -> NeighbourMessage.decode(wrong)).isInstanceOf(MalformedMessageException.class);
        }
    }

    private static NeighbourMessage message(
            boolean isAdvertisement,
            int flags,
            long source,
            long destination,
            long target,
            boolean hasLinkAddress,
            long mac) {
        return new NeighbourMessage(
                isAdvertisement ? NeighbourMessage.ADVERTISEMENT : NeighbourMessage.SOLICITATION,
                new Ipv6Address(source, ~source),
                new Ipv6Address(destination, 1),
                flags,
                new Ipv6Address(target, ~target),
                hasLinkAddress ? Optional.of(new MacAddress(mac)) : Optional.empty());
    }

    @Property
    void addresses_of_both_versions_have_one_order(@ForAll long a, @ForAll long b, @ForAll int c, @ForAll int d) {
        assertThat(Integer.signum(new Ipv6Address(a, b).compareTo(new Ipv6Address(b, a))))
                .isEqualTo(Long.compareUnsigned(a, b));
        assertThat(Integer.signum(new Ipv4Address(c).compareTo(new Ipv4Address(d))))
                .isEqualTo(Integer.compareUnsigned(c, d));
        assertThat(new Ipv4Address(c).compareTo(new Ipv6Address(a, b))).isNegative();
    }
}
