package org.understudy.ha.iptakeover.spi;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * Makes, changes and removes network interfaces. Thread-safe; a call takes microseconds, removing one about 20 ms.
 *
 * <p>Every change throws {@link PlatformException} if the kernel refuses it: EPERM without CAP_NET_ADMIN, ENODEV if there is no such
 * interface.
 */
public interface LinkControl extends AutoCloseable {

    /**
     * One interface now.
     *
     * @param kind the driver of a virtual one, for example {@code macvlan}; empty for a card
     * @param parentIndex what it stands on, 0 if nothing of this namespace
     * @param masterIndex the bridge or bond it is a port of, 0 if none
     * @param mac its hardware address, if it has six bytes
     * @param permanentMac the address it was made with, where the driver knows one
     * @param alias what somebody wrote on it, empty if nothing; one character for each byte
     * @param speaksArp Ethernet and not {@code NOARP}
     * @param isIpv6Off empty where the kernel has no IPv6 on it
     * @param acceptRouterAdvertisements {@code net.ipv6.conf.NAME.accept_ra}
     * @param ipv6AddressMode how IPv6 makes a link-local address, {@code addrgenmode} in {@code ip -d link}
     */
    record Entry(
            String name,
            int index,
            String kind,
            int parentIndex,
            int masterIndex,
            Optional<MacAddress> mac,
            Optional<MacAddress> permanentMac,
            String alias,
            boolean isUp,
            boolean hasCarrier,
            boolean isLoopback,
            boolean speaksArp,
            int arpIgnore,
            int reversePathFilter,
            int arpAnnounce,
            Optional<Boolean> isIpv6Off,
            int acceptRouterAdvertisements,
            int ipv6AddressMode) {

        public boolean isMacvlan() {
            return kind.equals("macvlan");
        }
    }

    /** Every interface of this namespace. */
    List<Entry> list();

    Optional<Entry> byIndex(int index);

    /** A macvlan in private mode, down, without multicast. EEXIST if the name is taken. */
    void addPrivateMacvlan(int parentIndex, String name, MacAddress mac);

    /**
     * @return false if it was absent
     */
    boolean remove(int index);

    void setAlias(int index, String alias);

    /** EEXIST if the name is taken. */
    void rename(int index, String name);

    /** EBUSY if this driver takes a new address only while it is down. */
    void setMac(int index, MacAddress mac);

    void setUp(int index, boolean isUp);

    /** Puts up one that nobody is to send by: without multicast, with a queue of one packet. */
    void setUpSilent(int index);

    /**
     * Takes the route to all groups of IPv6 over it away, which would otherwise draw what is sent to a group without naming an interface.
     * The kernel makes it when one is put up and when it gets an address. Absent is fine.
     */
    void removeWayToGroups(int index);

    /** {@code net.ipv4.conf.NAME.arp_ignore}. */
    void setArpIgnore(int index, int value);

    /** {@code net.ipv4.conf.NAME.rp_filter}. */
    void setReversePathFilter(int index, int value);

    /** {@code net.ipv4.conf.NAME.arp_announce}. */
    void setArpAnnounce(int index, int value);

    /**
     * {@code ip link set NAME addrgenmode MODE}; 1, {@code none}: no link-local address, should IPv6 be on. Nothing where the kernel has no
     * IPv6.
     */
    void setIpv6AddressMode(Entry link, int mode);

    /**
     * {@code net.ipv6.conf.NAME.disable_ipv6}, which netlink cannot change. Nothing where the kernel has no IPv6.
     *
     * @throws PlatformException if {@code /proc/sys} cannot be written
     */
    void setIpv6Off(Entry link, boolean isOff);

    /**
     * {@code net.ipv6.conf.NAME.accept_ra}, which netlink cannot change either; 0 takes no addresses, no routes and no settings from routers.
     * Nothing where the kernel has no IPv6.
     *
     * @throws PlatformException if {@code /proc/sys} cannot be written
     */
    void setAcceptRouterAdvertisements(Entry link, int value);

    @Override
    void close();
}
