package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;

/**
 * What a frame says about who has an address: ARP (RFC 826), or a neighbour solicitation or advertisement (RFC 4861) for IPv6.
 *
 * @param senderMac the hardware address that neighbours will remember: the sender's in ARP, the link-layer option in neighbour
 *     discovery, or the frame's source where that is missing
 * @param sender the address in whose name it speaks: claimed unless this is a probe, which has none
 * @param targetMac whom it is meant for: the target's hardware address in ARP, the frame's destination in neighbour discovery
 * @param target the address it asks for, or whom it answers; of an announcement the address itself
 * @param mark the bytes behind an ARP packet, or the first option of type {@link TokenMark#OPTION_TYPE}; may be empty. {@link
 *     TokenMark#token} reads it
 */
public record Sighting(
        Form form, MacAddress senderMac, IpAddress sender, MacAddress targetMac, IpAddress target, byte[] mark) {

    /** What kind of word it is. */
    public enum Form {
        /** Tells everybody: gratuitous ARP of either operation, an unsolicited advertisement. */
        ANNOUNCEMENT,
        /** Answers somebody. */
        ANSWER,
        /** Asks for another address in the name of the sender's own; who hears it learns the sender. */
        QUESTION,
        /** Asks for an address in nobody's name (RFC 5227, 2.1.1; RFC 4862, 5.4.2). */
        PROBE;

        /** Whether the sender says that the address is its own. */
        public boolean isClaim() {
            return this != PROBE;
        }
    }

    /** The type of IPv6, {@code ETH_P_IPV6}. */
    public static final int TYPE_IPV6 = 0x86dd;

    private static final int IPV6_BYTES = 40;
    private static final int ICMPV6 = 58;
    /** A packet from another link has a lower hop limit (RFC 4861, 7.1). */
    private static final int HOP_LIMIT = 255;

    private static final int SOLICITATION = 135;
    private static final int ADVERTISEMENT = 136;
    /** Type, code, checksum, flags, target. */
    private static final int DISCOVERY_BYTES = 24;

    private static final int FLAG_SOLICITED = 0x4000_0000;
    private static final int OPTION_SOURCE_MAC = 1;
    private static final int OPTION_TARGET_MAC = 2;
    private static final int OPTION_UNIT = 8;

    public Sighting {
        mark = mark.clone();
    }

    @Override
    public byte[] mark() {
        return mark.clone();
    }

    /**
     * Reads a frame.
     *
     * @return empty if it says nothing about addresses
     * @throws MalformedMessageException if it does and is broken, or not valid by RFC 4861, 7.1
     */
    public static Optional<Sighting> of(EthernetFrame frame) {
        switch (frame.type()) {
            case EthernetFrame.TYPE_ARP:
                return ofArp(frame.payload());
            case TYPE_IPV6:
                return ofIpv6(frame);
            default:
                return Optional.empty();
        }
    }

    private static Optional<Sighting> ofArp(byte[] payload) {
        ArpPacket packet = ArpPacket.decode(payload);
        boolean isRequest = packet.operation() == ArpPacket.REQUEST;
        Form form;
        if (!isRequest && packet.operation() != ArpPacket.REPLY) {
            return Optional.empty();
        } else if (packet.senderAddress().isAny()) {
            if (!isRequest) {
                return Optional.empty();
            }
            form = Form.PROBE;
        } else if (packet.senderAddress().equals(packet.targetAddress())) {
            form = Form.ANNOUNCEMENT;
        } else {
            form = isRequest ? Form.QUESTION : Form.ANSWER;
        }
        return Optional.of(new Sighting(
                form,
                packet.senderMac(),
                packet.senderAddress(),
                packet.targetMac(),
                packet.targetAddress(),
                Arrays.copyOfRange(payload, ArpPacket.BYTES, payload.length)));
    }

    private static Optional<Sighting> ofIpv6(EthernetFrame frame) {
        byte[] packet = frame.payload();
        if (packet.length < IPV6_BYTES + 1 || packet[0] >>> 4 != 6) {
            throw new MalformedMessageException(0, "not an IPv6 packet with a payload");
        }
        int type = packet[IPV6_BYTES] & 0xff;
        if (packet[6] != ICMPV6 || type != SOLICITATION && type != ADVERTISEMENT) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(packet);
        int length = in.getShort(4) & 0xffff;
        if (length < DISCOVERY_BYTES || length > packet.length - IPV6_BYTES) {
            throw new MalformedMessageException(
                    4, "neighbour discovery of " + length + " bytes with " + (packet.length - IPV6_BYTES) + " there");
        }
        if ((packet[7] & 0xff) != HOP_LIMIT) {
            throw new MalformedMessageException(7, "neighbour discovery with hop limit " + (packet[7] & 0xff));
        }
        if (packet[IPV6_BYTES + 1] != 0 || sum(in, length) != 0xffff) {
            throw new MalformedMessageException(
                    IPV6_BYTES, "neighbour discovery with another code or a wrong checksum");
        }
        Ipv6Address target = address(packet, IPV6_BYTES + 8);
        if (target.isMulticast()) {
            throw new MalformedMessageException(IPV6_BYTES + 8, "neighbour discovery for the group " + target);
        }
        return Optional.of(
                type == SOLICITATION
                        ? solicitation(frame, packet, length, target)
                        : advertisement(frame, packet, length, target, in.getInt(IPV6_BYTES + 4)));
    }

    private static Sighting solicitation(EthernetFrame frame, byte[] packet, int length, Ipv6Address target) {
        Ipv6Address source = address(packet, 8);
        Form form = source.isAny() ? Form.PROBE : Form.QUESTION;
        if (form == Form.PROBE
                && (!address(packet, 24).equals(target.solicitedNode())
                        || option(packet, length, OPTION_SOURCE_MAC).length > 0)) {
            throw new MalformedMessageException(
                    8, "a solicitation in nobody's name that is not for everybody, or says who asks");
        }
        return new Sighting(
                form,
                mac(packet, length, OPTION_SOURCE_MAC, frame.source()),
                source,
                frame.destination(),
                target,
                option(packet, length, TokenMark.OPTION_TYPE));
    }

    private static Sighting advertisement(
            EthernetFrame frame, byte[] packet, int length, Ipv6Address target, int flags) {
        Ipv6Address destination = address(packet, 24);
        boolean isSolicited = (flags & FLAG_SOLICITED) != 0;
        if (isSolicited && destination.isMulticast()) {
            throw new MalformedMessageException(IPV6_BYTES + 4, "a solicited advertisement to everybody");
        }
        return new Sighting(
                isSolicited ? Form.ANSWER : Form.ANNOUNCEMENT,
                mac(packet, length, OPTION_TARGET_MAC, frame.source()),
                target,
                frame.destination(),
                isSolicited ? destination : target,
                option(packet, length, TokenMark.OPTION_TYPE));
    }

    private static Ipv6Address address(byte[] packet, int at) {
        return Ipv6Address.of(Arrays.copyOfRange(packet, at, at + Ipv6Address.BYTES));
    }

    private static MacAddress mac(byte[] packet, int length, int type, MacAddress otherwise) {
        byte[] option = option(packet, length, type);
        return option.length == OPTION_UNIT ? MacAddress.of(Arrays.copyOfRange(option, 2, OPTION_UNIT)) : otherwise;
    }

    /** The first option of a type with its header; empty if there is none. */
    private static byte[] option(byte[] packet, int length, int type) {
        int end = IPV6_BYTES + length;
        int at = IPV6_BYTES + DISCOVERY_BYTES;
        byte[] found = new byte[0];
        while (at < end) {
            int size = end - at < 2 ? 0 : (packet[at + 1] & 0xff) * OPTION_UNIT;
            if (size == 0 || size > end - at) {
                throw new MalformedMessageException(at, "an option of " + size + " bytes with " + (end - at) + " left");
            }
            if (found.length == 0 && (packet[at] & 0xff) == type) {
                found = Arrays.copyOfRange(packet, at, at + size);
            }
            at += size;
        }
        return found;
    }

    /** The sum of RFC 1071 over the pseudo-header of RFC 8200, 8.1 and the message, checksum included: all ones if it is right. */
    private static int sum(ByteBuffer packet, int length) {
        long sum = length + ICMPV6;
        for (int at = 8; at < IPV6_BYTES + length - 1; at += 2) {
            sum += packet.getShort(at) & 0xffff;
        }
        if ((length & 1) != 0) {
            sum += (packet.get(IPV6_BYTES + length - 1) & 0xff) << 8;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Sighting that
                && form == that.form
                && senderMac.equals(that.senderMac)
                && sender.equals(that.sender)
                && targetMac.equals(that.targetMac)
                && target.equals(that.target)
                && Arrays.equals(mark, that.mark);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * senderMac.hashCode() + sender.hashCode()) + target.hashCode();
    }
}
