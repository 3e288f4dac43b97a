package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
    /** {@code RTM_DELLINK}. */
    public static final int DELETE = 17;
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
    private static final int IFLA_LINK = 5;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_IFALIAS = 20;
    private static final int IFLA_AF_SPEC = 26;
    private static final int IFLA_EXT_MASK = 29;
    private static final int IFLA_CARRIER = 33;
    private static final int IFLA_EVENT = 44;
    private static final int IFLA_PERM_ADDRESS = 54;
    private static final int IFLA_INFO_KIND = 1;

    private static final int FAMILY_IPV4 = 2;
    private static final int FAMILY_IPV6 = 10;
    private static final int IFLA_INET_CONF = 1;
    private static final int IFLA_INET6_CONF = 2;
    private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
    /** {@code DEVCONF_FORWARDING}. */
    private static final int FORWARDING = 0;
    /** {@code DEVCONF_ACCEPT_RA}. */
    private static final int ACCEPT_RA = 3;
    /** {@code DEVCONF_DISABLE_IPV6}, {@code linux/ipv6.h}. */
    private static final int DISABLE_IPV6 = 26;

    private static final int IFLA_CARRIER_DOWN_COUNT = 48;
    private static final int SKIP_STATISTICS = 8;

    /** {@code IFLA_EVENT_BONDING_FAILOVER}, {@code IFLA_EVENT_NOTIFY_PEERS} and {@code IFLA_EVENT_IGMP_RESEND}, {@code linux/if_link.h}. */
    private static final List<Integer> MOVES = List.of(3, 4, 5);

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

    /** {@code ip link show}: all of them, without the statistics. */
    public static NetlinkMessage dumpRequest() {
        return request(0, List.of()).withFlags(NetlinkMessage.DUMP);
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

    /**
     * Whether a message is about the interface itself. The same types with another family tell of its membership in a bridge: there
     * {@link #DELETE} means that it left one.
     */
    public static boolean isAboutLink(NetlinkMessage message) {
        byte[] payload = message.payload();
        return (message.type() == NEW || message.type() == DELETE) && payload.length > 0 && payload[0] == 0;
    }

    public String name() {
        return NetlinkAttribute.find(attributes, IFLA_IFNAME)
                .map(NetlinkAttribute::asText)
                .orElse("");
    }

    /** The hardware address, if it has six bytes. */
    public Optional<MacAddress> mac() {
        return mac(IFLA_ADDRESS);
    }

    /** The hardware address it was made with, where the driver knows one. */
    public Optional<MacAddress> permanentMac() {
        return mac(IFLA_PERM_ADDRESS);
    }

    private Optional<MacAddress> mac(int type) {
        return find(type)
                .map(NetlinkAttribute::value)
                .filter(v -> v.length == MacAddress.BYTES)
                .map(MacAddress::of);
    }

    /** What somebody wrote on it, empty if nothing; one character for each byte ({@code IFLA_IFALIAS}). */
    public String alias() {
        return find(IFLA_IFALIAS)
                .map(a -> new String(a.value(), StandardCharsets.ISO_8859_1))
                .map(text -> text.indexOf(0) < 0 ? text : text.substring(0, text.indexOf(0)))
                .orElse("");
    }

    /** The driver of a virtual interface, for example {@code macvlan}; empty for a card. */
    public String kind() {
        return find(IFLA_LINKINFO)
                .flatMap(info -> NetlinkAttribute.find(info.nested(), IFLA_INFO_KIND))
                .map(NetlinkAttribute::asText)
                .orElse("");
    }

    /** The interface it stands on, 0 if none. */
    public int parentIndex() {
        return find(IFLA_LINK).map(NetlinkAttribute::asInt).orElse(0);
    }

    /** The bridge or bond it is a port of, 0 if none. */
    public int masterIndex() {
        return find(IFLA_MASTER).map(NetlinkAttribute::asInt).orElse(0);
    }

    /**
     * A setting of IPv4 on it, {@code net.ipv4.conf.NAME}.
     *
     * @param id of {@code linux/ip.h}, for example {@link LinkChange#ARP_IGNORE}
     * @return 0 if the kernel does not tell
     */
    public int ipv4Setting(int id) {
        return family(FAMILY_IPV4, IFLA_INET_CONF)
                .map(values -> values.at(id - 1))
                .orElse(0);
    }

    /** {@code net.ipv6.conf.NAME.disable_ipv6}; empty where the kernel has no IPv6 on it. */
    public Optional<Boolean> isIpv6Off() {
        return family(FAMILY_IPV6, IFLA_INET6_CONF).map(values -> values.at(DISABLE_IPV6) != 0);
    }

    /** {@code net.ipv6.conf.NAME.accept_ra}, 0 if the kernel does not tell. */
    public int acceptRouterAdvertisements() {
        return family(FAMILY_IPV6, IFLA_INET6_CONF)
                .map(values -> values.at(ACCEPT_RA))
                .orElse(0);
    }

    /** How IPv6 makes its link-local address, {@code IFLA_INET6_ADDR_GEN_MODE}; 0, from the hardware address, if the kernel does not tell. */
    public int ipv6AddressMode() {
        return find(IFLA_AF_SPEC)
                .flatMap(spec -> NetlinkAttribute.find(spec.nested(), FAMILY_IPV6))
                .flatMap(six -> NetlinkAttribute.find(six.nested(), IFLA_INET6_ADDR_GEN_MODE))
                .map(NetlinkAttribute::asByte)
                .orElse(0);
    }

    private Optional<Settings> family(int family, int settings) {
        return find(IFLA_AF_SPEC)
                .flatMap(spec -> NetlinkAttribute.find(spec.nested(), family))
                .flatMap(one -> NetlinkAttribute.find(one.nested(), settings))
                .map(a -> new Settings(a.value()));
    }

    /** An array of 32-bit numbers in host order. */
    private record Settings(byte[] bytes) {
        int at(int position) {
            int offset = 4 * position;
            if (offset + 4 > bytes.length) {
                throw new MalformedMessageException(
                        bytes.length, "settings end after " + bytes.length + " bytes, before number " + position);
            }
            return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt(offset);
        }
    }

    private Optional<NetlinkAttribute> find(int type) {
        return NetlinkAttribute.find(attributes, type);
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

    /** How often the carrier went since the interface was made, {@code IFLA_CARRIER_DOWN_COUNT}; 0 before Linux 4.16. */
    public int carrierLosses() {
        return NetlinkAttribute.find(attributes, IFLA_CARRIER_DOWN_COUNT)
                .map(NetlinkAttribute::asInt)
                .orElse(0);
    }

    /**
     * Whether the kernel tells of it because the segment must learn anew where it is ({@code IFLA_EVENT}): a bond or a team under it changed its
     * port, or the virtual machine was moved. Only in what is multicast.
     */
    public boolean isMoved() {
        return find(IFLA_EVENT)
                .map(NetlinkAttribute::asInt)
                .filter(MOVES::contains)
                .isPresent();
    }

    /** Whether it forwards IPv6, {@code net.ipv6.conf.IF.forwarding}: then neighbours take this host for a router. */
    public boolean forwardsV6() {
        return family(FAMILY_IPV6, IFLA_INET6_CONF)
                .map(values -> values.at(FORWARDING) != 0)
                .orElse(false);
    }
}
