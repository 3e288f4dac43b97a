package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/**
 * A route, {@code struct rtmsg} and its attributes.
 *
 * <pre>
 *  0  1  family              2 = IPv4, 10 = IPv6
 *  1  1  destination prefix  0 = default route
 *  2  1  source prefix
 *  3  1  type of service
 *  4  1  table, the low eight bits
 *  5  1  protocol, who made it
 *  6  1  scope
 *  7  1  type                1 = unicast
 *  8  4  flags
 * 12  n  attributes
 *
 * RTA_MULTIPATH is a list of struct rtnexthop:
 *  0  2  length with its attributes    2  1  flags    3  1  weight - 1    4  4  interface index    8  n  attributes
 * </pre>
 */
public record RouteMessage(
        int family,
        int destinationLength,
        int sourceLength,
        int typeOfService,
        int table,
        int protocol,
        int scope,
        int type,
        int flags,
        List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWROUTE}. */
    public static final int NEW = 24;
    /** {@code RTM_DELROUTE}. */
    public static final int DELETE = 25;
    /** {@code RTM_GETROUTE}. */
    public static final int GET = 26;

    /** {@code AF_INET}. */
    public static final int FAMILY_IPV4 = 2;
    /** {@code AF_INET6}. */
    public static final int FAMILY_IPV6 = 10;

    private static final int HEADER_BYTES = 12;
    private static final int HOP_BYTES = 8;
    private static final int UNICAST = 1;
    private static final int MULTICAST = 5;
    /** {@code ff00::/8}. */
    private static final Ipv6Address GROUPS = new Ipv6Address(0xff00L << 48, 0);

    private static final int GROUPS_LENGTH = 8;
    private static final int TABLE_MAIN = 254;
    private static final int TABLE_LOCAL = 255;
    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_PRIORITY = 6;
    private static final int RTA_PREFSRC = 7;
    private static final int RTA_MULTIPATH = 9;
    private static final int RTA_TABLE = 15;
    private static final int RTA_VIA = 18;
    private static final int SCOPE_LINK = 253;
    /** {@code RT_TABLE_COMPAT}: the number does not fit into the byte. */
    private static final int TABLE_ELSEWHERE = 252;
    /** {@code struct rtvia}: the family stands before the address. */
    private static final int VIA_FAMILY_BYTES = 2;

    public RouteMessage {
        attributes = List.copyOf(attributes);
    }

    /**
     * {@code ip route show table all}.
     *
     * @param family {@link #FAMILY_IPV4} or {@link #FAMILY_IPV6}
     */
    public static NetlinkMessage dumpRequest(int family) {
        RouteMessage all = new RouteMessage(family, 0, 0, 0, 0, 0, 0, 0, 0, List.of());
        return new NetlinkMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP, 0, 0, all.encode());
    }

    /**
     * {@code ip route show table main dev IF}, or {@code ip -6 route}. The kernel leaves out the others only on a socket with {@code
     * NETLINK_GET_STRICT_CHK}.
     */
    public static NetlinkMessage dumpRequest(int family, int interfaceIndex) {
        RouteMessage some = new RouteMessage(
                family, 0, 0, 0, TABLE_MAIN, 0, 0, 0, 0, List.of(NetlinkAttribute.ofInt(RTA_OIF, interfaceIndex)));
        return new NetlinkMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP, 0, 0, some.encode());
    }

    /**
     * {@code ip -6 route del multicast ff00::/8 dev IF table local}: the way for senders to a group that name no interface, which the kernel makes
     * for each.
     */
    public static NetlinkMessage removeWayToGroups(int interfaceIndex) {
        List<NetlinkAttribute> which = List.of(
                NetlinkAttribute.ofBytes(RTA_DST, GROUPS.toBytes()), NetlinkAttribute.ofInt(RTA_OIF, interfaceIndex));
        RouteMessage way = new RouteMessage(FAMILY_IPV6, GROUPS_LENGTH, 0, 0, TABLE_LOCAL, 0, 0, MULTICAST, 0, which);
        return new NetlinkMessage(DELETE, NetlinkMessage.REQUEST, 0, 0, way.encode());
    }

    /**
     * {@code ip route show table all proto PROTO}. The kernel leaves out the others only on a socket with {@code NETLINK_GET_STRICT_CHK}.
     */
    public static NetlinkMessage dumpRequestOf(int family, int proto) {
        RouteMessage some = new RouteMessage(family, 0, 0, 0, 0, proto, 0, 0, 0, List.of());
        return some.toMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP);
    }

    /**
     * {@code ip route add DESTINATION [via GATEWAY] dev IF src SOURCE table TABLE metric METRIC proto PROTO}, or the same to be deleted.
     *
     * @param source empty for a route to be deleted whatever its source is
     * @param metric 0 for the kernel's own choice, which is 1024 in version 6
     */
    public static RouteMessage unicast(
            IpAddress destination,
            int prefixLength,
            Optional<IpAddress> gateway,
            int interfaceIndex,
            Optional<IpAddress> source,
            int table,
            long metric,
            int proto) {
        List<NetlinkAttribute> attributes = new ArrayList<>();
        attributes.add(NetlinkAttribute.ofInt(RTA_TABLE, table));
        if (prefixLength > 0) {
            attributes.add(NetlinkAttribute.ofBytes(RTA_DST, destination.toBytes()));
        }
        if (metric != 0) {
            attributes.add(NetlinkAttribute.ofInt(RTA_PRIORITY, (int) metric));
        }
        source.ifPresent(own -> attributes.add(NetlinkAttribute.ofBytes(RTA_PREFSRC, own.toBytes())));
        gateway.ifPresent(via -> attributes.add(NetlinkAttribute.ofBytes(RTA_GATEWAY, via.toBytes())));
        attributes.add(NetlinkAttribute.ofInt(RTA_OIF, interfaceIndex));
        return new RouteMessage(
                destination.isV6() ? FAMILY_IPV6 : FAMILY_IPV4,
                prefixLength,
                0,
                0,
                tableByte(table),
                proto,
                gateway.isEmpty() && !destination.isV6() ? SCOPE_LINK : 0,
                UNICAST,
                0,
                attributes);
    }

    static int tableByte(int table) {
        return table < 256 ? table : TABLE_ELSEWHERE;
    }

    public NetlinkMessage toMessage(int type, int messageFlags) {
        return new NetlinkMessage(type, messageFlags, 0, 0, encode());
    }

    /** The payload. */
    public byte[] encode() {
        byte[] tail = NetlinkAttribute.encodeAll(attributes);
        return ByteBuffer.allocate(HEADER_BYTES + tail.length)
                .order(ByteOrder.nativeOrder())
                .put((byte) family)
                .put((byte) destinationLength)
                .put((byte) sourceLength)
                .put((byte) typeOfService)
                .put((byte) table)
                .put((byte) protocol)
                .put((byte) scope)
                .put((byte) type)
                .putInt(flags)
                .put(tail)
                .array();
    }

    /**
     * Reads the payload of a message.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static RouteMessage decode(byte[] payload) {
        if (payload.length < HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "rtmsg has 12 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        return new RouteMessage(
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.getInt(),
                NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    /** Whether packets to everywhere take it, as far as no other route is better. */
    public boolean isDefault() {
        return destinationLength == 0 && type == UNICAST;
    }

    /** Whether it leads to hosts on the link of this interface, with no router in between. */
    public boolean isOnLink(int interfaceIndex) {
        return table == TABLE_MAIN
                && type == UNICAST
                && find(RTA_OIF).map(NetlinkAttribute::asInt).orElse(0) == interfaceIndex
                && find(RTA_GATEWAY).isEmpty()
                && find(RTA_VIA).isEmpty()
                && find(RTA_MULTIPATH).isEmpty();
    }

    /**
     * Where it leads; all zero for the default route.
     *
     * @return empty if the attribute does not fit the family
     */
    public Optional<IpAddress> destination() {
        int bytes = family == FAMILY_IPV4 ? Ipv4Address.BYTES : family == FAMILY_IPV6 ? Ipv6Address.BYTES : 0;
        byte[] value = find(RTA_DST).map(NetlinkAttribute::value).orElse(new byte[bytes]);
        return bytes > 0 && value.length == bytes && destinationLength <= bytes * Byte.SIZE
                ? Optional.of(IpAddress.of(value))
                : Optional.empty();
    }

    private Optional<NetlinkAttribute> find(int attribute) {
        return NetlinkAttribute.find(attributes, attribute);
    }

    /** The table, whatever its number. */
    public int tableNumber() {
        return find(RTA_TABLE).map(NetlinkAttribute::asInt).orElse(table);
    }

    /** The address that connections have which take it, if it says. */
    public Optional<IpAddress> source() {
        int bytes = family == FAMILY_IPV4 ? Ipv4Address.BYTES : Ipv6Address.BYTES;
        return find(RTA_PREFSRC)
                .map(NetlinkAttribute::value)
                .filter(value -> value.length == bytes)
                .map(IpAddress::of);
    }

    /** {@code RTA_PRIORITY}, the metric as an unsigned number; the lowest is used first. 0 if absent. */
    public long metric() {
        return NetlinkAttribute.find(attributes, RTA_PRIORITY)
                .map(a -> Integer.toUnsignedLong(a.asInt()))
                .orElse(0L);
    }

    /**
     * The gateways of this route on an interface, of either IP version; none if it leads to hosts on the segment itself.
     *
     * @throws MalformedMessageException if a part is cut off
     */
    public List<IpAddress> gateways(int interfaceIndex) {
        return hops().stream()
                .filter(hop -> hop.interfaceIndex() == interfaceIndex)
                .flatMap(hop -> gateway(hop.attributes()).stream())
                .toList();
    }

    /**
     * The interfaces it leads out of.
     *
     * @throws MalformedMessageException if a part is cut off
     */
    public List<Integer> interfaces() {
        return hops().stream().map(Hop::interfaceIndex).toList();
    }

    /** One way that packets may take. */
    private record Hop(int interfaceIndex, List<NetlinkAttribute> attributes) {}

    private List<Hop> hops() {
        List<Hop> found = new ArrayList<>();
        NetlinkAttribute.find(attributes, RTA_OIF).ifPresent(index -> found.add(new Hop(index.asInt(), attributes)));
        byte[] hops = NetlinkAttribute.find(attributes, RTA_MULTIPATH)
                .map(NetlinkAttribute::value)
                .orElse(new byte[0]);
        ByteBuffer in = ByteBuffer.wrap(hops).order(ByteOrder.nativeOrder());
        int start = 0;
        while (start < hops.length) {
            int left = hops.length - start;
            int size = left < HOP_BYTES ? 0 : in.getShort(start) & 0xffff;
            if (size < HOP_BYTES || size > left) {
                throw new MalformedMessageException(
                        start, "next hop of " + size + " bytes with " + left + " bytes left");
            }
            found.add(new Hop(
                    in.getInt(start + 4),
                    NetlinkAttribute.decodeAll(Arrays.copyOfRange(hops, start, start + size), HOP_BYTES)));
            start += NetlinkMessage.align(size);
        }
        return found;
    }

    private static Optional<IpAddress> gateway(List<NetlinkAttribute> attributes) {
        Optional<byte[]> plain = NetlinkAttribute.find(attributes, RTA_GATEWAY).map(NetlinkAttribute::value);
        Optional<byte[]> other = NetlinkAttribute.find(attributes, RTA_VIA)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length > VIA_FAMILY_BYTES)
                .map(v -> Arrays.copyOfRange(v, VIA_FAMILY_BYTES, v.length));
        return plain.or(() -> other)
                .filter(v -> v.length == Ipv4Address.BYTES || v.length == Ipv6Address.BYTES)
                .map(IpAddress::of)
                .filter(address -> !address.isAny());
    }
}
