package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * An interface, {@code struct ifinfomsg} and its attributes.
 *
 * <pre>
 *  0  1  family, 0
 *  2  2  hardware type, 1 = Ethernet ({@code ARPHRD_ETHER})
 *  4  4  index
 *  8  4  flags
 * 12  4  change mask
 * 16  n  attributes
 * </pre>
 */
public record LinkMessage(int hardwareType, int index, int flags, List<NetlinkAttribute> attributes) {
    /** {@code RTM_NEWLINK}. */
    public static final int NEW = 16;
    /** {@code RTM_GETLINK}. */
    public static final int GET = 18;

    /** {@code ARPHRD_ETHER}. */
    public static final int ETHERNET = 1;

    private static final int IFF_UP = 1;
    private static final int IFF_LOOPBACK = 8;
    private static final int IFF_NOARP = 0x80;
    private static final int IFF_LOWER_UP = 0x10000;

    private static final int HEADER_BYTES = 16;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_EXT_MASK = 29;
    private static final int IFLA_CARRIER = 33;
    private static final int SKIP_STATISTICS = 8;
    private static final int IFLA_AF_SPEC = 26;
    private static final int AF_INET6 = 10;
    /** An array of 32-bit numbers, the first of which is {@code DEVCONF_FORWARDING}. */
    private static final int IFLA_INET6_CONF = 2;

    public LinkMessage {
        attributes = List.copyOf(attributes);
    }

    /** {@code ip link show dev NAME}. */
    public static NetlinkMessage request(String name) {
        return request(0, List.of(NetlinkAttribute.ofText(IFLA_IFNAME, name)));
    }

    /** The same by index, without the statistics: what a frequent look needs. */
    public static NetlinkMessage request(int index) {
        return request(index, List.of());
    }

    private static NetlinkMessage request(int index, List<NetlinkAttribute> which) {
        List<NetlinkAttribute> attributes = new ArrayList<>(which);
        attributes.add(NetlinkAttribute.ofInt(IFLA_EXT_MASK, SKIP_STATISTICS));
        return new NetlinkMessage(GET, NetlinkMessage.REQUEST, 0, 0, new LinkMessage(0, index, 0, attributes).encode());
    }

    /** The payload. */
    public byte[] encode() {
        byte[] tail = NetlinkAttribute.encodeAll(attributes);
        return ByteBuffer.allocate(HEADER_BYTES + tail.length)
                .order(ByteOrder.nativeOrder())
                .putShort((short) 0)
                .putShort((short) hardwareType)
                .putInt(index)
                .putInt(flags)
                .putInt(0)
                .put(tail)
                .array();
    }

    /**
     * Reads the payload of a message.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static LinkMessage decode(byte[] payload) {
        if (payload.length < HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "ifinfomsg has 16 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        return new LinkMessage(
                in.getShort(2) & 0xffff, in.getInt(4), in.getInt(8), NetlinkAttribute.decodeAll(payload, HEADER_BYTES));
    }

    public String name() {
        return NetlinkAttribute.find(attributes, IFLA_IFNAME)
                .map(NetlinkAttribute::asText)
                .orElse("");
    }

    /** The hardware address, if it has six bytes. */
    public Optional<MacAddress> mac() {
        return NetlinkAttribute.find(attributes, IFLA_ADDRESS)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length == MacAddress.BYTES)
                .map(MacAddress::of);
    }

    /** Whether an administrator switched it on. */
    public boolean isUp() {
        return (flags & IFF_UP) != 0;
    }

    public boolean isLoopback() {
        return (flags & IFF_LOOPBACK) != 0;
    }

    /** Whether it is Ethernet and speaks ARP. */
    public boolean speaksArp() {
        return hardwareType == ETHERNET && (flags & (IFF_NOARP | IFF_LOOPBACK)) == 0;
    }

    /** Whether the cable (or what stands for it) is plugged in: {@code IFLA_CARRIER}, else {@code IFF_LOWER_UP}. */
    public boolean hasCarrier() {
        return NetlinkAttribute.find(attributes, IFLA_CARRIER)
                .map(a -> a.asByte() != 0)
                .orElse((flags & IFF_LOWER_UP) != 0);
    }

    /** Whether it forwards IPv6, {@code net.ipv6.conf.IF.forwarding}: then neighbours take this host for a router. */
    public boolean forwardsV6() {
        return NetlinkAttribute.find(attributes, IFLA_AF_SPEC)
                .flatMap(spec -> NetlinkAttribute.find(spec.nested(), AF_INET6))
                .flatMap(six -> NetlinkAttribute.find(six.nested(), IFLA_INET6_CONF))
                .map(conf -> conf.asInt() != 0)
                .orElse(false);
    }
}
