package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.MalformedMessageException;

/** Frames from the wire, and addresses as a person writes them. */
public final class PacketFuzz {

    /** A solicited neighbour advertisement, as captured. */
    private static final String SOLICITED =
            "02000000000202000000000386dd6000000000203aff20010db8000000000000000000000003"
                    + "20010db800000000000000000000000288008a6d6000000020010db80000000000000000000000030201020000000003";

    private static final TokenMark MARKS =
            new TokenMark("not a secret here".getBytes(StandardCharsets.US_ASCII), "fuzz");

    private PacketFuzz() {}

    public static List<byte[]> seeds() {
        ArpPacket probe = ArpPacket.probe(new MacAddress(0x02_00_00_00_00_01L), new Ipv4Address(0xc0000232));
        MacAddress mac = new MacAddress(0x02_00_00_00_00_02L);
        Ipv6Address six = new Ipv6Address(0x20010db8L << 32, 0x50);
        return List.of(
                probe.frameTo(MacAddress.BROADCAST).encode(),
                NeighbourMessage.announcement(mac, six, true).frameFrom(mac).encode(),
                NeighbourMessage.probe(six).frameFrom(mac).encode(),
                NeighbourMessage.question(mac, six, new Ipv6Address(0x20010db8L << 32, 0x51), false)
                        .frameFrom(mac)
                        .encode(),
                "192.0.2.50".getBytes(StandardCharsets.US_ASCII),
                "2001:db8::50".getBytes(StandardCharsets.US_ASCII),
                MARKS.frame(probe, new FencingToken(7), MacAddress.BROADCAST).encode(),
                HexFormat.of().parseHex(SOLICITED));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        try {
            EthernetFrame frame = EthernetFrame.decode(bytes, bytes.length);
            assertArrayEquals(bytes, frame.encode());
            // The card pads short frames: what follows the packet is not its.
            byte[] packet = ArpPacket.decode(frame.payload()).encode();
            assertArrayEquals(Arrays.copyOf(frame.payload(), packet.length), packet);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isNotNegative();
        }
        sight(bytes);
        try {
            // Options that are not ours are passed over, so only the meaning comes back.
            NeighbourMessage message = NeighbourMessage.decode(
                    EthernetFrame.decode(bytes, bytes.length).payload());
            assertThat(NeighbourMessage.decode(message.encode())).isEqualTo(message);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isNotNegative();
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        Ipv4Address.parse(text)
                .ifPresent(address -> assertThat(address.toString()).isEqualTo(text));
        IpAddress.parse(text)
                .ifPresent(address ->
                        assertThat(IpAddress.parse(address.toString())).contains(address));
    }

    private static void sight(byte[] bytes) {
        try {
            Sighting.of(EthernetFrame.decode(bytes, bytes.length)).ifPresent(sighting -> {
                MARKS.token(sighting);
                assertThat(sighting.sender().isV6()).isEqualTo(sighting.target().isV6());
                assertThat(sighting.form().isClaim())
                        .isNotEqualTo(sighting.sender().isAny());
            });
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isNotNegative();
        }
    }
}
