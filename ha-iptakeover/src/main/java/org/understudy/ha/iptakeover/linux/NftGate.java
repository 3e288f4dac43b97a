package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressGate;

/**
 * An address gate in nf_tables, the twin of three tables that are made, changed and removed together:
 *
 * <pre>
 * table netdev understudy-192.0.2.10 {
 *   flags owner,persist
 *   set armed { type ipv4_addr; flags timeout; }
 *   set open  { type ipv4_addr; flags timeout; }
 *   chain in  { type filter hook ingress device "lan0" priority -400; policy accept;
 *               ip daddr 192.0.2.10 ip daddr != @open drop
 *               arp daddr ip 192.0.2.10 arp daddr ip != @open drop }
 *   chain out { type filter hook egress device "lan0" priority -400; policy accept;
 *               ip saddr 192.0.2.10 ip saddr != @open drop
 *               arp saddr ip 192.0.2.10 arp saddr ip != @open drop }
 * }
 * table ip understudy-192.0.2.10 {
 *   set open  { type ipv4_addr; flags timeout; }
 *   chain in  { type filter hook input priority -400; policy accept;
 *               iif != "lo" ip daddr 192.0.2.10 ip daddr != @open drop }
 *   chain out { type filter hook output priority -400; policy accept;
 *               oif != "lo" ip saddr 192.0.2.10 ip saddr != @open drop }
 * }
 * table arp understudy-192.0.2.10 {
 *   set open  { type ipv4_addr; flags timeout; }
 *   chain in  { type filter hook input priority -400; policy accept;
 *               iif != "lan0" arp operation request arp daddr ip 192.0.2.10 drop }
 *   chain out { type filter hook output priority -400; policy accept;
 *               oif != "lo" arp saddr ip 192.0.2.10 arp saddr ip != @open drop }
 * }
 * </pre>
 *
 * <p>The first alone holds one card, and Linux answers ARP for each of its addresses on every card ({@code arp_ignore} 0). So the last
 * one never lets another card answer, open or not; answers to the host's own questions still come in by it. The other
 * rules mute what is routed over other cards: hosts behind a second network, and containers of this host.
 *
 * <p>Opening is "delete from {@code armed}, add to {@code open}" in one transaction, prolonging "delete from {@code open}, add
 * to {@code open}": the delete of an expired element fails with ENOENT and takes the whole transaction with it. The egress hook
 * also sees frames of packet sockets, so a stalled announcer stays mute.
 *
 * <p>Where the kernel can (6.9 and later) the table is owned by this socket and persistent: {@code nft flush ruleset} by
 * somebody else spares it, and it stays when the process dies. Elsewhere a flush is noticed at the next prolonging.
 */
public final class NftGate implements AddressGate {
    private static final String PREFIX = "understudy-";
    private static final String COMMENT = "understudy tag ";
    private static final String ARMED = "armed";
    private static final String OPEN = "open";
    private static final String IN = "in";
    private static final String OUT = "out";
    /** Before everything else of this host that hooks the device. */
    private static final int PRIORITY = -400;

    private static final int[] FAMILIES = {NfTables.FAMILY_NETDEV, NfTables.FAMILY_IPV4, NfTables.FAMILY_ARP};
    /** {@code LOOPBACK_IFINDEX}: the same in every network namespace. */
    private static final int LOOPBACK_INDEX = 1;

    private static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int ETHERTYPE_ARP = 0x0806;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV4_DESTINATION = 16;
    private static final int ARP_SENDER = 14;
    private static final int ARP_TARGET = 24;

    private final NetlinkSocket socket;
    private final String table;
    private final String device;
    private final int index;
    private final byte[] key;

    /**
     * Opens the socket; the kernel is not changed yet.
     *
     * @param index of the device
     * @throws PlatformException if no netlink socket can be opened
     */
    public NftGate(Ipv4Address address, String device, int index) {
        this(tableOf(address), address, device, index);
    }

    private NftGate(String table, Ipv4Address address, String device, int index) {
        this.table = table;
        this.device = device;
        this.index = index;
        this.key = address.toBytes();
        this.socket = NetlinkSocket.open(NetlinkSocket.NETFILTER);
    }

    private static String tableOf(Ipv4Address address) {
        return PREFIX + address;
    }

    /**
     * Whether gates work on this host, by making one that concerns no traffic, using it and taking it away again. Changes
     * nothing that stays.
     *
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    public static void tryOut() {
        String name = PREFIX + "trial-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
        // On the loopback, which every host has and where nobody uses 0.0.0.0.
        try (NftGate trial = new NftGate(name, Ipv4Address.ANY, "lo", LOOPBACK_INDEX)) {
            // Not persistent: if this process is killed here, the kernel takes it away with the socket.
            trial.create(NfTables.TABLE_OWNER, 1, 0);
            try {
                if (!trial.arm(60_000) || !trial.open(60_000) || !trial.prolong(60_000)) {
                    throw new PlatformException("nf_tables", 0, "nf_tables lost a set element at once: no gate here");
                }
                trial.shut();
                if (trial.prolong(60_000)) {
                    throw new PlatformException(
                            "nf_tables", 0, "nf_tables prolonged an absent set element: no gate on this kernel");
                }
            } finally {
                trial.remove();
            }
        }
    }

    @Override
    public void create(int tag) {
        create(NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST, tag, 0);
    }

    private void create(int flags, int tag, int flagsOnOldKernels) {
        NetlinkAck ack = create(flags, tag);
        if (ack.errno() == Libc.EOPNOTSUPP || ack.errno() == Libc.EINVAL) {
            ack = create(flagsOnOldKernels, tag);
        }
        if (ack.errno() == Libc.ENOENT || ack.errno() == Libc.EOPNOTSUPP) {
            throw new PlatformException(
                    "NFT_MSG_NEWTABLE",
                    ack.errno(),
                    "gate " + table + " on " + device + " cannot be made (" + Libc.errnoName(ack.errno())
                            + "): it needs Linux 5.16 or later with nf_tables for the families netdev, ip and arp"
                            + " (CONFIG_NF_TABLES_NETDEV, _IPV4, _ARP and CONFIG_NETFILTER_EGRESS)");
        }
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("NFT_MSG_NEWTABLE", ack, "gate " + table + " on " + device);
        }
    }

    private NetlinkAck create(int flags, int tag) {
        NetlinkAck ack = socket.transact(creation(flags, tag, false));
        if (ack.errno() == Libc.EEXIST) {
            ack = socket.transact(creation(flags, tag, true));
        }
        if (ack.errno() == Libc.EPERM && exists()) {
            throw new PlatformException(
                    "NFT_MSG_NEWTABLE",
                    Libc.EPERM,
                    "gate " + table
                            + " belongs to another running process of this host, which has the address: end that"
                            + " process first");
        }
        return ack;
    }

    /** False also where looking is not permitted, so that a missing capability is not taken for an owner. */
    private boolean exists() {
        try {
            return socket.dump(NfTables.dumpTables(), "NFT_MSG_GETTABLE").stream()
                    .flatMap(m -> NfTables.decodeTable(m).stream())
                    .anyMatch(t -> t.name().equals(table));
        } catch (PlatformException e) {
            return false;
        }
    }

    private List<NetlinkMessage> creation(int flags, int tag, boolean replace) {
        List<NetlinkMessage> changes = new ArrayList<>();
        if (replace) {
            changes.addAll(removal(table));
        }
        int set = 0;
        for (int family : FAMILIES) {
            changes.add(NfTables.newTable(family, table, flags, comment(tag)));
            changes.add(NfTables.newTimeoutSet(family, table, OPEN, ++set));
        }
        changes.add(NfTables.newTimeoutSet(NfTables.FAMILY_NETDEV, table, ARMED, ++set));
        changes.add(NfTables.newChain(table, IN, NfTables.HOOK_INGRESS, PRIORITY, device));
        changes.add(NfTables.newChain(table, OUT, NfTables.HOOK_EGRESS, PRIORITY, device));
        changes.add(NfTables.dropUnlessOpen(table, IN, ETHERTYPE_IPV4, IPV4_DESTINATION, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, IN, ETHERTYPE_ARP, ARP_TARGET, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, OUT, ETHERTYPE_IPV4, IPV4_SOURCE, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, OUT, ETHERTYPE_ARP, ARP_SENDER, key, OPEN));
        chains(changes, NfTables.FAMILY_IPV4, NfTables.HOOK_IPV4_IN, NfTables.HOOK_IPV4_OUT);
        changes.add(dropRouted(NfTables.FAMILY_IPV4, IN, NfTables.META_INDEX_IN, IPV4_DESTINATION));
        changes.add(dropRouted(NfTables.FAMILY_IPV4, OUT, NfTables.META_INDEX_OUT, IPV4_SOURCE));
        chains(changes, NfTables.FAMILY_ARP, NfTables.HOOK_ARP_IN, NfTables.HOOK_ARP_OUT);
        changes.add(NfTables.dropRequestsElsewhere(table, IN, index, key));
        changes.add(dropRouted(NfTables.FAMILY_ARP, OUT, NfTables.META_INDEX_OUT, ARP_SENDER));
        return changes;
    }

    private void chains(List<NetlinkMessage> changes, int family, int in, int out) {
        changes.add(NfTables.newChain(family, table, IN, in, PRIORITY));
        changes.add(NfTables.newChain(family, table, OUT, out, PRIORITY));
    }

    private NetlinkMessage dropRouted(int family, String chain, int meta, int offset) {
        return NfTables.dropUnlessOpen(family, table, chain, meta, LOOPBACK_INDEX, offset, key, OPEN);
    }

    /** Works whichever of the tables are there: adding one that is there changes nothing. */
    private static List<NetlinkMessage> removal(String table) {
        List<NetlinkMessage> changes = new ArrayList<>();
        for (int family : FAMILIES) {
            changes.add(NfTables.ensureTable(family, table));
            changes.add(NfTables.deleteTable(family, table));
        }
        return changes;
    }

    private static String comment(int tag) {
        return COMMENT + Integer.toHexString(tag);
    }

    @Override
    public boolean arm(long timeoutMillis) {
        // The flushes are refused where one of the tables is missing, and leave nothing for the opening to stumble on.
        List<NetlinkMessage> changes = closing();
        changes.add(NfTables.newElement(NfTables.FAMILY_NETDEV, table, ARMED, key, timeoutMillis));
        return accepted(socket.transact(changes), "arm");
    }

    @Override
    public boolean open(long timeoutMillis) {
        List<NetlinkMessage> changes = new ArrayList<>();
        changes.add(NfTables.deleteElement(NfTables.FAMILY_NETDEV, table, ARMED, key));
        for (int family : FAMILIES) {
            changes.add(NfTables.newElement(family, table, OPEN, key, timeoutMillis));
        }
        return accepted(socket.transact(changes), "open");
    }

    @Override
    public boolean prolong(long timeoutMillis) {
        List<NetlinkMessage> changes = new ArrayList<>();
        for (int family : FAMILIES) {
            changes.add(NfTables.deleteElement(family, table, OPEN, key));
            changes.add(NfTables.newElement(family, table, OPEN, key, timeoutMillis));
        }
        return accepted(socket.transact(changes), "prolong");
    }

    private boolean accepted(NetlinkAck ack, String what) {
        if (ack.isDone()) {
            return true;
        }
        if (ack.errno() == Libc.ENOENT) {
            return false;
        }
        throw NetlinkSocket.refused("nf_tables " + what, ack, table);
    }

    @Override
    public void shut() {
        if (!accepted(socket.transact(closing()), "shut")) {
            for (NetlinkMessage one : closing()) {
                accepted(socket.transact(List.of(one)), "shut");
            }
        }
    }

    /** Unlike deleting the elements this is not refused when they have expired. */
    private List<NetlinkMessage> closing() {
        List<NetlinkMessage> changes = new ArrayList<>();
        for (int family : FAMILIES) {
            changes.add(NfTables.flushSet(family, table, OPEN));
        }
        return changes;
    }

    @Override
    public void remove() {
        remove(socket, table);
    }

    /**
     * Takes the gate of an address away, whoever made it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static void remove(Ipv4Address address) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            remove(socket, tableOf(address));
        }
    }

    private static void remove(NetlinkSocket socket, String table) {
        NetlinkAck ack = socket.transact(removal(table));
        if (!ack.isDone() && ack.errno() != Libc.ENOENT) {
            throw NetlinkSocket.refused("NFT_MSG_DELTABLE", ack, table);
        }
    }

    /**
     * Whether the gate of an address exists and is open, whoever opened it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static boolean isOpen(Ipv4Address address) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            return socket
                    .dump(NfTables.dumpElements(NfTables.FAMILY_NETDEV, tableOf(address), OPEN), "NFT_MSG_GETSETELEM")
                    .stream()
                    .anyMatch(m -> !NfTables.decodeKeys(m).isEmpty());
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Removes the gates that carry one of the tags, except those of addresses that still stand.
     *
     * @throws PlatformException if the kernel refuses
     */
    static void removeTagged(NetlinkSocket socket, List<Integer> tags, List<Ipv4Address> except) {
        Set<String> names = new TreeSet<>();
        for (NetlinkMessage m : socket.dump(NfTables.dumpTables(), "NFT_MSG_GETTABLE")) {
            NfTables.Table found = NfTables.decodeTable(m).orElse(new NfTables.Table(0, "", 0, ""));
            boolean tagged = tags.stream().anyMatch(tag -> found.comment().equals(comment(tag)));
            boolean excepted = except.stream().anyMatch(a -> found.name().equals(tableOf(a)));
            if (found.name().startsWith(PREFIX) && tagged && !excepted) {
                names.add(found.name());
            }
        }
        names.forEach(name -> remove(socket, name));
    }

    @Override
    public void close() {
        socket.close();
    }
}
