package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * A route, {@code struct rtmsg} and its attributes.
 *
 * <pre>
 * 0  1  family        2 = IPv4, 10 = IPv6
 * 1  1  length of the destination's prefix
 * 2  1  length of the source's prefix
 * 3  1  type of service
 * 4  1  table, if below 256
 * 5  1  protocol, who made it
 * 6  1  scope
 * 7  1  type          1 = unicast
 * 8  4  flags
 * 12 n  attributes
 * </pre>
 */
public record RouteMessage(int family, int prefixLength, int table, int type, List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWROUTE}. */
    public static final int NEW = 24;
    /** {@code RTM_GETROUTE}. */
    public static final int GET = 26;

    private static final int HEADER_BYTES = 12;
    private static final int TABLE_MAIN = 254;
    private static final int TYPE_UNICAST = 1;
    private static final int RTA_DESTINATION = 1;
    private static final int RTA_INTERFACE = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_MULTIPATH = 9;
    private static final int RTA_VIA = 18;

    public RouteMessage {
        attributes = List.copyOf(attributes);
    }

    /**
     * {@code ip route show table main dev IF}, or {@code ip -6 route}. The kernel leaves out the others only on a socket with {@code
     * NETLINK_GET_STRICT_CHK}.
     */
    public static NetlinkMessage dumpRequest(int family, int interfaceIndex) {
        byte[] which = NetlinkAttribute.encodeAll(List.of(NetlinkAttribute.ofInt(RTA_INTERFACE, interfaceIndex)));
        byte[] payload = ByteBuffer.allocate(HEADER_BYTES + which.length)
                .put((byte) family)
                .put(new byte[3])
                .put((byte) TABLE_MAIN)
                .put(new byte[HEADER_BYTES - 5])
                .put(which)
                .array();
        return new NetlinkMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP, 0, 0, payload);
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
        return new RouteMessage(
                payload[0] & 0xff,
                payload[1] & 0xff,
                payload[4] & 0xff,
                payload[7] & 0xff,
                NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    /** Whether it leads to hosts on the link of this interface, with no router in between. */
    public boolean isOnLink(int interfaceIndex) {
        return table == TABLE_MAIN
                && type == TYPE_UNICAST
                && find(RTA_INTERFACE).map(NetlinkAttribute::asInt).orElse(0) == interfaceIndex
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
        int bytes = family == AddressMessage.FAMILY_IPV4 ? 4 : family == AddressMessage.FAMILY_IPV6 ? 16 : 0;
        byte[] value = find(RTA_DESTINATION).map(NetlinkAttribute::value).orElse(new byte[bytes]);
        return bytes > 0 && value.length == bytes && prefixLength <= bytes * Byte.SIZE
                ? Optional.of(IpAddress.of(value))
                : Optional.empty();
    }

    private Optional<NetlinkAttribute> find(int type) {
        return NetlinkAttribute.find(attributes, type);
    }
}
