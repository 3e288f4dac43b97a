package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
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
}
