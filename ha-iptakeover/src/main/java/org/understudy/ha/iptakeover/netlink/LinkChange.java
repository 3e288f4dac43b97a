package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * The requests that make, change and remove an interface ({@code linux/if_link.h}). What the kernel says about one is a
 * {@link LinkMessage}.
 */
public final class LinkChange {
    /** {@code RTM_DELLINK}. */
    public static final int DELETE = 17;
    /** {@code RTM_SETLINK}. */
    public static final int SET = 19;

    /** {@code IPV4_DEVCONF_RP_FILTER}, {@code linux/ip.h}. */
    public static final int REVERSE_PATH_FILTER = 8;
    /** {@code IPV4_DEVCONF_ARP_ANNOUNCE}. */
    public static final int ARP_ANNOUNCE = 18;
    /** {@code IPV4_DEVCONF_ARP_IGNORE}. */
    public static final int ARP_IGNORE = 19;

    /** {@code IN6_ADDR_GEN_MODE_NONE}, {@code linux/if_link.h}: IPv6 gives the interface no link-local address. */
    public static final int NO_ADDRESS_OF_ITS_OWN = 1;

    /** {@code IFALIASZ} less the zero byte at its end. */
    public static final int ALIAS_BYTES_MAX = 255;

    private static final int IFF_UP = 1;
    private static final int IFF_MULTICAST = 0x1000;

    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_LINK = 5;
    private static final int IFLA_TXQLEN = 13;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_IFALIAS = 20;
    private static final int IFLA_AF_SPEC = 26;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_MACVLAN_MODE = 1;
    private static final int MACVLAN_MODE_PRIVATE = 1;

    private static final int FAMILY_IPV4 = 2;
    private static final int FAMILY_IPV6 = 10;
    private static final int IFLA_INET_CONF = 1;
    private static final int IFLA_INET6_ADDR_GEN_MODE = 8;

    private LinkChange() {}

    /**
     * {@code ip link add link PARENT name NAME address MAC multicast off type macvlan mode private}; down, and refused if the name
     * is taken.
     */
    public static NetlinkMessage newPrivateMacvlan(int parentIndex, String name, MacAddress mac) {
        NetlinkAttribute mode = NetlinkAttribute.ofInt(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
        return message(
                LinkMessage.NEW,
                NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
                0,
                0,
                IFF_MULTICAST,
                List.of(
                        NetlinkAttribute.ofInt(IFLA_LINK, parentIndex),
                        NetlinkAttribute.ofText(IFLA_IFNAME, name),
                        NetlinkAttribute.ofBytes(IFLA_ADDRESS, mac.toBytes()),
                        NetlinkAttribute.ofNested(
                                IFLA_LINKINFO,
                                NetlinkAttribute.ofText(IFLA_INFO_KIND, "macvlan"),
                                NetlinkAttribute.ofNested(IFLA_INFO_DATA, mode))));
    }

    /** {@code ip link del dev IF}. */
    public static NetlinkMessage remove(int index) {
        return message(DELETE, 0, index, 0, 0, List.of());
    }

    /** {@code ip link set dev IF up} or {@code down}. */
    public static NetlinkMessage setUp(int index, boolean isUp) {
        return message(SET, 0, index, isUp ? IFF_UP : 0, IFF_UP, List.of());
    }

    /** {@code ip link set dev IF multicast off txqueuelen 1 up}: for one that nobody is to send by. */
    public static NetlinkMessage setUpSilent(int index) {
        return message(SET, 0, index, IFF_UP, IFF_UP | IFF_MULTICAST, List.of(NetlinkAttribute.ofInt(IFLA_TXQLEN, 1)));
    }

    /** {@code ip link set dev IF address MAC}. */
    public static NetlinkMessage setMac(int index, MacAddress mac) {
        return message(SET, 0, index, 0, 0, List.of(NetlinkAttribute.ofBytes(IFLA_ADDRESS, mac.toBytes())));
    }

    /** {@code ip link set dev IF name NAME}; refused with EEXIST if the name is taken. */
    public static NetlinkMessage rename(int index, String name) {
        return message(SET, 0, index, 0, 0, List.of(NetlinkAttribute.ofText(IFLA_IFNAME, name)));
    }

    /**
     * {@code ip link set dev IF alias TEXT}. The kernel passes it over in {@link #newPrivateMacvlan}, so it is a request of its own.
     *
     * @param alias one byte for each character, at most {@link #ALIAS_BYTES_MAX}; empty takes the present one away
     */
    public static NetlinkMessage setAlias(int index, String alias) {
        byte[] text = alias.getBytes(StandardCharsets.ISO_8859_1);
        return message(SET, 0, index, 0, 0, List.of(NetlinkAttribute.ofBytes(IFLA_IFALIAS, text)));
    }

    /** {@code sysctl net.ipv4.conf.IF.NAME=VALUE}, also where {@code /proc/sys} is read-only. */
    public static NetlinkMessage setIpv4(int index, int id, int value) {
        return family(index, FAMILY_IPV4, NetlinkAttribute.ofNested(IFLA_INET_CONF, NetlinkAttribute.ofInt(id, value)));
    }

    /**
     * {@code ip link set dev IF addrgenmode MODE}.
     *
     * @param mode for example {@link #NO_ADDRESS_OF_ITS_OWN}
     */
    public static NetlinkMessage setIpv6AddressMode(int index, int mode) {
        return family(index, FAMILY_IPV6, NetlinkAttribute.ofByte(IFLA_INET6_ADDR_GEN_MODE, mode));
    }

    private static NetlinkMessage family(int index, int family, NetlinkAttribute inner) {
        NetlinkAttribute spec = NetlinkAttribute.ofNested(IFLA_AF_SPEC, NetlinkAttribute.ofNested(family, inner));
        return message(SET, 0, index, 0, 0, List.of(spec));
    }

    private static NetlinkMessage message(
            int type, int messageFlags, int index, int flags, int change, List<NetlinkAttribute> attributes) {
        byte[] tail = NetlinkAttribute.encodeAll(attributes);
        byte[] payload = ByteBuffer.allocate(16 + tail.length)
                .order(ByteOrder.nativeOrder())
                .putInt(0)
                .putInt(index)
                .putInt(flags)
                .putInt(change)
                .put(tail)
                .array();
        return new NetlinkMessage(type, messageFlags, 0, 0, payload);
    }
}
