package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import org.understudy.ha.api.MalformedMessageException;

/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * <pre>
 *  0  2  hardware type    1 = Ethernet
 *  2  2  protocol type    0x0800 = IPv4
 *  4  1  hardware length  6
 *  5  1  protocol length  4
 *  6  2  operation        1 = request, 2 = reply
 *  8  6  sender hardware address (SHA)
 * 14  4  sender protocol address (SPA)
 * 18  6  target hardware address (THA)
 * 24  4  target protocol address (TPA)
 * </pre>
 *
 * <p>A frame on the wire is padded to 60 bytes, so bytes behind the 28th are ignored.
 *
 * @param operation {@link #REQUEST} or {@link #REPLY}; other numbers are kept as they are
 */
public record ArpPacket(
        int operation,
        MacAddress senderMac,
        Ipv4Address senderAddress,
        MacAddress targetMac,
        Ipv4Address targetAddress) {
    public static final int REQUEST = 1;
    public static final int REPLY = 2;

    static final int BYTES = 28;
    private static final int ETHERNET_IPV4 = 0x0001_0800;
    private static final int LENGTHS = 0x0604;

    /** A gratuitous request: the announcement of RFC 5227, 2.3. Neighbours that know the address take the new sender at once. */
    public static ArpPacket gratuitousRequest(MacAddress mac, Ipv4Address address) {
        return new ArpPacket(REQUEST, mac, address, MacAddress.ZERO, address);
    }

    /**
     * A gratuitous reply (RFC 5944, 4.6). The target hardware address is the sender's own: with zero or broadcast there Linux
     * does not take it for gratuitous and ignores it while its entry is younger than the lock time (one second).
     */
    public static ArpPacket gratuitousReply(MacAddress mac, Ipv4Address address) {
        return new ArpPacket(REPLY, mac, address, mac, address);
    }

    /**
     * Asks one neighbour for its address, in the name of {@code from}. The neighbour learns the sender by answering, also
     * where gratuitous ARP is ignored, and its answer proves that it did.
     */
    public static ArpPacket whoHas(MacAddress mac, Ipv4Address from, Ipv4Address target) {
        return new ArpPacket(REQUEST, mac, from, MacAddress.ZERO, target);
    }

    /** Asks whether anybody uses {@code target} without teaching anybody anything: sender 0.0.0.0 (RFC 5227, 2.1.1). */
    public static ArpPacket probe(MacAddress mac, Ipv4Address target) {
        return new ArpPacket(REQUEST, mac, Ipv4Address.ANY, MacAddress.ZERO, target);
    }

    /** This packet in a frame from the sender to {@code destination}. */
    public EthernetFrame frameTo(MacAddress destination) {
        return new EthernetFrame(destination, senderMac, EthernetFrame.TYPE_ARP, encode());
    }

    /** The 28 bytes. */
    public byte[] encode() {
        return ByteBuffer.allocate(BYTES)
                .putInt(ETHERNET_IPV4)
                .putShort((short) LENGTHS)
                .putShort((short) operation)
                .put(senderMac.toBytes())
                .putInt(senderAddress.bits())
                .put(targetMac.toBytes())
                .putInt(targetAddress.bits())
                .array();
    }

    /**
     * Reads a packet.
     *
     * @throws MalformedMessageException if it is too short or not ARP for IPv4 over Ethernet
     */
    public static ArpPacket decode(byte[] bytes) {
        if (bytes.length < BYTES) {
            throw new MalformedMessageException(bytes.length, "an ARP packet has 28 bytes, not " + bytes.length);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int types = in.getInt();
        if (types != ETHERNET_IPV4) {
            throw new MalformedMessageException(
                    0, "ARP types 0x" + Integer.toHexString(types) + ", not Ethernet and IPv4");
        }
        int lengths = in.getShort();
        if (lengths != LENGTHS) {
            throw new MalformedMessageException(4, "ARP address lengths 0x" + Integer.toHexString(lengths));
        }
        int operation = in.getShort() & 0xffff;
        MacAddress senderMac = mac(in);
        Ipv4Address senderAddress = new Ipv4Address(in.getInt());
        MacAddress targetMac = mac(in);
        return new ArpPacket(operation, senderMac, senderAddress, targetMac, new Ipv4Address(in.getInt()));
    }

    private static MacAddress mac(ByteBuffer in) {
        byte[] bytes = new byte[MacAddress.BYTES];
        in.get(bytes);
        return MacAddress.of(bytes);
    }

    /** Whether the sender claims or answers for {@code address}: a reply or an announcement, not a probe. */
    public boolean claims(Ipv4Address address) {
        return senderAddress.equals(address);
    }
}
