package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * An address on an interface, {@code struct ifaddrmsg} and its attributes.
 *
 * <pre>
 * 0  1  family        2 = IPv4, 10 = IPv6
 * 1  1  prefix length
 * 2  1  flags, the low eight bits; all of them are in IFA_FLAGS
 * 3  1  scope         0 = global, 253 = link, 254 = host
 * 4  4  interface index
 * 8  n  attributes
 * </pre>
 */
public record AddressMessage(
        int family, int prefixLength, int flags, int scope, int interfaceIndex, List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWADDR}. */
    public static final int NEW = 20;
    /** {@code RTM_DELADDR}. */
    public static final int DELETE = 21;
    /** {@code RTM_GETADDR}. */
    public static final int GET = 22;

    /** {@code AF_INET}. */
    public static final int FAMILY_IPV4 = 2;
    /** {@code AF_INET6}. */
    public static final int FAMILY_IPV6 = 10;
    /** {@code IFA_F_NODAD}: usable at once, without duplicate address detection; IPv6 only. */
    public static final int NO_DUPLICATE_DETECTION = 2;
    /** {@code IFA_F_NOPREFIXROUTE}: the kernel adds no route for the prefix. */
    public static final int NO_PREFIX_ROUTE = 0x200;

    /** {@code IFNAMSIZ} less the zero byte at its end. */
    public static final int LABEL_LENGTH_MAX = 15;

    private static final int HEADER_BYTES = 8;
    /** Of the attributes that name an address of version 4: see {@link #named}. The only one of version 6 is at the first place. */
    private static final int FIRST_VALUE_AT = HEADER_BYTES + 4;

    private static final int SECOND_VALUE_AT = FIRST_VALUE_AT + 8;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_LABEL = 3;
    private static final int IFA_CACHEINFO = 6;
    private static final int IFA_FLAGS = 8;
    private static final int IFA_RT_PRIORITY = 9;
    private static final int IFA_PROTO = 11;
    /** {@code INFINITY_LIFE_TIME}, in place of seconds. */
    public static final int FOREVER = -1;

    private static final int MULTICAST_AUTO_JOIN = 0x400;
    private static final int TENTATIVE = 0x40;
    private static final int DUPLICATE = 8;

    public AddressMessage {
        attributes = List.copyOf(attributes);
    }

    /**
     * A /32 or /128 with global scope, without a route, deprecated from the start so that the kernel does not choose it as
     * the source of outgoing connections.
     *
     * @param proto {@code IFA_PROTO}, who made it
     * @param tag {@code IFA_RT_PRIORITY}; means nothing for an address without a prefix route, and comes back in dumps
     * @param validSeconds after which the kernel takes it away, or {@link #FOREVER}
     */
    public static AddressMessage floating(int interfaceIndex, IpAddress address, int proto, int tag, int validSeconds) {
        return floating(interfaceIndex, address, proto, tag, validSeconds, NO_PREFIX_ROUTE);
    }

    /**
     * With another label, {@code IFA_LABEL}; of version 4 only.
     *
     * @param label at most {@link #LABEL_LENGTH_MAX} characters; empty for the one that the kernel gives, the name of the interface
     */
    public AddressMessage withLabel(String label) {
        if (label.isEmpty() || family != FAMILY_IPV4) {
            return this;
        }
        List<NetlinkAttribute> more = new ArrayList<>(attributes);
        more.add(NetlinkAttribute.ofText(IFA_LABEL, label));
        return new AddressMessage(family, prefixLength, flags, scope, interfaceIndex, more);
    }

    /**
     * The same to be sent with {@link NetlinkMessage#REPLACE}: sets the lifetime of an address that stands, and is refused with
     * EINVAL if it does not.
     *
     * <p>By itself {@code RTM_NEWADDR} cannot renew without creating. With {@code IFA_F_MCAUTOJOIN} the kernel joins the address as
     * a multicast group before it creates one, which a unicast address fails, and makes nothing of the flag where the address
     * exists already ({@code inet_rtm_newaddr} in {@code net/ipv4/devinet.c}, {@code inet6_addr_add} and {@code inet6_addr_modify} in {@code
     * net/ipv6/addrconf.c}, Linux 4.1 and later). An IPv6 address shows it from then on ({@code autojoin}).
     */
    public static AddressMessage renewal(int interfaceIndex, IpAddress address, int proto, int tag, int validSeconds) {
        return floating(interfaceIndex, address, proto, tag, validSeconds, NO_PREFIX_ROUTE | MULTICAST_AUTO_JOIN);
    }

    private static AddressMessage floating(
            int interfaceIndex, IpAddress address, int proto, int tag, int validSeconds, int flags) {
        List<NetlinkAttribute> attributes = new ArrayList<>(named(address));
        attributes.add(NetlinkAttribute.ofInt(IFA_FLAGS, address.isV6() ? flags | NO_DUPLICATE_DETECTION : flags));
        attributes.add(NetlinkAttribute.ofBytes(
                IFA_CACHEINFO,
                ByteBuffer.allocate(16)
                        .order(ByteOrder.nativeOrder())
                        .putInt(0)
                        .putInt(validSeconds)
                        .array()));
        attributes.add(NetlinkAttribute.ofInt(IFA_RT_PRIORITY, tag));
        attributes.add(NetlinkAttribute.ofByte(IFA_PROTO, proto));
        return new AddressMessage(family(address), address.length(), 0, 0, interfaceIndex, attributes);
    }

    /** The /32 or /128 that a delete names. */
    public static AddressMessage exactly(int interfaceIndex, IpAddress address) {
        return new AddressMessage(family(address), address.length(), 0, 0, interfaceIndex, named(address));
    }

    /** Version 4: local and peer address both, or a delete may take the first of the subnet. Version 6: without a peer. */
    private static List<NetlinkAttribute> named(IpAddress address) {
        NetlinkAttribute itself = NetlinkAttribute.ofBytes(IFA_ADDRESS, address.toBytes());
        return address.isV6()
                ? List.of(itself)
                : List.of(NetlinkAttribute.ofBytes(IFA_LOCAL, address.toBytes()), itself);
    }

    private static int family(IpAddress address) {
        return address.isV6() ? FAMILY_IPV6 : FAMILY_IPV4;
    }

    /**
     * The same request about each of the addresses. Writes it once for each version and puts the other addresses in: a takeover of a
     * thousand runs in code that nobody has compiled yet.
     *
     * @param request of this class, about one address
     */
    public static List<NetlinkMessage> requests(
            List<IpAddress> addresses, int type, int messageFlags, Function<IpAddress, AddressMessage> request) {
        List<NetlinkMessage> messages = new ArrayList<>(addresses.size());
        Optional<byte[]> four = Optional.empty();
        Optional<byte[]> six = Optional.empty();
        for (IpAddress address : addresses) {
            Optional<byte[]> known = address.isV6() ? six : four;
            byte[] payload = known.isPresent()
                    ? known.get()
                    : request.apply(address).toMessage(type, 0).payload();
            six = address.isV6() ? Optional.of(payload) : six;
            four = address.isV6() ? four : Optional.of(payload);
            byte[] bytes = address.toBytes();
            System.arraycopy(bytes, 0, payload, FIRST_VALUE_AT, bytes.length);
            if (!address.isV6()) {
                System.arraycopy(bytes, 0, payload, SECOND_VALUE_AT, bytes.length);
            }
            messages.add(new NetlinkMessage(type, messageFlags, 0, 0, payload));
        }
        return messages;
    }

    /** {@code ip -4 addr show} or {@code ip -6 addr show} on all interfaces. */
    public static NetlinkMessage dumpRequest(int family) {
        AddressMessage all = new AddressMessage(family, 0, 0, 0, 0, List.of());
        return all.toMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP);
    }

    /** The same on one interface, on a socket with {@code NETLINK_GET_STRICT_CHK}; on others it is everything. */
    public static NetlinkMessage dumpRequest(int family, int interfaceIndex) {
        AddressMessage some = new AddressMessage(family, 0, 0, 0, interfaceIndex, List.of());
        return some.toMessage(GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP);
    }

    public NetlinkMessage toMessage(int type, int messageFlags) {
        byte[] tail = NetlinkAttribute.encodeAll(attributes);
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + tail.length).order(ByteOrder.nativeOrder());
        out.put((byte) family)
                .put((byte) prefixLength)
                .put((byte) flags)
                .put((byte) scope)
                .putInt(interfaceIndex)
                .put(tail);
        return new NetlinkMessage(type, messageFlags, 0, 0, out.array());
    }

    /**
     * Reads the payload of a message.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static AddressMessage decode(byte[] payload) {
        if (payload.length < HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "ifaddrmsg has 8 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        return new AddressMessage(
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.get() & 0xff,
                in.getInt(),
                NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    /**
     * The address of this host: {@code IFA_LOCAL}, or {@code IFA_ADDRESS} where it is missing; empty if it is not of the version that
     * the family says.
     */
    public Optional<IpAddress> local() {
        int bytes = family == FAMILY_IPV4 ? 4 : family == FAMILY_IPV6 ? 16 : 0;
        return find(IFA_LOCAL)
                .or(() -> find(IFA_ADDRESS))
                .map(NetlinkAttribute::value)
                .filter(value -> bytes > 0 && value.length == bytes)
                .map(IpAddress::of);
    }

    /** Who made it, 0 if nobody said. */
    public int proto() {
        return find(IFA_PROTO).map(NetlinkAttribute::asByte).orElse(0);
    }

    /** {@code IFA_RT_PRIORITY}, 0 if absent. */
    public int priority() {
        return find(IFA_RT_PRIORITY).map(NetlinkAttribute::asInt).orElse(0);
    }

    /** For how long it stands, {@link #FOREVER} if it does not end. */
    public int validSeconds() {
        return find(IFA_CACHEINFO)
                .map(NetlinkAttribute::value)
                .filter(value -> value.length >= 2 * Integer.BYTES)
                .map(value ->
                        ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getInt(Integer.BYTES))
                .orElse(FOREVER);
    }

    /** All flags: those of {@code IFA_FLAGS} if present. */
    public int allFlags() {
        return find(IFA_FLAGS).map(NetlinkAttribute::asInt).orElse(flags);
    }

    /** Whether duplicate address detection is under way or has failed, {@code IFA_F_TENTATIVE} or {@code IFA_F_DADFAILED}. */
    public boolean isTentative() {
        return (allFlags() & (TENTATIVE | DUPLICATE)) != 0;
    }

    /** {@code IFA_LABEL}, empty if absent. */
    public String label() {
        return find(IFA_LABEL).map(NetlinkAttribute::asText).orElse("");
    }

    private Optional<NetlinkAttribute> find(int type) {
        return NetlinkAttribute.find(attributes, type);
    }
}
