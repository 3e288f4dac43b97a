package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;

class AnnouncementTest {
    private static final MacAddress MAC = new MacAddress(0x020000000002L);
    private static final MacAddress NEIGHBOUR = new MacAddress(0x020000000099L);
    private static final IpAddress VIP = new Ipv4Address(0xc0000232);
    private static final IpAddress OTHER = new Ipv4Address(0xc0000299);
    private static final IpAddress VIP6 = IpAddress.parse("2001:db8::50").orElseThrow();
    private static final IpAddress OTHER6 = IpAddress.parse("2001:db8::99").orElseThrow();
    private static final FencingToken TOKEN = new FencingToken(7);

    private final TokenMark marks = new TokenMark(TokenMarkTest.key(32), "demo");
    private final Announcement marked = new Announcement(MAC, false, Optional.of(marks), TOKEN);
    private final Announcement plain = new Announcement(MAC, true, Optional.empty(), TOKEN);

    @Test
    void without_a_key_the_frames_are_the_kernels_own() {
        List<EthernetFrame> frames = plain.of(List.of(VIP, VIP6));
        assertThat(frames).hasSize(3);
        assertThat(hex(frames.get(0)))
                .isEqualTo(
                        hex(ArpPacket.gratuitousRequest(MAC, (Ipv4Address) VIP).frameTo(MacAddress.BROADCAST)));
        assertThat(hex(frames.get(1)))
                .isEqualTo(hex(ArpPacket.gratuitousReply(MAC, (Ipv4Address) VIP).frameTo(MacAddress.BROADCAST)));
        assertThat(hex(frames.get(2)))
                .isEqualTo(hex(NeighbourMessage.announcement(MAC, (Ipv6Address) VIP6, true)
                        .frameFrom(MAC)));
        for (EthernetFrame frame : frames) {
            assertThat(marks.token(sighting(frame))).isEmpty();
        }
    }

    @Test
    void every_frame_to_everybody_carries_the_token_and_says_the_same_as_without() {
        List<EthernetFrame> frames = marked.of(List.of(VIP6, VIP));
        assertThat(frames).extracting(EthernetFrame::type).containsExactly(0x86dd, 0x0806, 0x0806);
        assertThat(frames.get(0).destination()).hasToString("33:33:00:00:00:01");
        assertThat(NeighbourMessage.decode(frames.get(0).payload()))
                .isEqualTo(NeighbourMessage.announcement(MAC, (Ipv6Address) VIP6, false));
        for (EthernetFrame frame : frames) {
            Sighting sighting = sighting(frame);
            assertThat(frame.source()).isEqualTo(MAC);
            assertThat(sighting.form()).isEqualTo(Sighting.Form.ANNOUNCEMENT);
            assertThat(sighting.senderMac()).isEqualTo(MAC);
            assertThat(sighting.sender()).isEqualTo(frame.type() == 0x86dd ? VIP6 : VIP);
            assertThat(marks.token(sighting)).contains(TOKEN);
        }
    }

    @Test
    void a_question_is_marked_and_asks_in_the_name_of_the_address() {
        for (MacAddress destination : List.of(NEIGHBOUR, MacAddress.BROADCAST)) {
            EthernetFrame frame = marked.question(VIP, OTHER, destination);
            assertThat(frame.destination()).isEqualTo(destination);
            asks(frame, VIP, OTHER);
        }
        MacAddress group = ((Ipv6Address) OTHER6).solicitedNode().multicastMac();
        EthernetFrame alone = marked.question(VIP6, OTHER6, NEIGHBOUR);
        EthernetFrame several = marked.question(VIP6, OTHER6, group);
        assertThat(NeighbourMessage.decode(alone.payload()).destination()).isEqualTo(OTHER6);
        assertThat(NeighbourMessage.decode(several.payload()).destination())
                .isEqualTo(((Ipv6Address) OTHER6).solicitedNode());
        assertThat(several.destination()).isEqualTo(group);
        asks(alone, VIP6, OTHER6);
        asks(several, VIP6, OTHER6);
        assertThat(marks.token(sighting(plain.question(VIP6, OTHER6, group)))).isEmpty();
    }

    private void asks(EthernetFrame frame, IpAddress from, IpAddress target) {
        Sighting sighting = sighting(frame);
        assertThat(sighting.form()).isEqualTo(Sighting.Form.QUESTION);
        assertThat(sighting.sender()).isEqualTo(from);
        assertThat(sighting.senderMac()).isEqualTo(MAC);
        assertThat(sighting.target()).isEqualTo(target);
        assertThat(marks.token(sighting)).contains(TOKEN);
    }

    @Test
    void a_neighbour_of_the_other_version_cannot_be_asked() {
        assertThatThrownBy(() -> marked.question(VIP, OTHER6, NEIGHBOUR))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2001:db8::99 cannot be asked in the name of 192.0.2.50");
        assertThatThrownBy(() -> marked.question(VIP6, OTHER, NEIGHBOUR)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Sighting sighting(EthernetFrame frame) {
        byte[] bytes = frame.encode();
        return Sighting.of(EthernetFrame.decode(bytes, bytes.length)).orElseThrow();
    }

    private static String hex(EthernetFrame frame) {
        return HexFormat.of().formatHex(frame.encode());
    }
}
