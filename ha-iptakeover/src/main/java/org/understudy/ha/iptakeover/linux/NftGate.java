package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressClaim;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;
import org.understudy.ha.iptakeover.netlink.NfTables.Condition;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.spi.AddressGate;

/**
 * An address gate in nf_tables, one for all addresses of a resource, the twin of tables that are made, changed and removed together:
 *
 * <pre>
 * table netdev understudy-192.0.2.10-40-9f0c1d2e3a4b5c6d {
 *   flags owner,persist
 *   set held  { type ipv4_addr; flags constant; elements = { 192.0.2.10, ... } }
 *   set held6 { type ipv6_addr; flags constant; elements = { 2001:db8::50, ... } }
 *   set armed { type mark; flags timeout; }
 *   set open  { type mark; flags timeout; }
 *   chain in  { type filter hook ingress device "lan0" priority -400; policy accept;
 *               ip daddr @held 1 != @open drop
 *               arp daddr ip @held 1 != @open drop
 *               ip6 daddr @held6 1 != @open drop
 *               icmpv6 type nd-neighbor-solicit icmpv6 taddr @held6 1 != @open drop }
 *   chain out { type filter hook egress device "lan0" priority -400; policy accept;
 *               ip saddr @held 1 != @open drop
 *               arp saddr ip @held 1 != @open drop
 *               ip6 saddr @held6 1 != @open drop
 *               icmpv6 type nd-neighbor-advert icmpv6 taddr @held6 1 != @open drop }
 * }
 * table ip understudy-192.0.2.10-40-9f0c1d2e3a4b5c6d {       # and table ip6, with held6 in place of held
 *   chain in  { type filter hook input priority -400; policy accept;
 *               iif != "lo" ip daddr @held 1 != @open drop }
 *   chain out { type filter hook output priority -400; policy accept;
 *               oif != "lo" ip saddr @held 1 != @open drop }
 * }
 * table arp understudy-192.0.2.10-40-9f0c1d2e3a4b5c6d {
 *   chain in  { type filter hook input priority -400; policy accept;
 *               iif != "lan0" arp operation request arp daddr ip @held drop }
 *   chain out { type filter hook output priority -400; policy accept;
 *               oif != "lo" arp saddr ip @held 1 != @open drop }
 * }
 * </pre>
 *
 * <p>Each table has its own {@code held} or {@code held6} and its own {@code open}; a version without addresses has no tables and
 * no rules. {@code armed} and {@code open} have one element at most, the mark 1, whatever the number of addresses: a rule loads the
 * mark and looks it up (nft has no words for that). So every call costs the same, and all addresses open and close in one instant.
 *
 * <p>The first table alone holds one card, and Linux answers ARP for each of its IPv4 addresses on every card ({@code arp_ignore} 0). So the
 * last one never lets another card answer, open or not; answers to the host's own questions still come in by it. For IPv6 the kernel
 * answers on the address's own card only. The other rules mute what is routed over other cards: hosts behind a second network, and
 * containers of this host.
 *
 * <p>Opening is "delete from {@code armed}, add to {@code open}" in one transaction, prolonging "delete from {@code open}, add
 * to {@code open}": the delete of an expired element fails with ENOENT and takes the whole transaction with it. The egress hook
 * also sees frames of packet sockets, so a stalled announcer stays mute.
 *
 * <p>Where the kernel compares a deadline, {@link #beyondCard}, the rules of {@code ip} and {@code ip6} ask a {@link
 * org.understudy.ha.iptakeover.bpf.StayProgram} in place of {@code open}, so nothing is armed, opened or prolonged. A guard has the card itself, and the first
 * table has no chains: it has the sets, and tells who has the addresses. What passes the card's guard inside another packet, or with another address
 * (tunnels, IPsec, routes that encapsulate, translation), has passed those rules before, or passes them after. Rules of {@code arp} cannot ask a program, so
 * there the kernel's questions on other cards are made such of nobody, a sender of 0.0.0.0 (RFC 5227), open or not: neighbours answer them, and learn nothing.
 *
 * <p>Where the kernel can (6.9 and later) the table is owned by this socket and persistent: {@code nft flush ruleset} by
 * somebody else spares it, and it stays when the process dies. Elsewhere a flush is noticed at the next prolonging.
 */
public final class NftGate implements AddressGate {
    private static final String PREFIX = "understudy-";
    private static final String COMMENT = "understudy tag ";
    private static final String ARMED = "armed";
    private static final String OPEN = "open";
    private static final String HELD = "held";
    private static final String HELD6 = "held6";
    private static final String IN = "in";
    private static final String OUT = "out";
    /** Before everything else of this host that hooks the device. */
    private static final int PRIORITY = -400;
    /** The one element of {@code armed} and {@code open}. */
    private static final byte[] MARK = {0, 0, 0, 1};

    /** {@code LOOPBACK_IFINDEX}: the same in every network namespace. */
    private static final int LOOPBACK_INDEX = 1;

    private static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int ETHERTYPE_ARP = 0x0806;
    private static final int ETHERTYPE_IPV6 = 0x86dd;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV4_DESTINATION = 16;
    private static final int IPV6_SOURCE = 8;
    private static final int IPV6_DESTINATION = 24;
    private static final int ARP_SENDER = 14;
    private static final int ARP_TARGET = 24;

    private final NetlinkSocket socket;
    private final String table;
    private final String device;
    private final int index;
    private final AddressSet addresses;
    /** Those the addresses need. */
    private final List<Integer> families;

    private final boolean guardsCard;
    /** What says that they are mute where the kernel compares a deadline; null where {@code open} says it. */
    private @Nullable Fd program;
    /** It replaced another one and stands before the card as well, see {@link #leaveCard}. */
    private boolean standsOnCard;

    private volatile @Nullable Prolonging prolonging;

    /** The changes that prolong by a time. */
    private record Prolonging(long timeoutMillis, NetlinkSocket.Prepared changes) {}

    /**
     * Opens the socket; the kernel is not changed yet.
     *
     * @param index of the device
     * @throws PlatformException if no netlink socket can be opened
     */
    public NftGate(AddressSet addresses, String device, int index) {
        this(tableOf(addresses), addresses, device, index, true);
    }

    /**
     * For everything but the card itself, which has a guard, and closed by a deadline: see {@link #create(int, Fd)}.
     *
     * @throws PlatformException if no netlink socket can be opened
     */
    static NftGate beyondCard(AddressSet addresses, String device, int index) {
        return new NftGate(tableOf(addresses), addresses, device, index, false);
    }

    private NftGate(String table, AddressSet addresses, String device, int index, boolean guardsCard) {
        this.guardsCard = guardsCard;
        this.table = table;
        this.device = device;
        this.index = index;
        this.addresses = addresses;
        List<Integer> needed = new ArrayList<>(List.of(NfTables.FAMILY_NETDEV));
        if (addresses.hasV4()) {
            needed.addAll(List.of(NfTables.FAMILY_IPV4, NfTables.FAMILY_ARP));
        }
        if (addresses.hasV6()) {
            needed.add(NfTables.FAMILY_IPV6);
        }
        this.families = List.copyOf(needed);
        this.socket = NetlinkSocket.open(NetlinkSocket.NETFILTER);
    }

    private static String tableOf(AddressSet addresses) {
        return PREFIX + addresses.name();
    }

    /**
     * Whether gates for such addresses work on this host, by making one that concerns no traffic, using it and taking it away again.
     * Changes nothing that stays.
     *
     * @param like which versions of addresses the gate must hold
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    public static void tryOut(AddressSet like) {
        // On the loopback, which every host has and where nobody uses 0.0.0.0 and ::.
        try (NftGate trial = new NftGate(trialName(), new AddressSet(nobody(like)), "lo", LOOPBACK_INDEX, true)) {
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

    private static List<IpAddress> nobody(AddressSet like) {
        List<IpAddress> nobody = new ArrayList<>();
        if (like.hasV4()) {
            nobody.add(Ipv4Address.ANY);
        }
        if (like.hasV6()) {
            nobody.add(Ipv6Address.ANY);
        }
        return nobody;
    }

    private static String trialName() {
        return PREFIX + "trial-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    }

    /**
     * Whether the kernel takes rules that ask such a program, and keeps them without the socket that made them. Changes nothing.
     *
     * @throws PlatformException saying what does not work
     */
    static void tryOutBeyondCard(AddressSet like, Fd program) {
        List<IpAddress> nobody = nobody(like);
        String name = trialName();
        try (NftGate trial = new NftGate(name, new AddressSet(nobody), "lo", LOOPBACK_INDEX, false)) {
            trial.program = program;
            List<NetlinkMessage> changes = trial.creation(NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST, 1, true);
            changes.addAll(trial.leaving());
            // Made and taken away in one transaction: there is no moment at which a kill would leave it.
            changes.addAll(removal(trial.families, name));
            NetlinkAck ack = trial.socket.transact(changes);
            if (!ack.isDone()) {
                throw cannotAsk(ack.errno());
            }
        }
    }

    private static PlatformException cannotAsk(int errno) {
        return new PlatformException(
                "nf_tables",
                errno,
                "rules that ask a BPF program were refused, " + Libc.errnoName(errno)
                        + ": they need Linux 6.9 or later with CONFIG_NFT_COMPAT and CONFIG_NETFILTER_XT_MATCH_BPF"
                        + " (modules nft_compat and xt_bpf)");
    }

    /**
     * Makes one that is {@linkplain #beyondCard beyond the card}, closed while the program says so. Where it replaces another one, which may be what
     * holds back leftovers on the card, it stands before the card too, shut, until {@link #leaveCard}.
     *
     * @param closedWhile loaded; the kernel keeps it with the rules
     * @throws PlatformException if the kernel refuses, or a living process has it
     */
    void create(int tag, Fd closedWhile) {
        program = closedWhile;
        create(NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST, tag, NfTables.TABLE_OWNER | NfTables.TABLE_PERSIST);
    }

    /** Leaves the card to its guard, which stands now. */
    void leaveCard() {
        if (standsOnCard) {
            NetlinkAck ack = socket.transact(leaving());
            if (!ack.isDone()) {
                throw NetlinkSocket.refused("NFT_MSG_DELCHAIN", ack, table);
            }
            standsOnCard = false;
        }
    }

    private List<NetlinkMessage> leaving() {
        return List.of(
                NfTables.deleteChain(NfTables.FAMILY_NETDEV, table, IN),
                NfTables.deleteChain(NfTables.FAMILY_NETDEV, table, OUT));
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
        boolean isUnknown = ack.errno() == Libc.ENOENT || ack.errno() == Libc.EOPNOTSUPP || ack.errno() == Libc.EINVAL;
        if (program != null && isUnknown) {
            throw cannotAsk(ack.errno());
        }
        if (ack.errno() == Libc.ENOENT || ack.errno() == Libc.EOPNOTSUPP) {
            throw new PlatformException(
                    "NFT_MSG_NEWTABLE",
                    ack.errno(),
                    "gate " + table + " on " + device + " cannot be made (" + Libc.errnoName(ack.errno())
                            + "): it needs Linux 5.16 or later with nf_tables for the families "
                            + (addresses.hasV4() ? "netdev, ip and arp" : "netdev and ip6")
                            + (addresses.hasV4() && addresses.hasV6() ? " and ip6" : "")
                            + " (CONFIG_NF_TABLES_NETDEV, _IPV4, _ARP, _IPV6 and CONFIG_NETFILTER_EGRESS)");
        }
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("NFT_MSG_NEWTABLE", ack, "gate " + table + " on " + device);
        }
    }

    private NetlinkAck create(int flags, int tag) {
        standsOnCard = false;
        NetlinkAck ack = socket.transact(creation(flags, tag, false));
        if (ack.errno() == Libc.EEXIST) {
            ack = socket.transact(creation(flags, tag, true));
            standsOnCard = ack.isDone();
        }
        if (ack.errno() == Libc.EPERM && exists()) {
            throw new PlatformException(
                    "NFT_MSG_NEWTABLE",
                    Libc.EPERM,
                    "gate " + table
                            + " belongs to a running process of this host, which has the address: end that process"
                            + " first; if it is this one, a thread of an earlier start still hangs in the kernel, and the"
                            + " gate comes free when it returns");
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
            changes.addAll(removal(families, table));
        }
        int set = 0;
        for (int family : families) {
            changes.add(NfTables.newTable(family, table, flags, comment(tag)));
            if (program == null || family == NfTables.FAMILY_NETDEV) {
                changes.add(NfTables.newTimeoutSet(family, table, OPEN, ++set));
            }
            if (addresses.hasV4() && family != NfTables.FAMILY_IPV6) {
                hold(changes, family, HELD, ++set, addresses.ofVersion(false));
            }
            if (addresses.hasV6() && (family == NfTables.FAMILY_NETDEV || family == NfTables.FAMILY_IPV6)) {
                hold(changes, family, HELD6, ++set, addresses.ofVersion(true));
            }
        }
        changes.add(NfTables.newTimeoutSet(NfTables.FAMILY_NETDEV, table, ARMED, ++set));
        boolean onTheCard = guardsCard || replace;
        if (onTheCard) {
            changes.add(NfTables.newChain(table, IN, NfTables.HOOK_INGRESS, PRIORITY, device));
            changes.add(NfTables.newChain(table, OUT, NfTables.HOOK_EGRESS, PRIORITY, device));
        }
        if (addresses.hasV4()) {
            muteV4(changes, onTheCard);
        }
        if (addresses.hasV6()) {
            muteV6(changes, onTheCard);
        }
        return changes;
    }

    private void hold(List<NetlinkMessage> changes, int family, String set, int id, List<IpAddress> held) {
        changes.add(NfTables.newAddressSet(family, table, set, id, set.equals(HELD6), held.size()));
        changes.addAll(NfTables.newElements(
                family, table, set, held.stream().map(IpAddress::toBytes).toList()));
    }

    private void muteV4(List<NetlinkMessage> changes, boolean onTheCard) {
        if (onTheCard) {
            onTheCard(changes, IN, NfTables.protocol(ETHERTYPE_IPV4), held(IPV4_DESTINATION));
            onTheCard(changes, IN, NfTables.protocol(ETHERTYPE_ARP), held(ARP_TARGET));
            onTheCard(changes, OUT, NfTables.protocol(ETHERTYPE_IPV4), held(IPV4_SOURCE));
            onTheCard(changes, OUT, NfTables.protocol(ETHERTYPE_ARP), held(ARP_SENDER));
        }
        chains(changes, NfTables.FAMILY_IPV4, NfTables.HOOK_IPV4_IN, NfTables.HOOK_IPV4_OUT);
        routed(changes, NfTables.FAMILY_IPV4, IN, held(IPV4_DESTINATION));
        routed(changes, NfTables.FAMILY_IPV4, OUT, held(IPV4_SOURCE));
        chains(changes, NfTables.FAMILY_ARP, NfTables.HOOK_ARP_IN, NfTables.HOOK_ARP_OUT);
        changes.add(NfTables.drop(
                NfTables.FAMILY_ARP,
                table,
                IN,
                NfTables.interfaceIsNot(NfTables.META_INDEX_IN, index),
                NfTables.isArpRequest(),
                held(ARP_TARGET)));
        if (program == null) {
            routed(changes, NfTables.FAMILY_ARP, OUT, held(ARP_SENDER));
        } else {
            changes.add(NfTables.clear(
                    NfTables.FAMILY_ARP,
                    table,
                    OUT,
                    ARP_SENDER,
                    Ipv4Address.BYTES,
                    NfTables.interfaceIsNot(NfTables.META_INDEX_OUT, index),
                    held(ARP_SENDER)));
        }
    }

    private void muteV6(List<NetlinkMessage> changes, boolean onTheCard) {
        if (onTheCard) {
            Condition six = NfTables.protocol(ETHERTYPE_IPV6);
            onTheCard(changes, IN, six, held6(IPV6_DESTINATION));
            onTheCard(changes, IN, six, NfTables.isNeighbourMessageAbout(NeighbourMessage.SOLICITATION, HELD6));
            onTheCard(changes, OUT, six, held6(IPV6_SOURCE));
            onTheCard(changes, OUT, six, NfTables.isNeighbourMessageAbout(NeighbourMessage.ADVERTISEMENT, HELD6));
        }
        chains(changes, NfTables.FAMILY_IPV6, NfTables.HOOK_IPV6_IN, NfTables.HOOK_IPV6_OUT);
        routed(changes, NfTables.FAMILY_IPV6, IN, held6(IPV6_DESTINATION));
        routed(changes, NfTables.FAMILY_IPV6, OUT, held6(IPV6_SOURCE));
    }

    private static Condition held(int offset) {
        return NfTables.carriesOneOf(HELD, offset, false);
    }

    private static Condition held6(int offset) {
        return NfTables.carriesOneOf(HELD6, offset, true);
    }

    private static Condition isNotOpen() {
        return NfTables.isAbsent(OPEN, MARK);
    }

    private void onTheCard(List<NetlinkMessage> changes, String chain, Condition protocol, Condition concerned) {
        changes.add(NfTables.drop(NfTables.FAMILY_NETDEV, table, chain, protocol, concerned, isNotOpen()));
    }

    private void routed(List<NetlinkMessage> changes, int family, String chain, Condition concerned) {
        int meta = chain.equals(IN) ? NfTables.META_INDEX_IN : NfTables.META_INDEX_OUT;
        Fd asked = program;
        Condition closed = asked == null ? isNotOpen() : NfTables.programSays(asked.number());
        changes.add(
                NfTables.drop(family, table, chain, NfTables.interfaceIsNot(meta, LOOPBACK_INDEX), concerned, closed));
    }

    private void chains(List<NetlinkMessage> changes, int family, int in, int out) {
        changes.add(NfTables.newChain(family, table, IN, in, PRIORITY));
        changes.add(NfTables.newChain(family, table, OUT, out, PRIORITY));
    }

    /** Works whichever of the tables are there: adding one that is there changes nothing. */
    private static List<NetlinkMessage> removal(Collection<Integer> families, String table) {
        List<NetlinkMessage> changes = new ArrayList<>();
        for (int family : families) {
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
        changes.add(NfTables.newElement(NfTables.FAMILY_NETDEV, table, ARMED, MARK, timeoutMillis));
        return accepted(socket.transact(changes), "arm");
    }

    @Override
    public boolean open(long timeoutMillis) {
        List<NetlinkMessage> changes = new ArrayList<>();
        changes.add(NfTables.deleteElement(NfTables.FAMILY_NETDEV, table, ARMED, MARK));
        for (int family : families) {
            changes.add(NfTables.newElement(family, table, OPEN, MARK, timeoutMillis));
        }
        return accepted(socket.transact(changes), "open");
    }

    @Override
    public boolean prolong(long timeoutMillis) {
        return accepted(socket.transact(prolonging(timeoutMillis)), "prolong");
    }

    /** Made once: it is the same many times a second. */
    private NetlinkSocket.Prepared prolonging(long timeoutMillis) {
        Prolonging known = prolonging;
        if (known == null || known.timeoutMillis() != timeoutMillis) {
            List<NetlinkMessage> changes = new ArrayList<>();
            for (int family : families) {
                changes.add(NfTables.deleteElement(family, table, OPEN, MARK));
                changes.add(NfTables.newElement(family, table, OPEN, MARK, timeoutMillis));
            }
            known = new Prolonging(timeoutMillis, new NetlinkSocket.Prepared(changes));
            prolonging = known;
        }
        return known.changes();
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

    /** Unlike deleting the elements this is not refused when they have expired. What was armed before cannot be opened any more. */
    private List<NetlinkMessage> closing() {
        List<NetlinkMessage> changes = new ArrayList<>();
        changes.add(NfTables.flushSet(NfTables.FAMILY_NETDEV, table, ARMED));
        for (int family : families) {
            changes.add(NfTables.flushSet(family, table, OPEN));
        }
        return changes;
    }

    @Override
    public void remove() {
        remove(socket, families, table);
    }

    /**
     * Takes the gate of these addresses away, whoever made it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static void remove(AddressSet addresses) {
        try (NftGate gate = new NftGate(addresses, "lo", LOOPBACK_INDEX)) {
            gate.remove();
        }
    }

    private static void remove(NetlinkSocket socket, Collection<Integer> families, String table) {
        NetlinkAck ack = socket.transact(removal(families, table));
        if (!ack.isDone() && ack.errno() != Libc.ENOENT) {
            throw NetlinkSocket.refused("NFT_MSG_DELTABLE", ack, table);
        }
    }

    /**
     * A gate that the kernel has, whoever made it.
     *
     * @param flags of its tables
     */
    private record Found(String name, Set<Integer> families, int flags, String comment) {
        /** Whether the socket that made it is still open. */
        boolean isOwned() {
            return (flags & NfTables.TABLE_OWNER) != 0;
        }

        /** Whether its kernel, 6.9 or later, tells of the owner at all. */
        boolean tellsOfOwner() {
            return (flags & NfTables.TABLE_PERSIST) != 0;
        }
    }

    private static List<Found> found(List<NetlinkMessage> dump) {
        Map<String, Found> gates = new LinkedHashMap<>();
        for (NetlinkMessage m : dump) {
            NfTables.Table one = NfTables.decodeTable(m).orElse(new NfTables.Table(0, "", 0, ""));
            if (one.name().startsWith(PREFIX)) {
                gates.computeIfAbsent(one.name(), name -> new Found(name, new TreeSet<>(), one.flags(), one.comment()))
                        .families()
                        .add(one.family());
            }
        }
        return List.copyOf(gates.values());
    }

    /** The addresses behind it: of one by its name, of several by its sets. */
    private static List<IpAddress> heldBy(NetlinkSocket socket, Found gate) {
        List<IpAddress> held = new ArrayList<>();
        String name = gate.name().substring(PREFIX.length());
        if (isOfSeveral(name)) {
            for (String set : List.of(HELD, HELD6)) {
                for (byte[] key : elements(socket, gate.name(), set)) {
                    held.add(IpAddress.of(key));
                }
            }
        } else {
            IpAddress.parse(name.indexOf('.') < 0 ? name.replace('-', ':') : name)
                    .ifPresent(held::add);
        }
        return held;
    }

    /** Such a name ends with a digest; one of an address has at most four digits in a row. */
    private static boolean isOfSeveral(String name) {
        int dash = name.length() - AddressClaim.DIGEST_DIGITS - 1;
        if (dash < 0 || name.charAt(dash) != '-') {
            return false;
        }
        for (int i = dash + 1; i < name.length(); i++) {
            if (Character.digit(name.charAt(i), 16) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOpen(NetlinkSocket socket, String table) {
        return !elements(socket, table, OPEN).isEmpty();
    }

    private static List<byte[]> elements(NetlinkSocket socket, String table, String set) {
        List<byte[]> keys = new ArrayList<>();
        try {
            NetlinkMessage request = NfTables.dumpElements(NfTables.FAMILY_NETDEV, table, set);
            for (NetlinkMessage m : socket.glance(request, "NFT_MSG_GETSETELEM")) {
                keys.addAll(NfTables.decodeKeys(m));
            }
        } catch (PlatformException e) {
            if (e.errno() != Libc.ENOENT) {
                throw e;
            }
        }
        return keys;
    }

    /**
     * Whether the gate of these addresses, or another one that holds any of them, is open or has a living owner.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static boolean isKept(AddressSet addresses) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            String own = tableOf(addresses);
            if (isOpen(socket, own)) {
                return true;
            }
            for (Found gate : found(socket.glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE"))) {
                if (gate.name().equals(own)
                        ? gate.isOwned()
                        : isAlive(socket, gate) && holdsAny(socket, gate, addresses)) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * Whether the kernel has a gate of these addresses under their own name, whoever made it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static boolean isMade(AddressSet addresses) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            String own = tableOf(addresses);
            return found(socket.glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE")).stream()
                    .anyMatch(gate -> gate.name().equals(own));
        }
    }

    private static boolean isAlive(NetlinkSocket socket, Found gate) {
        return gate.isOwned() || !gate.tellsOfOwner() && isOpen(socket, gate.name());
    }

    private static boolean holdsAny(NetlinkSocket socket, Found gate, AddressSet addresses) {
        return heldBy(socket, gate).stream().anyMatch(addresses::contains);
    }

    /**
     * Why an address would be mute behind somebody else's gate.
     *
     * @param passes whether it goes away by itself within seconds
     * @param isOnlyReady whether a living process has it ready and nothing behind it
     */
    public record Obstacle(String reason, boolean passes, boolean isOnlyReady) {}

    /**
     * Why the gate of these addresses cannot be made now though nobody has them: a living process has one, shut, for a start to come, and none of
     * them stands on this host. Empty if that is not so.
     *
     * @param standing every address of this host
     * @throws PlatformException if the kernel refuses
     */
    public static Optional<Obstacle> readiness(AddressSet addresses, Collection<IpAddress> standing) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            String own = tableOf(addresses);
            return found(socket.glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE")).stream()
                    .filter(gate -> gate.name().equals(own) && gate.isOwned() && isOnlyReady(socket, gate, standing))
                    .map(NftGate::readiness)
                    .findFirst();
        }
    }

    private static boolean isOnlyReady(NetlinkSocket socket, Found gate, Collection<IpAddress> standing) {
        return !isOpen(socket, gate.name()) && heldBy(socket, gate).stream().noneMatch(standing::contains);
    }

    private static Obstacle readiness(Found gate) {
        return new Obstacle(
                "another node or process of this host has it ready for a start of its own (gate " + gate.name()
                        + "): it gives that back when its move comes to nothing; end it if it hangs, and run the nodes of a"
                        + " group on hosts of their own",
                true,
                true);
    }

    /**
     * What {@link #clear} would leave, without changing anything.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static Optional<Obstacle> obstacle(AddressSet addresses, Collection<IpAddress> standing) {
        return clear(addresses, standing, false);
    }

    /**
     * Takes away the gates under other names that hold one of these addresses: an earlier process had others beside it. One that a
     * living process has stays, and one in front of an address that still stands.
     *
     * @param standing every address of this host but those behind a gate that is made already
     * @return why one of them stays
     * @throws PlatformException if the kernel refuses
     */
    public static Optional<Obstacle> clear(AddressSet addresses, Collection<IpAddress> standing) {
        return clear(addresses, standing, true);
    }

    /** See {@link GateLook#isLeftBehind}. */
    static boolean isLeftBehind(NetlinkSocket socket, AddressSet addresses) {
        String own = tableOf(addresses);
        for (Found gate : found(socket.glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE"))) {
            if (!gate.name().equals(own) && !gate.isOwned() && holdsAny(socket, gate, addresses)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<Obstacle> clear(
            AddressSet addresses, Collection<IpAddress> standing, boolean isToBeRemoved) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            String own = tableOf(addresses);
            for (Found gate : found(socket.glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE"))) {
                if (gate.name().equals(own) || !holdsAny(socket, gate, addresses)) {
                    continue;
                }
                if (isAlive(socket, gate) && isOnlyReady(socket, gate, standing)) {
                    return Optional.of(readiness(gate));
                }
                if (isAlive(socket, gate)) {
                    return Optional.of(new Obstacle(
                            "gate " + gate.name()
                                    + " of another resource or process of this host holds one of its addresses"
                                    + ": give each resource addresses of its own, or end that process first",
                            false,
                            false));
                }
                List<IpAddress> behind =
                        heldBy(socket, gate).stream().filter(standing::contains).toList();
                if (!behind.isEmpty()) {
                    return Optional.of(new Obstacle(
                            "gate " + gate.name() + " of an ended process stands in front of " + AddressSet.few(behind)
                                    + ": it goes when they are gone, by themselves or by `ip addr del`",
                            true,
                            false));
                }
                if (isToBeRemoved) {
                    remove(socket, gate.families(), gate.name());
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Removes the gates that carry one of the tags, except those of addresses that still stand.
     *
     * @throws PlatformException if the kernel refuses
     */
    static void removeTagged(NetlinkSocket socket, List<Integer> tags, Set<IpAddress> standing) {
        Set<String> comments = new TreeSet<>();
        for (int tag : tags) {
            comments.add(comment(tag));
        }
        for (Found gate : found(socket.dump(NfTables.dumpTables(), "NFT_MSG_GETTABLE"))) {
            if (comments.contains(gate.comment()) && Collections.disjoint(heldBy(socket, gate), standing)) {
                remove(socket, gate.families(), gate.name());
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
