package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressTable;

/**
 * The host over JNA: {@code CLOCK_BOOTTIME}, pidfd, a timer that kills, and last rites over floating addresses.
 *
 * <p>Last rites look only at addresses with {@link AddressTable#PROTO} and one of the tags, and at gates with one of the tags. A claimed address that stands in any other form is reported as failed, and its gate stays.
 * Claims of this port are named {@code address/192.0.2.10}, or as {@link LinkRites} has them; any other claim is reported as failed,
 * because this port cannot say that it is gone.
 */
public final class LinuxHostPort implements HostPort {
    /** How a floating address is named in claims and remains. */
    public static final String CLAIM_PREFIX = "address/";

    private static final Logger LOG = LoggerFactory.getLogger(LinuxHostPort.class);
    private static final int POLL_SLICE_MILLIS = 200;
    private static final int SIGKILL = 9;

    private final ReentrantLock lock = new ReentrantLock();
    /** Kept open after {@link #warmUp} for the one call that counts; the process that warms up is about to do nothing else. */
    private @Nullable LinuxAddressTable warmTable;

    private @Nullable NetlinkSocket warmFilter;

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
            warmTable.remove(Integer.MAX_VALUE, Ipv4Address.ANY);
            rites(warmTable, List.of(), List.of(CLAIM_PREFIX + Ipv4Address.ANY), new ArrayList<>());
            LinkRites.perform(List.of(), List.of(LinkRites.linkClaim("none")));
            sweep(warmFilter, List.of(), List.of());
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
        List<Ipv4Address> standing = new ArrayList<>();
        List<Removal> removals = new ArrayList<>(rites(table, tags, LinkRites.others(claims), standing));
        removals.addAll(LinkRites.perform(tags, claims));
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

    /** Gates go after their addresses: the other way round an address would speak again. */
    private static void sweep(NetlinkSocket filter, List<Integer> tags, List<Ipv4Address> standing) {
        try {
            NftGate.removeTagged(filter, tags, standing);
        } catch (PlatformException e) {
            LOG.info("gates left behind, they block nothing of anybody else: {}", e.getMessage());
        }
    }

    /**
     * @param standing receives the addresses of this host that were not removed: their gates must stay
     */
    private static List<Removal> rites(
            LinuxAddressTable table, List<Integer> tags, List<String> claims, List<Ipv4Address> standing) {
        Map<String, Removal> removals = new LinkedHashMap<>();
        List<AddressTable.Entry> others = new ArrayList<>();
        for (AddressTable.Entry entry : table.list()) {
            if (entry.isOurs() && entry.prefixLength() == 32 && tags.contains(entry.tag())) {
                String claim = CLAIM_PREFIX + entry.address();
                Removal removal = remove(table, entry, claim);
                if (!removal.isGone()) {
                    standing.add(entry.address());
                }
                // The same address on two interfaces is gone only if both are.
                removals.merge(claim, removal, LinuxHostPort::worse);
            } else {
                others.add(entry);
            }
        }
        for (AddressTable.Entry entry : others) {
            standing.add(entry.address());
            String claim = CLAIM_PREFIX + entry.address();
            if (claims.contains(claim) || removals.containsKey(claim)) {
                removals.merge(claim, changed(entry, claim), LinuxHostPort::worse);
            }
        }
        for (String claim : claims) {
            if (!removals.containsKey(claim)) {
                removals.put(claim, untouched(claim));
            }
        }
        return List.copyOf(removals.values());
    }

    private static Removal worse(Removal a, Removal b) {
        return a.isGone() ? b : a;
    }

    /** Somebody's own entry, or ours that somebody changed, which loses our mark: not ours to remove, and not gone. */
    private static Removal changed(AddressTable.Entry entry, String claim) {
        return new Removal(
                claim,
                Removal.Result.FAILED,
                entry.address() + "/" + entry.prefixLength() + " stands on interface number " + entry.interfaceIndex()
                        + (entry.isOurs()
                                ? " with the tag of another incarnation"
                                : " without the mark of this library: somebody added or changed it")
                        + "; take it off there (`ip addr del`)");
    }

    private static Removal remove(LinuxAddressTable table, AddressTable.Entry entry, String claim) {
        try {
            boolean stood = table.remove(entry.interfaceIndex(), entry.address());
            return new Removal(claim, stood ? Removal.Result.REMOVED : Removal.Result.ABSENT, "");
        } catch (PlatformException e) {
            return new Removal(claim, Removal.Result.FAILED, e.getMessage());
        }
    }

    private static Removal untouched(String claim) {
        boolean address = claim.startsWith(CLAIM_PREFIX)
                && Ipv4Address.parse(claim.substring(CLAIM_PREFIX.length())).isPresent();
        return address
                ? new Removal(claim, Removal.Result.ABSENT, "")
                : new Removal(
                        claim,
                        Removal.Result.FAILED,
                        "this host port knows addresses, named address/192.0.2.10, and interfaces, see LinkRites");
    }

    private static List<Removal> allFailed(List<String> claims, String why) {
        return claims.stream()
                .map(claim -> new Removal(claim, Removal.Result.FAILED, why))
                .toList();
    }
}
