package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.core.RenewalRound;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.ProcessDevice;
import org.understudy.ha.iptakeover.linux.WeakHost;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * The addresses of one stay as the kernel has them: whether they may stand here, putting them up, renewing them while the gate is open,
 * finding out that one vanished, and taking them away. They stand on the card that faces the clients, or on a device that ends with this
 * process.
 *
 * <p><b>Concurrency.</b> {@link #add} by the starting thread, then {@link #renewIfDue}, {@link #look} and {@link #restore} by the keeper, {@link
 * #remove} by any, {@link #unserved} by whoever monitors. The table locks for itself.
 */
final class StandingAddresses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StandingAddresses.class);

    private static final long SERVED_NANOS = 1_000_000_000;
    /** So many networks of an interface are named at most: a host may have thousands of routes. */
    static final int NETWORKS_NAMED_MAX = 5;
    /** Longer than a process lives, and small enough to be added to a time. */
    private static final long NEVER_NANOS = Long.MAX_VALUE / 4;

    private final AddressSet addresses;
    /** In words: "floating address 192.0.2.10". */
    private final String what;

    private final LinkTable.Link link;
    private final int tag;
    private final @Nullable GateTiming timing;
    private final AddressTable table;
    private final boolean dieWithProcess;
    /** Where they stand if they die with the process; from {@link #add} on. */
    private volatile @Nullable ProcessDevice device;

    /** The address may have been added, though the call failed. */
    private boolean addTried;

    private volatile boolean added;
    /** Of whoever monitors: when they were last known to be served. */
    private long servedNanos = System.nanoTime();

    /** Of the keeper, after the start. */
    private @Nullable RenewalRound renewals;

    /**
     * Changes nothing in the kernel.
     *
     * @param link the card that faces the clients
     * @param timing null where no gate ends them, and so no lifetime either
     * @param dieWithProcess they stand on a device of this process
     * @param table stays with whoever opened it
     */
    StandingAddresses(
            AddressSet addresses,
            LinkTable.Link link,
            int tag,
            @Nullable GateTiming timing,
            boolean dieWithProcess,
            AddressTable table) {
        this.dieWithProcess = dieWithProcess;
        this.addresses = addresses;
        this.what = words(addresses);
        this.link = link;
        this.tag = tag;
        this.timing = timing;
        this.table = table;
    }

    static String words(AddressSet addresses) {
        return (addresses.size() == 1 ? "floating address " : "floating addresses ") + addresses;
    }

    /**
     * What an earlier process of ours left on this interface.
     *
     * @param networkIndex of the interface whose networks the addresses must be of, this one or another
     * @throws ResourceException if an address stands on this host otherwise, or is none of a host in a network of the interface
     */
    List<IpAddress> leftovers(int networkIndex) throws ResourceException {
        List<IpAddress> ours = new ArrayList<>();
        List<AddressTable.Entry> entries = table.list();
        for (AddressTable.Entry entry : entries) {
            boolean sameInterface = entry.interfaceIndex() == link.index();
            if (addresses.contains(entry.address())) {
                if (!sameInterface && isOfAnotherProcess(entry)) {
                    throw new ResourceException(
                            Severity.SOFT,
                            "floating address " + entry.address()
                                    + " is held by another resource or process of this host, on a device that dies with"
                                    + " its process: end that first; if it has just been killed, the next attempt"
                                    + " succeeds");
                }
                if (!sameInterface || !entry.isOurs() || !entry.isAlone()) {
                    throw standsAlready(
                            entry, sameInterface ? link.name() : "interface number " + entry.interfaceIndex());
                }
                ours.add(entry.address());
            }
        }
        requireHosts(networks(entries, networkIndex), networkIndex);
        return ours;
    }

    /**
     * @throws ResourceException if one of the addresses is none of a host in a network of that interface
     */
    void requireHosts(int networkIndex) throws ResourceException {
        requireHosts(networks(table.list(), networkIndex), networkIndex);
    }

    /** Without those that the addresses themselves stand in. */
    private List<AddressTable.Network> networks(List<AddressTable.Entry> entries, int interfaceIndex) {
        List<AddressTable.Network> networks = new ArrayList<>();
        for (AddressTable.Entry entry : entries) {
            if (entry.interfaceIndex() == interfaceIndex
                    && !addresses.contains(entry.address())
                    && !entry.isAlone()
                    && !isLinkLocal(entry.address())) {
                networks.add(new AddressTable.Network(entry.address(), entry.prefixLength()));
            }
        }
        return networks;
    }

    static ResourceException standsAlready(AddressTable.Entry entry, String where) {
        return new ResourceException(
                Severity.HARD,
                "floating address " + entry.address() + " stands on this host already, as " + entry.address() + "/"
                        + entry.prefixLength() + " on " + where
                        + ": take it off there (`ip addr del`), the library alone may add it");
    }

    /** Of an interface: of its addresses, and those that routes lead to over it without a gateway. */
    List<AddressTable.Network> networks(int interfaceIndex) {
        List<AddressTable.Network> networks = new ArrayList<>();
        for (AddressTable.Entry entry : table.list()) {
            if (entry.interfaceIndex() == interfaceIndex && !entry.isAlone() && !isLinkLocal(entry.address())) {
                networks.add(new AddressTable.Network(entry.address(), entry.prefixLength()));
            }
        }
        for (AddressTable.Network routed : table.networksRouted(interfaceIndex)) {
            if (networks.stream().noneMatch(routed::isSameAs)) {
                networks.add(routed);
            }
        }
        return networks;
    }

    /** Of some addresses those of other hosts on the segment of the card. */
    List<IpAddress> ofTheSegment(List<IpAddress> some) {
        if (some.isEmpty()) {
            return List.of();
        }
        Set<IpAddress> own =
                table.list().stream().map(AddressTable.Entry::address).collect(Collectors.toSet());
        List<AddressTable.Network> networks = networks(link.index());
        return some.stream()
                .filter(one -> !isLinkLocal(one) && !own.contains(one))
                .filter(one -> networks.stream().anyMatch(network -> network.holds(one)))
                .toList();
    }

    /** Such an address cannot outlive its process. */
    static boolean isOfAnotherProcess(AddressTable.Entry entry) {
        return entry.isOurs() && ProcessDevice.isOne(entry.interfaceIndex());
    }

    /** The interface they stand on. */
    int index() {
        ProcessDevice own = device;
        return own == null ? link.index() : own.index();
    }

    /** The name of the interface they stand on. */
    String where() {
        ProcessDevice own = device;
        return own == null ? link.name() : own.name();
    }

    private static boolean isLinkLocal(IpAddress address) {
        return address instanceof Ipv6Address six && six.isLinkLocal();
    }

    private void requireHosts(List<AddressTable.Network> networks, int networkIndex) throws ResourceException {
        List<IpAddress> outside = new ArrayList<>();
        for (IpAddress address : addresses.all()) {
            boolean isInside = false;
            for (AddressTable.Network network : networks) {
                isInside |= network.holds(address);
                String kind = network.holds(address) ? endOf(network, address) : "";
                if (!kind.isEmpty()) {
                    throw new ResourceException(
                            Severity.FATAL,
                            "floating address " + address + " is the " + kind + " address of " + network + " on "
                                    + link.name() + ": choose a free host address of that network");
                }
            }
            if (!isInside) {
                outside.add(address);
            }
        }
        if (!outside.isEmpty()) {
            // Asked for in this case only: a host may have very many routes.
            for (AddressTable.Network routed : table.networksRouted(networkIndex)) {
                if (networks.stream().noneMatch(routed::isSameAs)) {
                    networks.add(routed);
                }
            }
            requireInside(outside, networks, networkIndex);
        }
    }

    /** Which address of the network it is, if it is no host's. */
    private static String endOf(AddressTable.Network network, IpAddress address) {
        if (address instanceof Ipv4Address four && network.address() instanceof Ipv4Address host) {
            boolean isEnd =
                    four.isBroadcastOf(host, network.prefixLength()) || four.isNetworkOf(host, network.prefixLength());
            return isEnd ? "broadcast or network" : "";
        }
        return address instanceof Ipv6Address six && six.isRouterAnycastOf(network.prefixLength())
                ? "subnet-router anycast"
                : "";
    }

    private void requireInside(List<IpAddress> outside, List<AddressTable.Network> networks, int networkIndex)
            throws ResourceException {
        for (IpAddress address : outside) {
            if (networks.stream().noneMatch(network -> network.holds(address))) {
                requireThere(networkIndex);
                String some = networks.stream()
                        .filter(network -> network.address().isV6() == address.isV6())
                        .map(AddressTable.Network::toString)
                        .limit(NETWORKS_NAMED_MAX)
                        .collect(Collectors.joining(", "));
                throw new ResourceException(
                        Severity.HARD,
                        "floating address " + address + " is outside every network of " + link.name() + " ("
                                + (some.isEmpty() ? "it has none of " + (address.isV6() ? "IPv6" : "IPv4") : some)
                                + "): choose an address of one of them, name the interface of its network, or give "
                                + link.name() + " an address of that network (`ip addr add`)");
            }
        }
    }

    /** With an interface go its networks, and their absence is no news then. */
    private void requireThere(int networkIndex) throws ResourceException {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            boolean isGone = links.byIndex(link.index()).isEmpty();
            if (isGone || links.byIndex(networkIndex).isEmpty()) {
                throw new ResourceException(
                        Severity.HARD,
                        "interface "
                                + (isGone ? link.name() : "number " + networkIndex + ", whose network it is of,")
                                + " is gone: it was there a moment ago");
            }
        }
    }

    /**
     * Puts them up, all or none.
     *
     * @param leftovers what an earlier process of ours left; taken away first
     * @throws PlatformException if the kernel refuses; some of them may stand then, until {@link #remove}
     */
    void add(List<IpAddress> leftovers) {
        table.removeAll(link.index(), leftovers);
        ProcessDevice own = dieWithProcess ? ProcessDevice.open(addresses.hasV6()) : null;
        device = own;
        addTried = true;
        table.addAll(index(), addresses.all(), tag, validSeconds());
        if (own != null) {
            own.drawNothing();
        }
        added = true;
        renewals = timing == null
                ? null
                : new RenewalRound(addresses.size(), timing.renewalNanos(addresses.size()), System.nanoTime());
    }

    boolean areAdded() {
        return added;
    }

    private int validSeconds() {
        return timing == null ? AddressTable.FOREVER : timing.validSeconds(addresses.size());
    }

    /**
     * Only where the gate was just kept open, and is open: an address whose gate nobody keeps open must go. However late this comes, it does not
     * bring back what is gone.
     *
     * @return false if one of them is absent
     */
    boolean renewIfDue() {
        if (renewals == null) {
            return true;
        }
        RenewalRound.Slice slice = renewals.next(System.nanoTime());
        if (slice.isEmpty()) {
            return true;
        }
        try {
            return table.renewAll(index(), addresses.all().subList(slice.from(), slice.to()), tag, validSeconds())
                    .isEmpty();
        } catch (PlatformException e) {
            LOG.warn("{}: not renewed: {}", what, e.getMessage());
            return true;
        }
    }

    /** Until {@link #renewIfDue} has something to do. By the keeper, and by the starting thread before it. */
    long renewalDelayNanos() {
        return renewals == null ? NEVER_NANOS : renewals.delayNanos(System.nanoTime());
    }

    /**
     * Why the addresses are not served though they stand, in words; empty while they are, where they stand on the card itself, and
     * when it was looked less than a second ago. By whoever monitors.
     *
     * @throws PlatformException if the kernel does not say
     */
    String unserved() {
        ProcessDevice own = device;
        long nanos = System.nanoTime();
        if (own == null || nanos - servedNanos < SERVED_NANOS) {
            return "";
        }
        String problem = own.problem()
                .or(() -> WeakHost.problem(link.index(), addresses.hasV4()))
                .orElse("");
        // After a problem the next look must not wait a second to say so again.
        servedNanos = problem.isEmpty() ? nanos : nanos - SERVED_NANOS;
        return problem;
    }

    /**
     * How they stand.
     *
     * @param absent not on the interface in any form
     * @param unmarked there, but without our mark, tag or lifetime
     * @param doubled in another form, in place of ours or beside it, as {@code ADDRESS/PREFIX}
     */
    record Look(List<IpAddress> absent, List<IpAddress> unmarked, List<String> doubled) {
        static final Look COMPLETE = new Look(List.of(), List.of(), List.of());

        /** Whether there is nothing to put right. */
        boolean isComplete() {
            return absent.isEmpty() && unmarked.isEmpty();
        }

        /** What is wrong, in words. */
        String words(String interfaceName) {
            List<String> all = new ArrayList<>();
            if (!absent.isEmpty()) {
                all.add("took " + AddressSet.few(absent) + " off " + interfaceName);
            }
            if (!unmarked.isEmpty()) {
                all.add("changed " + AddressSet.few(unmarked) + " on " + interfaceName);
            }
            return String.join(" and ", all);
        }
    }

    /**
     * @throws PlatformException if the kernel does not say
     */
    Look look() {
        return compare(table.list(index(), addresses.all()), addresses, tag, timing != null);
    }

    /**
     * @param entries of the interface
     * @param isBounded whether they must not stand for ever
     */
    static Look compare(List<AddressTable.Entry> entries, AddressSet addresses, int tag, boolean isBounded) {
        Set<IpAddress> absent = new LinkedHashSet<>(addresses.all());
        List<IpAddress> unmarked = new ArrayList<>();
        List<String> doubled = new ArrayList<>();
        for (AddressTable.Entry entry : entries) {
            if (!addresses.contains(entry.address())) {
                continue;
            }
            if (entry.isAlone()) {
                absent.remove(entry.address());
                boolean isMarked = entry.isOurs() && entry.tag() == tag;
                if (!isMarked || isBounded && entry.validSeconds() == AddressTable.FOREVER) {
                    unmarked.add(entry.address());
                }
            } else {
                doubled.add(entry.address() + "/" + entry.prefixLength());
                // An IPv6 address stands on an interface once.
                if (entry.address().isV6()) {
                    absent.remove(entry.address());
                }
            }
        }
        return new Look(List.copyOf(absent), unmarked, doubled);
    }

    /**
     * Puts back and puts right what a look did not find as it should be. Whether the stay still holds is asked right before the one
     * call that brings an address back, and again after it: what came too late is taken away again, and was mute meanwhile
     * behind its gate.
     *
     * @throws PlatformException if the kernel refuses some of it; the rest was done
     */
    void restore(Look look, BooleanSupplier isHeld) {
        if (!look.unmarked().isEmpty()) {
            table.renewAll(index(), look.unmarked(), tag, validSeconds());
        }
        if (look.absent().isEmpty() || !isHeld.getAsBoolean()) {
            return;
        }
        AddressTable.Added result = table.addMissing(index(), look.absent(), tag, validSeconds());
        ProcessDevice own = device;
        if (own != null) {
            own.drawNothing();
        }
        if (!isHeld.getAsBoolean()) {
            table.removeAll(index(), result.added());
        }
        result.refusal().ifPresent(refusal -> {
            throw refusal;
        });
    }

    /** All of them, whoever changed them since. */
    void removeAll() {
        table.removeAll(index(), addresses.all());
    }

    /** What was added here goes, also if somebody changed it since; where adding failed, only what carries our mark and tag. */
    void remove() {
        if (added) {
            removeAll();
        } else if (addTried) {
            table.removeAll(
                    index(),
                    table.list().stream()
                            .filter(entry -> entry.isOurs()
                                    && entry.isAlone()
                                    && entry.tag() == tag
                                    && entry.interfaceIndex() == index()
                                    && addresses.contains(entry.address()))
                            .map(AddressTable.Entry::address)
                            .toList());
        }
    }

    /**
     * After {@link #remove} and before the gate is taken away: without it such an address would speak for this host. Asked of the kernel, since nobody may
     * have noticed yet.
     *
     * @throws PlatformException if one of them stands as somebody else's, or was put back at once; where adding failed, somebody else's of the same form may
     *     be why, and stays
     */
    void refuseIfLeft() {
        for (AddressTable.Entry entry : table.list(index(), addresses.all())) {
            if (addresses.contains(entry.address()) && (added || !entry.isAlone())) {
                String left = entry.address() + "/" + entry.prefixLength();
                throw new PlatformException(
                        "RTM_DELADDR",
                        0,
                        "somebody added " + left + " to " + where() + ": take it off there, `ip addr del " + left
                                + " dev " + where() + "`");
            }
        }
    }

    /** The device goes: to take it away costs the kernel some ten milliseconds. */
    @Override
    public void close() {
        ProcessDevice own = device;
        if (own != null) {
            own.close();
        }
    }
}
