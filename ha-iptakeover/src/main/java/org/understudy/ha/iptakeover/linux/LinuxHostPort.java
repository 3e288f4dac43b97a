package org.understudy.ha.iptakeover.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.iptakeover.core.AddressClaim;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.jna.RobustMutex;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.AddressTable;

/**
 * The host over JNA: {@code CLOCK_BOOTTIME}, pidfd, a timer that kills, and last rites over floating addresses.
 *
 * <p>Last rites remove only addresses with {@link AddressTable#PROTO} and one of the tags, and gates with one of the tags. A claimed address
 * that stands in any other form is reported as failed, and its gate stays. Routes and rules with the same mark go with the claimed addresses. Claims of this port are named as {@link AddressClaim} says,
 * {@code address/192.0.2.10} for example, or as {@link LinkRites} has them; any other claim is reported as failed, because this port cannot say that it is gone. A claim of
 * many addresses is gone only if nothing at all stands within its ranges.
 */
public final class LinuxHostPort implements HostPort {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxHostPort.class);
    /** A claim of many addresses that nobody has (RFC 6666). */
    private static final String NOBODY = AddressClaim.MANY_PREFIX + "100::1-100::2/0000000000000000";

    private static final int POLL_SLICE_MILLIS = 200;
    private static final int SIGKILL = 9;

    private final ReentrantLock lock = new ReentrantLock();
    /** Kept open after {@link #warmUp} for the one call that counts; the process that warms up is about to do nothing else. */
    private @Nullable LinuxAddressTable warmTable;

    private @Nullable NetlinkSocket warmFilter;
    /** What guards may still hold. */
    private final List<Unswept> unswept = new ArrayList<>();

    /**
     * Of last rites.
     *
     * @param standing addresses whose gates must stay
     */
    private record Unswept(List<Integer> tags, Set<IpAddress> standing) {}

    /** For {@link java.util.ServiceLoader}. */
    public LinuxHostPort() {}

    @Override
    public String name() {
        return "linux-jna";
    }

    @Override
    public String unavailableBecause() {
        return NativeAccess.unavailableBecause();
    }

    @Override
    public long bootNanos() {
        NativeAccess.require();
        return Libc.bootNanos();
    }

    @Override
    public ProcessWatch watch(long pid) {
        NativeAccess.require();
        Fd fd = Libc.pidfdOpen(pid);
        return new ProcessWatch() {
            @Override
            public boolean awaitEnd(int millis) throws InterruptedException {
                long start = System.nanoTime();
                while (true) {
                    long left = millis < 0 ? POLL_SLICE_MILLIS : millis - (System.nanoTime() - start) / 1_000_000;
                    if (Libc.awaitReadable(fd, (int) Math.max(0, Math.min(left, POLL_SLICE_MILLIS)))) {
                        return true;
                    }
                    if (Thread.interrupted()) {
                        throw new InterruptedException("interrupted while watching process " + pid);
                    }
                    if (left <= 0) {
                        return false;
                    }
                }
            }

            @Override
            public String cannotKillBecause() {
                if (pid == 1) {
                    return LinuxKillTimer.INIT_CANNOT_BE_KILLED;
                }
                try {
                    Libc.pidfdSendSignal(fd, 0);
                    return "";
                } catch (PlatformException e) {
                    return e.getMessage();
                }
            }

            @Override
            public void kill() {
                try {
                    Libc.pidfdSendSignal(fd, SIGKILL);
                } catch (PlatformException e) {
                    if (e.errno() != Libc.ESRCH) {
                        throw e;
                    }
                }
            }

            @Override
            public void close() {
                fd.close();
            }
        };
    }

    @Override
    public Optional<LifeMark> newLifeMark(Path file) {
        return Optional.of(mark(RobustMutex.create(file)));
    }

    @Override
    public Optional<LifeMark> lifeMark(Path file) {
        return Optional.of(mark(RobustMutex.open(file)));
    }

    private static LifeMark mark(RobustMutex mutex) {
        return new LifeMark() {
            @Override
            public void hold() {
                mutex.lock();
            }

            @Override
            public void release() {
                mutex.unlock();
            }

            @Override
            public boolean awaitEnd() {
                return mutex.lock();
            }
        };
    }

    @Override
    public Optional<Enforcer> killTimer() {
        return Optional.of(new LinuxKillTimer());
    }

    @Override
    public void warmUp() {
        lock.lock();
        try {
            if (warmTable == null) {
                warmTable = new LinuxAddressTable();
            }
            if (warmFilter == null) {
                warmFilter = NetlinkSocket.open(NetlinkSocket.NETFILTER);
            }
            // The whole path once, about an interface that cannot exist: every class is loaded when it counts.
            warmTable.removeAll(Integer.MAX_VALUE, List.of(Ipv4Address.ANY, Ipv6Address.ANY));
            rites(
                    warmTable,
                    List.of(),
                    List.of(AddressClaim.of(Ipv4Address.ANY), AddressClaim.of(Ipv6Address.ANY), NOBODY),
                    new HashSet<>());
            removeRoutes(List.of(NOBODY), Set.of());
            LinkRites.perform(List.of(), List.of(LinkRites.linkClaim("none")));
            sweep(warmFilter, List.of(), Set.of());
            sweepGuards(List.of(new Unswept(List.of(), Set.of())), new TreeSet<>());
        } catch (PlatformException e) {
            LOG.warn("the last rites of this host may fail: {}", e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<Removal> lastRites(List<Integer> tags, List<String> claims) {
        lock.lock();
        try {
            if (warmTable != null) {
                return ritesAndSweep(warmTable, tags, claims);
            }
            try (LinuxAddressTable table = new LinuxAddressTable()) {
                return ritesAndSweep(table, tags, claims);
            }
        } catch (PlatformException e) {
            return allFailed(claims, e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    private List<Removal> ritesAndSweep(LinuxAddressTable table, List<Integer> tags, List<String> claims) {
        Set<IpAddress> standing = new HashSet<>();
        List<Removal> removals = new ArrayList<>(rites(table, tags, LinkRites.others(claims), standing));
        removeRoutes(claims, standing);
        removals.addAll(LinkRites.perform(tags, claims));
        // Mute as they are, they have time until the proof is under way: there is one question for each interface of
        // the host.
        if (!tags.isEmpty()) {
            // What stood at the last look counts.
            unswept.removeIf(earlier -> tags.containsAll(earlier.tags()));
            unswept.add(new Unswept(List.copyOf(tags), Set.copyOf(standing)));
        }
        if (warmFilter != null) {
            sweep(warmFilter, tags, standing);
        } else {
            try (NetlinkSocket filter = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
                sweep(filter, tags, standing);
            } catch (PlatformException e) {
                LOG.info("gates left behind, they block nothing of anybody else: {}", e.getMessage());
            }
        }
        return removals;
    }

    /**
     * Returns those of which something is left.
     *
     * @param guarded receives the cards that have a guard
     */
    private static List<Unswept> sweepGuards(List<Unswept> all, Set<Integer> guarded) {
        List<Unswept> left = new ArrayList<>();
        try {
            List<Integer> cards = CardGuard.cards();
            for (Unswept one : all) {
                if (!CardGuard.removeTagged(cards, one.tags(), one.standing(), guarded)) {
                    left.add(one);
                }
            }
            return left;
        } catch (PlatformException e) {
            LOG.info("what guards of cards hold of ended processes is left, mute: {}", e.getMessage());
            return List.copyOf(all);
        }
    }

    @Override
    public void afterRites() {
        lock.lock();
        try {
            Set<Integer> guarded = new TreeSet<>();
            List<Unswept> left = sweepGuards(unswept, guarded);
            CardGuard.tidyUp(guarded);
            unswept.clear();
            unswept.addAll(left);
        } finally {
            lock.unlock();
        }
    }

    /** What stays of them leads nowhere, and nobody else's traffic takes it. */
    private static void removeRoutes(List<String> claims, Set<IpAddress> standing) {
        List<AddressClaim> meant = claims.stream()
                .flatMap(claim -> AddressClaim.parse(claim).stream())
                .toList();
        if (meant.isEmpty()) {
            return;
        }
        try (LinuxRouteTable routes = new LinuxRouteTable()) {
            int removed = routes.removeAllAndOrphans(source -> isCovered(meant, source) && !standing.contains(source));
            if (removed > 0) {
                LOG.info("{} routes and rules of dead addresses are removed", removed);
            }
        } catch (PlatformException e) {
            LOG.info("routes and rules left behind: {}", e.getMessage());
        }
    }

    /** Gates go after their addresses: the other way round an address would speak again. */
    private static void sweep(NetlinkSocket filter, List<Integer> tags, Set<IpAddress> standing) {
        try {
            NftGate.removeTagged(filter, tags, standing);
        } catch (PlatformException e) {
            LOG.info("gates left behind, they block nothing of anybody else: {}", e.getMessage());
        }
    }

    /** What became of an address of this host that a claim may speak of. */
    private record Fate(IpAddress address, Removal.Result result, String detail) {}

    /**
     * @param standing receives the addresses of this host that were not removed: their gates must stay
     */
    private static List<Removal> rites(
            LinuxAddressTable table, List<Integer> tags, List<String> claims, Set<IpAddress> standing) {
        Map<Integer, List<IpAddress>> tagged = new TreeMap<>();
        List<Fate> fates = new ArrayList<>();
        for (AddressTable.Entry entry : table.list()) {
            if (entry.isOurs() && entry.isAlone() && tags.contains(entry.tag())) {
                tagged.computeIfAbsent(entry.interfaceIndex(), index -> new ArrayList<>())
                        .add(entry.address());
            } else {
                fates.add(new Fate(entry.address(), Removal.Result.FAILED, changed(entry)));
            }
        }
        List<Fate> ours = new ArrayList<>();
        for (Map.Entry<Integer, List<IpAddress>> each : tagged.entrySet()) {
            for (LinuxAddressTable.Removed one : table.removeEach(each.getKey(), each.getValue())) {
                ours.add(fate(one));
            }
        }
        fates.addAll(ours);
        Map<IpAddress, List<Fate>> byAddress = new HashMap<>();
        for (Fate fate : fates) {
            byAddress
                    .computeIfAbsent(fate.address(), address -> new ArrayList<>(1))
                    .add(fate);
            if (fate.result() == Removal.Result.FAILED) {
                standing.add(fate.address());
            }
        }
        return outcomes(claims, byAddress, ours);
    }

    /** Of each claim, and of what was tagged without one. */
    private static List<Removal> outcomes(List<String> claims, Map<IpAddress, List<Fate>> byAddress, List<Fate> ours) {
        Map<String, Removal> removals = new LinkedHashMap<>();
        List<AddressClaim> many = new ArrayList<>();
        for (String claim : claims) {
            Optional<AddressClaim> meant = AddressClaim.parse(claim);
            if (meant.isEmpty()) {
                removals.put(claim, unknown(claim));
                continue;
            }
            Optional<IpAddress> only = meant.get().only();
            if (only.isPresent()) {
                removals.put(claim, outcome(claim, byAddress.getOrDefault(only.get(), List.of())));
            } else {
                many.add(meant.get());
                removals.put(claim, outcome(claim, covered(meant.get(), byAddress)));
            }
        }
        for (Fate fate : ours) {
            String claim = AddressClaim.of(fate.address());
            if (!removals.containsKey(claim) && !isCovered(many, fate.address())) {
                removals.put(claim, outcome(claim, byAddress.getOrDefault(fate.address(), List.of())));
            }
        }
        return List.copyOf(removals.values());
    }

    private static List<Fate> covered(AddressClaim claim, Map<IpAddress, List<Fate>> byAddress) {
        List<Fate> covered = new ArrayList<>();
        for (Map.Entry<IpAddress, List<Fate>> each : byAddress.entrySet()) {
            if (claim.covers(each.getKey())) {
                covered.addAll(each.getValue());
            }
        }
        return covered;
    }

    private static boolean isCovered(List<AddressClaim> claims, IpAddress address) {
        for (AddressClaim claim : claims) {
            if (claim.covers(address)) {
                return true;
            }
        }
        return false;
    }

    private static Fate fate(LinuxAddressTable.Removed one) {
        PlatformException failure = one.failure();
        if (failure != null) {
            return new Fate(one.address(), Removal.Result.FAILED, failure.getMessage());
        }
        return new Fate(one.address(), one.stood() ? Removal.Result.REMOVED : Removal.Result.ABSENT, "");
    }

    /**
     * Gone only if everything is, on every interface.
     *
     * @param fates of everything on this host that the claim speaks of
     */
    private static Removal outcome(String claim, List<Fate> fates) {
        Removal.Result result = Removal.Result.ABSENT;
        for (Fate fate : fates) {
            if (fate.result() == Removal.Result.FAILED) {
                return new Removal(claim, Removal.Result.FAILED, fate.detail());
            }
            if (fate.result() == Removal.Result.REMOVED) {
                result = Removal.Result.REMOVED;
            }
        }
        return new Removal(claim, result, "");
    }

    /** Somebody's own entry, or ours that somebody changed, which loses our mark: not ours to remove, and not gone. */
    private static String changed(AddressTable.Entry entry) {
        return entry.address() + "/" + entry.prefixLength() + " stands on interface number " + entry.interfaceIndex()
                + (entry.isOurs()
                        ? " with the tag of another incarnation"
                        : " without the mark of this library: somebody added or changed it")
                + "; take it off there (`ip addr del`)";
    }

    private static Removal unknown(String claim) {
        return new Removal(
                claim,
                Removal.Result.FAILED,
                "this host port knows addresses, named address/192.0.2.10 or addresses/..., and interfaces, see"
                        + " LinkRites");
    }

    private static List<Removal> allFailed(List<String> claims, String why) {
        return claims.stream()
                .map(claim -> new Removal(claim, Removal.Result.FAILED, why))
                .toList();
    }
}
