package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;

/**
 * A neighbour solicitation or advertisement with the IPv6 packet around it (RFC 4861, 4.3 and 4.4; RFC 8200, 3).
 *
 * <pre>
 *  0  4  version 6, traffic class 0, flow label 0
 *  4  2  length of what follows the 40th byte
 *  6  1  next header   58 = ICMPv6
 *  7  1  hop limit     255: nothing that a router forwarded (RFC 4861, 11.2)
 *  8 16  source        :: = duplicate address detection (RFC 4862, 5.4.2)
 * 24 16  destination
 * 40  1  type          135 = solicitation, 136 = advertisement
 * 41  1  code          0
 * 42  2  checksum, with the pseudo-header (RFC 8200, 8.1)
 * 44  4  flags         router 0x80000000, solicited 0x40000000, override 0x20000000; 0 in a solicitation
 * 48 16  target
 * 64  8  option        1 = source, 2 = target link-layer address; length 1 (eight bytes); address
 * </pre>
 *
 * <p>Other options are passed over, and so are bytes behind the packet: a short frame is padded.
 *
 * @param type {@link #SOLICITATION} or {@link #ADVERTISEMENT}
 * @param flags the upper three bits; others are kept as they are
 * @param linkAddress of the source in a solicitation, of the target in an advertisement
 */
public record NeighbourMessage(
        int type,
        Ipv6Address source,
        Ipv6Address destination,
        int flags,
        Ipv6Address target,
        Optional<MacAddress> linkAddress) {
    public static final int SOLICITATION = 135;
    public static final int ADVERTISEMENT = 136;

    public static final int ROUTER = 0x80000000;
    public static final int SOLICITED = 0x40000000;
    public static final int OVERRIDE = 0x20000000;

    private static final int HEADER_BYTES = 40;
    private static final int BODY_BYTES = 24;
    private static final int OPTION_BYTES = 8;
    private static final int VERSION_6 = 6 << 28;
    private static final int ICMP_V6 = 58;
    private static final int HOP_LIMIT = 255;

    public NeighbourMessage {
        if (type != SOLICITATION && type != ADVERTISEMENT) {
            throw new IllegalArgumentException("neighbour messages have type 135 or 136, not " + type);
        }
    }

    /**
     * An unsolicited advertisement to everybody on the link (RFC 4861, 7.2.6). Neighbours that know the address take the new hardware
     * address at once, because of the override flag.
     *
     * @param isRouter whether the interface forwards; a neighbour that is told otherwise drops this host as a router
     */
    public static NeighbourMessage announcement(MacAddress mac, Ipv6Address address, boolean isRouter) {
        return new NeighbourMessage(
                ADVERTISEMENT,
                address,
                Ipv6Address.ALL_NODES,
                isRouter ? OVERRIDE | ROUTER : OVERRIDE,
                address,
                Optional.of(mac));
    }

    /**
     * Asks whether anybody uses {@code target} without teaching anybody anything: the form of duplicate address detection
     * (RFC 4862, 5.4.2). Whoever has it answers to everybody on the link.
     */
    public static NeighbourMessage probe(Ipv6Address target) {
        return new NeighbourMessage(SOLICITATION, Ipv6Address.ANY, target.solicitedNode(), 0, target, Optional.empty());
    }

    /**
     * The answer to a solicitation of one neighbour (RFC 4861, 7.2.4).
     *
     * @param asker the source of the solicitation
     */
    public static NeighbourMessage answer(MacAddress mac, Ipv6Address address, Ipv6Address asker, boolean isRouter) {
        int flags = SOLICITED | OVERRIDE;
        return new NeighbourMessage(
                ADVERTISEMENT, address, asker, isRouter ? flags | ROUTER : flags, address, Optional.of(mac));
    }

    /** This packet in a frame to the Ethernet group of its destination, which must be a multicast address. */
    public EthernetFrame frameFrom(MacAddress mac) {
        return new EthernetFrame(destination.multicastMac(), mac, EthernetFrame.TYPE_IPV6, encode());
    }

    /**
     * Asks one neighbour for its address, in the name of {@code from}. The neighbour learns the sender by answering (RFC 4861,
     * 7.2.3), and its answer proves that it did.
     *
     * @param isAlone whether the frame goes to that neighbour only, as when it is asked whether it is still there (7.3.3)
     */
    public static NeighbourMessage question(MacAddress mac, Ipv6Address from, Ipv6Address target, boolean isAlone) {
        return new NeighbourMessage(
                SOLICITATION, from, isAlone ? target : target.solicitedNode(), 0, target, Optional.of(mac));
    }

    /** The packet: 64 bytes, or 72 with a link-layer address. */
    public byte[] encode() {
        return encode(new byte[0]);
    }

    /**
     * The packet with another option behind its own.
     *
     * @param option with its type and length, a multiple of eight bytes; may be empty
     */
    public byte[] encode(byte[] option) {
        int length = BODY_BYTES + (linkAddress.isPresent() ? OPTION_BYTES : 0) + option.length;
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + length)
                .putInt(VERSION_6)
                .putShort((short) length)
                .put((byte) ICMP_V6)
                .put((byte) HOP_LIMIT)
                .put(source.toBytes())
                .put(destination.toBytes())
                .put((byte) type)
                .put((byte) 0)
                .putShort((short) 0)
                .putInt(flags)
                .put(target.toBytes());
        linkAddress.ifPresent(
                mac -> out.put((byte) optionOf(type)).put((byte) 1).put(mac.toBytes()));
        out.put(option);
        byte[] bytes = out.array();
        out.putShort(HEADER_BYTES + 2, (short) checksum(bytes, length));
        return bytes;
    }

    private static int optionOf(int type) {
        return type == SOLICITATION ? 1 : 2;
    }

    /** What the checksum field must hold so that everything, with the pseudo-header, adds up; 0 if it does already. */
    private static int checksum(byte[] packet, int length) {
        long sum = length + ICMP_V6;
        for (int i = 8; i < HEADER_BYTES + length; i++) {
            int value = packet[i] & 0xff;
            sum += i % 2 == 0 ? value << 8 : value;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) ~sum & 0xffff;
    }

    /**
     * Reads a packet.
     *
     * @param bytes the payload of a frame
     * @throws MalformedMessageException unless it is a valid message of one of the two types (RFC 4861, 7.1)
     */
    public static NeighbourMessage decode(byte[] bytes) {
        if (bytes.length < HEADER_BYTES + BODY_BYTES) {
            throw new MalformedMessageException(
                    bytes.length, "a neighbour message has at least 64 bytes, not " + bytes.length);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        require(in.getInt(0) >>> 28 == 6, 0, "IP version " + (in.getInt(0) >>> 28));
        int length = in.getShort(4) & 0xffff;
        require(
                length >= BODY_BYTES && length <= bytes.length - HEADER_BYTES,
                4,
                "length " + length + " with " + (bytes.length - HEADER_BYTES) + " bytes left");
        require((in.get(6) & 0xff) == ICMP_V6, 6, "next header " + (in.get(6) & 0xff));
        require((in.get(7) & 0xff) == HOP_LIMIT, 7, "hop limit " + (in.get(7) & 0xff));
        int type = in.get(HEADER_BYTES) & 0xff;
        require(type == SOLICITATION || type == ADVERTISEMENT, HEADER_BYTES, "ICMPv6 type " + type);
        require(in.get(HEADER_BYTES + 1) == 0, HEADER_BYTES + 1, "ICMPv6 code " + in.get(HEADER_BYTES + 1));
        require(checksum(bytes, length) == 0, HEADER_BYTES + 2, "wrong checksum");
        Ipv6Address target = address(bytes, 48);
        require(!target.isMulticast(), 48, "multicast target " + target);
        return new NeighbourMessage(
                type,
                address(bytes, 8),
                address(bytes, 24),
                in.getInt(44),
                target,
                linkAddress(bytes, HEADER_BYTES + length, optionOf(type)));
    }

    private static void require(boolean isRight, int offset, String found) {
        if (!isRight) {
            throw new MalformedMessageException(offset, "no neighbour message: " + found);
        }
    }

    private static Ipv6Address address(byte[] bytes, int from) {
        return Ipv6Address.of(Arrays.copyOfRange(bytes, from, from + Ipv6Address.BYTES));
    }

    private static Optional<MacAddress> linkAddress(byte[] bytes, int end, int option) {
        Optional<MacAddress> found = Optional.empty();
        int at = HEADER_BYTES + BODY_BYTES;
        while (at < end) {
            int size = end - at < 2 ? 0 : (bytes[at + 1] & 0xff) * OPTION_BYTES;
            if (size == 0 || size > end - at) {
                throw new MalformedMessageException(at, "no neighbour message: an option is cut off or has length 0");
            }
            if (bytes[at] == option && size == OPTION_BYTES && found.isEmpty()) {
                found = Optional.of(MacAddress.of(Arrays.copyOfRange(bytes, at + 2, at + OPTION_BYTES)));
            }
            at += size;
        }
        return found;
    }

    /**
     * The address whose use this shows: the target of an advertisement, the source of a solicitation. {@code ::} in a probe, which
     * claims nothing.
     */
    public Ipv6Address claimed() {
        return type == ADVERTISEMENT ? target : source;
    }
}
