package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * An entry of the neighbour table, {@code struct ndmsg} and its attributes.
 *
 * <pre>
 *  0  1  family        2 = IPv4, 10 = IPv6
 *  4  4  interface index
 *  8  2  state         NUD_...
 * 10  1  flags         NTF_...
 * 11  1  type of the address, RTN_...
 * 12  n  attributes
 * </pre>
 */
public record NeighbourMessage(
        int family, int interfaceIndex, int state, int flags, int type, List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWNEIGH}. */
    public static final int NEW = 28;
    /** {@code RTM_GETNEIGH}. */
    public static final int GET = 30;

    /** {@code NUD_REACHABLE}: confirmed lately. */
    public static final int REACHABLE = 2;
    /** {@code NUD_STALE}: known, not confirmed lately. */
    public static final int STALE = 4;
    /** {@code NUD_DELAY}: used while stale, waiting for a confirmation. */
    public static final int DELAY = 8;

    private static final int HEADER_BYTES = 12;
    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int NDA_CACHEINFO = 3;
    private static final int NDA_IFINDEX = 8;
    private static final int NTF_ROUTER = 0x80;
    /** {@code USER_HZ}: the unit of times in {@code struct nda_cacheinfo}, whatever the kernel ticks with. */
    private static final int TICK_MILLIS = 10;

    public NeighbourMessage {
        attributes = List.copyOf(attributes);
    }

    /**
     * {@code ip neigh show dev IF}. Kernels that do not know the filter answer for all interfaces.
     *
     * @param family {@link RouteMessage#FAMILY_IPV4} or {@link RouteMessage#FAMILY_IPV6}
     */
    public static NetlinkMessage dumpRequest(int family, int interfaceIndex) {
        NeighbourMessage all =
                new NeighbourMessage(family, 0, 0, 0, 0, List.of(NetlinkAttribute.ofInt(NDA_IFINDEX, interfaceIndex)));
        return new NetlinkMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP, 0, 0, all.encode());
    }

    /** The payload. */
    public byte[] encode() {
        byte[] tail = NetlinkAttribute.encodeAll(attributes);
        return ByteBuffer.allocate(HEADER_BYTES + tail.length)
                .order(ByteOrder.nativeOrder())
                .putInt(0, 0)
                .put(0, (byte) family)
                .putInt(4, interfaceIndex)
                .putShort(8, (short) state)
                .put(10, (byte) flags)
                .put(11, (byte) type)
                .position(HEADER_BYTES)
                .put(tail)
                .array();
    }

    /**
     * Reads the payload of a message.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static NeighbourMessage decode(byte[] payload) {
        if (payload.length < HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "ndmsg has 12 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        return new NeighbourMessage(
                in.get(0) & 0xff,
                in.getInt(4),
                in.getShort(8) & 0xffff,
                in.get(10) & 0xff,
                in.get(11) & 0xff,
                NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    /** {@code NDA_DST}, empty if it is no IP address. */
    public Optional<IpAddress> address() {
        return NetlinkAttribute.find(attributes, NDA_DST)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length == Ipv4Address.BYTES || v.length == Ipv6Address.BYTES)
                .map(IpAddress::of);
    }

    /** {@code NDA_LLADDR}, empty if it has not six bytes or is not known. */
    public Optional<MacAddress> mac() {
        return NetlinkAttribute.find(attributes, NDA_LLADDR)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length == MacAddress.BYTES)
                .map(MacAddress::of);
    }

    /** Milliseconds since the kernel last sent something to it, {@code ndm_used} in steps of 10; empty if it does not say. */
    public Optional<Long> usedMillisAgo() {
        return NetlinkAttribute.find(attributes, NDA_CACHEINFO)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length >= 8)
                .map(v -> (ByteBuffer.wrap(v).order(ByteOrder.nativeOrder()).getInt(4) & 0xffff_ffffL) * TICK_MILLIS);
    }

    /** Whether its hardware address is known and it is a host that may still be there: reachable, stale or being asked. */
    public boolean isRecent() {
        return (state & (REACHABLE | STALE | DELAY)) != 0;
    }

    /** {@code NTF_ROUTER}: it said so itself. IPv6 only. */
    public boolean isRouter() {
        return (flags & NTF_ROUTER) != 0;
    }
}
