package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;
import org.understudy.ha.iptakeover.netlink.NfTables.Condition;

/**
 * Keeps the kernel from speaking for itself in IPv6 on an interface with a service's hardware address, the twin of
 *
 * <pre>
 * table netdev understudy_mute_17 {
 *   flags owner,persist
 *   chain out { type filter hook egress device "vip0" priority -400; policy accept;
 *               meta protocol ip6 ip6 nexthdr hopopt drop                      # reports of multicast listeners
 *               meta protocol ip6 icmpv6 type nd-router-solicit drop }
 * }
 * </pre>
 *
 * <p>A switch learns the way to a hardware address from any frame. Linux reports the groups of each IPv6 address (RFC 3810), unasked when it
 * gets or loses one and whenever somebody asks, and nothing else can stop that while the interface has addresses: no setting of the
 * kernel does, and the gate knows those frames not by an address of the service. So they are stopped for good, by the kernel, whether this
 * process lives or not, and whether it still owns the service or not.
 *
 * <p>The number in the name is the interface's, which the kernel gives to no other one. Owned and persistent where the kernel can (6.9 and
 * later), so that {@code nft flush ruleset} by somebody else spares it, as with {@link NftGate}.
 */
final class NftMute implements AutoCloseable {
    /** Not that of gates, which are looked through. */
    private static final String PREFIX = "understudy_mute_";

    private static final String COMMENT = "understudy: the kernel does not speak for itself here";
    private static final String OUT = "out";
    private static final int PRIORITY = -400;
    private static final int ETHERTYPE_IPV6 = 0x86dd;
    private static final int ROUTER_SOLICITATION = 133;

    private final NetlinkSocket socket;
    private final String table;

    /**
     * Opens the socket; the kernel is not changed yet.
     *
     * @throws PlatformException if no netlink socket can be opened
     */
    NftMute(int index) {
        this(nameOf(index));
    }

    static String nameOf(int index) {
        return PREFIX + index;
    }

    private NftMute(String table) {
        this.table = table;
        this.socket = NetlinkSocket.open(NetlinkSocket.NETFILTER);
    }

    /**
     * Whether this works on this host, by making one that concerns nobody's traffic and taking it away again.
     *
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    static void tryOut() {
        String name = PREFIX + "trial_" + ProcessHandle.current().pid() + "_" + Long.toHexString(System.nanoTime());
        try (NftMute trial = new NftMute(name)) {
            // Not persistent: if this process is killed here, the kernel takes it away with the socket.
            trial.create("lo", NfTables.TABLE_OWNER);
            trial.remove();
        }
    }

    /**
     * Mutes an interface from now on; what an earlier process left under this name is replaced.
     *
     * @throws PlatformException if the kernel refuses
     */
    void create(String device) {
        create(device, NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST);
    }

    private void create(String device, int flags) {
        NetlinkAck ack = socket.transact(creation(device, flags));
        if (ack.errno() == Libc.EOPNOTSUPP || ack.errno() == Libc.EINVAL) {
            ack = socket.transact(creation(device, 0));
        }
        if (ack.errno() == Libc.ENOENT || ack.errno() == Libc.EOPNOTSUPP) {
            throw new PlatformException(
                    "NFT_MSG_NEWTABLE",
                    ack.errno(),
                    "it needs Linux 5.16 or later with nf_tables for the family netdev (CONFIG_NF_TABLES_NETDEV and"
                            + " CONFIG_NETFILTER_EGRESS): " + Libc.errnoName(ack.errno()));
        }
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("NFT_MSG_NEWTABLE", ack, table + " on " + device);
        }
    }

    private List<NetlinkMessage> creation(String device, int flags) {
        List<NetlinkMessage> changes = new ArrayList<>(removal());
        changes.add(NfTables.newTable(NfTables.FAMILY_NETDEV, table, flags, COMMENT));
        changes.add(NfTables.newChain(table, OUT, NfTables.HOOK_EGRESS, PRIORITY, device));
        changes.add(drop(NfTables.hasHopByHopOptions()));
        changes.add(drop(NfTables.isIcmpV6(ROUTER_SOLICITATION)));
        return changes;
    }

    private NetlinkMessage drop(Condition what) {
        return NfTables.drop(NfTables.FAMILY_NETDEV, table, OUT, NfTables.protocol(ETHERTYPE_IPV6), what);
    }

    /** Works also if there is none. */
    private List<NetlinkMessage> removal() {
        return List.of(
                NfTables.ensureTable(NfTables.FAMILY_NETDEV, table),
                NfTables.deleteTable(NfTables.FAMILY_NETDEV, table));
    }

    /**
     * Lets the interface speak again, whoever muted it.
     *
     * @throws PlatformException if the kernel refuses; EPERM while a living process owns it
     */
    void remove() {
        NetlinkAck ack = socket.transact(removal());
        if (!ack.isDone() && ack.errno() != Libc.ENOENT) {
            throw NetlinkSocket.refused("NFT_MSG_DELTABLE", ack, table);
        }
    }

    @Override
    public String toString() {
        return "table netdev " + table;
    }

    @Override
    public void close() {
        socket.close();
    }
}
