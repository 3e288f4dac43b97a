package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressGate;

/**
 * An address gate in nf_tables, the twin of
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
 * </pre>
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

    private static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int ETHERTYPE_ARP = 0x0806;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV4_DESTINATION = 16;
    private static final int ARP_SENDER = 14;
    private static final int ARP_TARGET = 24;

    private final NetlinkSocket socket;
    private final String table;
    private final String device;
    private final byte[] key;

    /**
     * Opens the socket; the kernel is not changed yet.
     *
     * @throws PlatformException if no netlink socket can be opened
     */
    public NftGate(Ipv4Address address, String device) {
        this(tableOf(address), address, device);
    }

    private NftGate(String table, Ipv4Address address, String device) {
        this.table = table;
        this.device = device;
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
        try (NftGate trial = new NftGate(name, Ipv4Address.ANY, "lo")) {
            trial.create(1);
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
        NetlinkAck ack = create(NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST, tag);
        if (ack.errno() == Libc.EOPNOTSUPP || ack.errno() == Libc.EINVAL) {
            ack = create(0, tag);
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
            changes.add(NfTables.deleteTable(table));
        }
        changes.add(NfTables.newTable(table, flags, comment(tag)));
        changes.add(NfTables.newTimeoutSet(table, ARMED, 1));
        changes.add(NfTables.newTimeoutSet(table, OPEN, 2));
        changes.add(NfTables.newChain(table, IN, NfTables.HOOK_INGRESS, PRIORITY, device));
        changes.add(NfTables.newChain(table, OUT, NfTables.HOOK_EGRESS, PRIORITY, device));
        changes.add(NfTables.dropUnlessOpen(table, IN, ETHERTYPE_IPV4, IPV4_DESTINATION, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, IN, ETHERTYPE_ARP, ARP_TARGET, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, OUT, ETHERTYPE_IPV4, IPV4_SOURCE, key, OPEN));
        changes.add(NfTables.dropUnlessOpen(table, OUT, ETHERTYPE_ARP, ARP_SENDER, key, OPEN));
        return changes;
    }

    private static String comment(int tag) {
        return COMMENT + Integer.toHexString(tag);
    }

    @Override
    public boolean arm(long timeoutMillis) {
        return accepted(socket.transact(List.of(NfTables.newElement(table, ARMED, key, timeoutMillis))), "arm");
    }

    @Override
    public boolean open(long timeoutMillis) {
        return accepted(
                socket.transact(List.of(
                        NfTables.deleteElement(table, ARMED, key),
                        NfTables.newElement(table, OPEN, key, timeoutMillis))),
                "open");
    }

    @Override
    public boolean prolong(long timeoutMillis) {
        return accepted(
                socket.transact(List.of(
                        NfTables.deleteElement(table, OPEN, key),
                        NfTables.newElement(table, OPEN, key, timeoutMillis))),
                "prolong");
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
        accepted(socket.transact(List.of(NfTables.deleteElement(table, OPEN, key))), "shut");
    }

    @Override
    public void remove() {
        accepted(socket.transact(List.of(NfTables.deleteTable(table))), "remove");
    }

    /**
     * Whether the gate of an address exists and is open, whoever opened it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static boolean isOpen(Ipv4Address address) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            return socket.dump(NfTables.dumpElements(tableOf(address), OPEN), "NFT_MSG_GETSETELEM").stream()
                    .anyMatch(m -> !NfTables.decodeKeys(m).isEmpty());
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Removes the gates that carry one of the tags, except those of addresses that could not be removed.
     *
     * @throws PlatformException if the kernel refuses
     */
    static void removeTagged(NetlinkSocket socket, List<Integer> tags, List<Ipv4Address> except) {
        for (NetlinkMessage m : socket.dump(NfTables.dumpTables(), "NFT_MSG_GETTABLE")) {
            NfTables.Table found = NfTables.decodeTable(m).orElse(new NfTables.Table("", 0, ""));
            boolean tagged = tags.stream().anyMatch(tag -> found.comment().equals(comment(tag)));
            boolean excepted = except.stream().anyMatch(a -> found.name().equals(tableOf(a)));
            if (found.name().startsWith(PREFIX) && tagged && !excepted) {
                NetlinkAck ack = socket.transact(List.of(NfTables.deleteTable(found.name())));
                if (!ack.isDone() && ack.errno() != Libc.ENOENT) {
                    throw NetlinkSocket.refused("NFT_MSG_DELTABLE", ack, found.name());
                }
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
