package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * A rule that chooses a table of routes, {@code struct fib_rule_hdr} and its attributes ({@code linux/fib_rules.h}).
 *
 * <pre>
 *  0  1  family              2 = IPv4, 10 = IPv6
 *  1  1  destination prefix
 *  2  1  source prefix
 *  3  1  type of service
 *  4  1  table, the low eight bits, or 252 where it does not fit
 *  5  2  reserved
 *  7  1  action              1 = look up in the table
 *  8  4  flags
 * 12  n  attributes
 * </pre>
 */
public record RuleMessage(
        int family,
        int destinationLength,
        int sourceLength,
        int typeOfService,
        int table,
        int action,
        int flags,
        List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWRULE}. */
    public static final int NEW = 32;
    /** {@code RTM_DELRULE}. */
    public static final int DELETE = 33;
    /** {@code RTM_GETRULE}. */
    public static final int GET = 34;

    private static final int HEADER_BYTES = 12;
    /** {@code FR_ACT_TO_TBL}. */
    private static final int LOOK_UP = 1;

    private static final int FRA_SRC = 2;
    private static final int FRA_PRIORITY = 6;
    private static final int FRA_TABLE = 15;
    private static final int FRA_PROTOCOL = 21;

    public RuleMessage {
        attributes = List.copyOf(attributes);
    }

    /** {@code ip rule add from ADDRESS lookup TABLE priority PRIORITY protocol PROTO}. */
    public static RuleMessage from(IpAddress source, int table, int priority, int proto) {
        return new RuleMessage(
                source.isV6() ? RouteMessage.FAMILY_IPV6 : RouteMessage.FAMILY_IPV4,
                0,
                source.length(),
                0,
                RouteMessage.tableByte(table),
                LOOK_UP,
                0,
                List.of(
                        NetlinkAttribute.ofInt(FRA_TABLE, table),
                        NetlinkAttribute.ofByte(FRA_PROTOCOL, proto),
                        NetlinkAttribute.ofInt(FRA_PRIORITY, priority),
                        NetlinkAttribute.ofBytes(FRA_SRC, source.toBytes())));
    }

    /** {@code ip rule show} or {@code ip -6 rule show}. */
    public static NetlinkMessage dumpRequest(int family) {
        return new RuleMessage(family, 0, 0, 0, 0, 0, 0, List.of())
                .toMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP);
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
                .putShort((short) 0)
                .put((byte) action)
                .putInt(flags)
                .put(tail)
                .array();
    }

    /**
     * Reads the payload of a message.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static RuleMessage decode(byte[] payload) {
        if (payload.length < HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "fib_rule_hdr has 12 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        return new RuleMessage(
                in.get(0) & 0xff,
                in.get(1) & 0xff,
                in.get(2) & 0xff,
                in.get(3) & 0xff,
                in.get(4) & 0xff,
                in.get(7) & 0xff,
                in.getInt(8),
                NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    /** The one address it is about, if it is about one. */
    public Optional<IpAddress> source() {
        int bytes = family == RouteMessage.FAMILY_IPV4 ? 4 : family == RouteMessage.FAMILY_IPV6 ? 16 : 0;
        return find(FRA_SRC)
                .map(NetlinkAttribute::value)
                .filter(value -> bytes > 0 && value.length == bytes && sourceLength == bytes * Byte.SIZE)
                .map(IpAddress::of);
    }

    /** The table, whatever its number. */
    public int tableNumber() {
        return find(FRA_TABLE).map(NetlinkAttribute::asInt).orElse(table);
    }

    /** The lowest is asked first. */
    public int priority() {
        return find(FRA_PRIORITY).map(NetlinkAttribute::asInt).orElse(0);
    }

    /** Who made it, 0 if nobody said; as {@code RTPROT_*}. */
    public int proto() {
        return find(FRA_PROTOCOL).map(NetlinkAttribute::asByte).orElse(0);
    }

    private Optional<NetlinkAttribute> find(int attribute) {
        return NetlinkAttribute.find(attributes, attribute);
    }
}
