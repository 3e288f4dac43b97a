package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;
import org.understudy.ha.iptakeover.spi.AddressGate;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * One stay of the address on this host, from a start to the stop after it: the sockets, the gate, the keeper thread.
 *
 * <p><b>Concurrency.</b> The machine belongs to the starting thread until the keeper starts and to the keeper from then on. The end
 * waits until the keeper is quiet, because an announcement sent after it would take the address away from its next owner. The
 * descriptors are closed by the keeper afterwards: closing a packet socket and the owner of a table waits for all processors
 * (30 ms together), and the next owner should not. The ports lock for themselves.
 */
final class AddressTenure {
    private static final Logger LOG = LoggerFactory.getLogger(AddressTenure.class);

    private static final long PRESENCE_NANOS = 1_000_000_000;
    private static final long UNGATED_LOOK_NANOS = 20_000_000;
    private static final long KEEPER_END_MILLIS_MAX = 500;

    private final Ipv4Address address;
    private final LinkTable.Link link;
    private final MacAddress mac;
    private final EnforcedLease lease;
    private final StartContext context;
    private final @Nullable GateTiming timing;
    private final @Nullable GateMachine machine;

    private final LinkTable links;
    private final AddressTable table;
    /** Open only while there is something to announce: closing it takes 8 ms, also in a process that is being killed. */
    private volatile @Nullable AddressAnnouncer announcer;

    private final @Nullable AddressGate gate;

    private final CountDownLatch ending = new CountDownLatch(1);
    /** The keeper does nothing more to the address. */
    private final CountDownLatch quiet = new CountDownLatch(1);
    /** The keeper may close the descriptors. */
    private final CountDownLatch released = new CountDownLatch(1);

    private @Nullable Thread keeper;
    private boolean touchedKernel;
    /** The address may have been added, though the call failed. */
    private boolean addTried;

    private boolean added;
    /** Of the keeper: the gate was shut for a while, neighbours may have forgotten the address. */
    private boolean reopened;

    private long presenceCheckedNanos;
    /** Of the keeper, after the start. */
    private long renewedNanos;

    private volatile boolean open;
    /** Why the address does not work any more; empty while it does. */
    private volatile String lost = "";

    /**
     * Opens the sockets; changes nothing in the kernel.
     *
     * @param timing null where this host has no gates
     */
    AddressTenure(Ipv4Address address, LinkTable.Link link, StartContext context, @Nullable GateTiming timing) {
        this.address = address;
        this.link = link;
        this.mac = link.mac().orElse(MacAddress.ZERO);
        this.context = context;
        this.lease = context.lease();
        this.timing = timing;
        this.machine = timing == null ? null : new GateMachine(timing);
        List<AutoCloseable> opened = new ArrayList<>();
        try {
            links = remember(opened, new LinuxLinkTable());
            table = remember(opened, new LinuxAddressTable());
            announcer = remember(opened, new RawSocketAnnouncer(link.index()));
            gate = timing == null ? null : remember(opened, new NftGate(address, link.name(), link.index()));
            opened.clear();
        } finally {
            closeAll(opened);
        }
    }

    private static <T extends AutoCloseable> T remember(List<AutoCloseable> opened, T one) {
        opened.add(one);
        return one;
    }

    /** Loads every class and the native part, so that a start does not have to. */
    static void warmUp() {
        try (LinuxLinkTable links = new LinuxLinkTable();
                RawSocketAnnouncer announcer = new RawSocketAnnouncer(Integer.MAX_VALUE)) {
            links.byName("lo");
            // No such interface: the whole path runs and no frame leaves.
            announcer.announce(MacAddress.ZERO, Ipv4Address.ANY);
        }
        GateMachine warm = new GateMachine(GateTiming.forLease(1_000_000_000));
        warm.decide(0, true, 0);
        new AnnouncementSchedule(0).isDue(0);
    }

    /**
     * What an earlier process of ours left on this interface.
     *
     * @throws ResourceException if the address stands on this host otherwise, or is the broadcast address of a subnet of it
     */
    List<AddressTable.Entry> leftovers() throws ResourceException {
        List<AddressTable.Entry> ours = new ArrayList<>();
        for (AddressTable.Entry entry : table.list()) {
            boolean sameInterface = entry.interfaceIndex() == link.index();
            if (entry.address().equals(address)) {
                if (!sameInterface || !entry.isOurs() || entry.prefixLength() != 32) {
                    throw new ResourceException(
                            Severity.HARD,
                            "floating address " + address + " stands on this host already, as " + address + "/"
                                    + entry.prefixLength() + " on "
                                    + (sameInterface ? link.name() : "interface number " + entry.interfaceIndex())
                                    + ": take it off there (`ip addr del`), the library alone may add it");
                }
                ours.add(entry);
            } else if (sameInterface
                    && (address.isBroadcastOf(entry.address(), entry.prefixLength())
                            || address.isNetworkOf(entry.address(), entry.prefixLength()))) {
                throw new ResourceException(
                        Severity.FATAL,
                        "floating address " + address + " is the broadcast or network address of " + entry.address()
                                + "/"
                                + entry.prefixLength() + " on " + link.name()
                                + ": choose a free host address of that network");
            }
        }
        return ours;
    }

    Optional<MacAddress> probe(int probes, Duration time) throws InterruptedException {
        return announcer().probe(mac, address, probes, time);
    }

    /**
     * Puts the address up behind a closed gate, opens the gate, announces, and starts the keeper. On any exception the caller
     * calls {@link #end()}.
     */
    void begin(List<AddressTable.Entry> leftovers, ThreadFactory threads)
            throws ResourceException, InterruptedException {
        int tag = context.claims().tag();
        if (gate != null) {
            // Before anything is taken away: a gate that a living process owns is refused, and its address stays.
            gate.create(tag);
        }
        touchedKernel = true;
        for (AddressTable.Entry old : leftovers) {
            table.remove(old.interfaceIndex(), old.address());
        }
        addTried = true;
        table.add(link.index(), address, tag, timing == null ? AddressTable.FOREVER : timing.validSeconds());
        added = true;
        presenceCheckedNanos = System.nanoTime();
        renewedNanos = presenceCheckedNanos;
        openGate();
        if (!announcer().announce(mac, address)) {
            LOG.warn("floating address {}: {} dropped the first announcement; it is repeated", address, link.name());
        }
        long announcedNanos = System.nanoTime();
        Thread thread = threads.newThread(() -> keep(new AnnouncementSchedule(announcedNanos)));
        thread.setName("ha-" + context.holder().node() + "-address-" + address);
        thread.setDaemon(true);
        keeper = thread;
        thread.start();
    }

    private void openGate() throws ResourceException, InterruptedException {
        if (machine == null) {
            return;
        }
        while (!open) {
            GateMachine.Decision decision = step(machine);
            if (decision.action() == GateMachine.Action.LET_GO) {
                throw new ResourceException(
                        Severity.SOFT,
                        "floating address " + address + " cannot start: " + reason(machine.loss())
                                + " before it could");
            }
            if (decision.action() == GateMachine.Action.WAIT
                    && ending.await(decision.nextNanos() - lease.nowNanos(), TimeUnit.NANOSECONDS)) {
                throw new InterruptedException("stopped while starting");
            }
        }
    }

    /** One turn of the machine: ask, act, tell. */
    private GateMachine.Decision step(GateMachine m) {
        long confirmed = lease.confirmedNanos();
        boolean valid = lease.isValid();
        GateMachine.Decision decision = m.decide(confirmed, valid, lease.nowNanos());
        if (gate != null && timing != null) {
            long timeout = timing.timeoutMillis();
            switch (decision.action()) {
                case ARM:
                    m.done(GateMachine.Action.ARM, gate.arm(timeout));
                    break;
                case OPEN:
                    m.done(GateMachine.Action.OPEN, gate.open(timeout));
                    break;
                case PROLONG:
                    m.done(GateMachine.Action.PROLONG, gate.prolong(timeout));
                    break;
                default:
                    break;
            }
        }
        open = m.isOpen();
        return decision;
    }

    private void keep(AnnouncementSchedule schedule) {
        String end = "the keeper thread of " + address + " ended";
        try {
            end = keepUntilEnding(schedule);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (HaException e) {
            LOG.error("floating address {}: {}", address, e.getMessage());
            end = e.getMessage();
        } finally {
            if (ending.getCount() > 0) {
                lost = end;
            }
            quiet.countDown();
            close();
        }
    }

    /** Returns why the address was let go; empty when somebody ended it. */
    private String keepUntilEnding(AnnouncementSchedule first) throws InterruptedException {
        AnnouncementSchedule schedule = first;
        boolean go = true;
        while (go) {
            long delay = turn();
            if (delay < 0) {
                return lost;
            }
            if (reopened) {
                reopened = false;
                schedule = new AnnouncementSchedule(System.nanoTime());
                announceAgain();
            }
            if (ending.getCount() > 0 && schedule.isDue(System.nanoTime())) {
                announceAgain();
            }
            long untilNext = schedule.delayNanos(System.nanoTime());
            if (untilNext == Long.MAX_VALUE) {
                silence();
            }
            delay = Math.min(delay, untilNext);
            go = !ending.await(delay, TimeUnit.NANOSECONDS);
        }
        return "";
    }

    private AddressAnnouncer announcer() {
        AddressAnnouncer present = announcer;
        if (present == null) {
            present = new RawSocketAnnouncer(link.index());
            announcer = present;
        }
        return present;
    }

    private void announceAgain() {
        try {
            announcer().announce(mac, address);
        } catch (PlatformException e) {
            LOG.warn("floating address {}: an announcement was not sent: {}", address, e.getMessage());
        }
    }

    private void silence() {
        AddressAnnouncer present = announcer;
        if (present != null) {
            announcer = null;
            present.close();
        }
    }

    private void close() {
        boolean interrupted = false;
        boolean go = true;
        while (go) {
            try {
                released.await();
                go = false;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        closeAll(descriptors());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does what is due now and returns nanoseconds to wait, or -1 when the address has been let go. */
    private long turn() {
        if (machine == null) {
            // As with a gate: a moment of doubt is no end, and the end does not move.
            long confirmed = lease.confirmedNanos();
            if (lease.nowNanos() - confirmed < lease.lengthNanos()) {
                return UNGATED_LOOK_NANOS;
            }
            letGo(reason(GateMachine.Loss.LEASE_OVER));
            return -1;
        }
        long reopeningsBefore = machine.reopenings();
        GateMachine.Decision decision;
        try {
            decision = step(machine);
        } catch (PlatformException e) {
            open = false;
            // The outcome is unknown; the machine keeps its state, and whatever it tries next compares before it
            // changes.
            LOG.warn("floating address {}: {}", address, e.getMessage());
            return UNGATED_LOOK_NANOS;
        }
        if (decision.action() == GateMachine.Action.LET_GO) {
            letGo(reason(machine.loss()));
            return -1;
        }
        if (decision.action() == GateMachine.Action.PROLONG && open) {
            String renamed = renamed();
            if (!renamed.isEmpty()) {
                letGo(renamed);
                return -1;
            }
            renewIfDue();
        }
        if (machine.reopenings() != reopeningsBefore) {
            LOG.warn("floating address {} was mute for a moment: this process or its lease stalled", address);
            reopened = true;
        }
        return decision.action() == GateMachine.Action.WAIT ? Math.max(0, decision.nextNanos() - lease.nowNanos()) : 0;
    }

    /**
     * Only right after the gate was prolonged: an address whose gate nobody prolongs must go. However late this comes, it does not
     * bring back what is gone.
     */
    private void renewIfDue() {
        long nanos = System.nanoTime();
        if (timing == null || nanos - renewedNanos < timing.renewalNanos()) {
            return;
        }
        renewedNanos = nanos;
        try {
            if (!table.renew(link.index(), address, context.claims().tag(), timing.validSeconds())
                    && ending.getCount() > 0) {
                LOG.warn("floating address {} is not on {} any more", address, link.name());
            }
        } catch (PlatformException e) {
            LOG.warn("floating address {} was not renewed: {}", address, e.getMessage());
        }
    }

    private void letGo(String why) {
        open = false;
        lost = why;
        LOG.warn("floating address {} is taken down: {}", address, lost);
        table.remove(link.index(), address);
        if (gate != null) {
            gate.shut();
        }
    }

    /** Why the gate does not hold the interface any more; empty if it does, or if the kernel does not say. */
    private String renamed() {
        try {
            return links.byIndex(link.index()).map(this::renamed).orElse("");
        } catch (PlatformException e) {
            LOG.warn("floating address {}: cannot look after {}: {}", address, link.name(), e.getMessage());
            return "";
        }
    }

    /** The kernel binds a gate to the name: a renamed interface has lost it, while everything goes on working. */
    private String renamed(LinkTable.Link now) {
        return now.name().equals(link.name())
                ? ""
                : "interface " + link.name() + " was renamed to " + now.name() + " and has lost its gate";
    }

    private static String reason(GateMachine.Loss loss) {
        return loss == GateMachine.Loss.GATE_GONE
                ? "somebody removed its nf_tables gate (`nft flush ruleset`?)"
                : "the lease is over";
    }

    Health health() {
        try {
            Optional<LinkTable.Link> now = links.byIndex(link.index());
            if (now.isEmpty()) {
                return Health.failed(Severity.HARD, "interface " + link.name() + " is gone");
            }
            String renamed = renamed(now.get());
            if (!renamed.isEmpty()) {
                return Health.failed(Severity.HARD, renamed);
            }
            if (!now.get().isUp()) {
                return Health.failed(Severity.HARD, "interface " + link.name() + " is down");
            }
            if (!now.get().hasCarrier()) {
                return Health.failed(Severity.HARD, "carrier of " + link.name() + " is gone");
            }
            if (!lost.isEmpty()) {
                return Health.failed(Severity.SOFT, lost);
            }
            long nanos = System.nanoTime();
            if (nanos - presenceCheckedNanos >= PRESENCE_NANOS) {
                presenceCheckedNanos = nanos;
                if (!stands()) {
                    // The next look must not wait a second to say so again.
                    presenceCheckedNanos = nanos - PRESENCE_NANOS;
                    return Health.failed(Severity.SOFT, "address " + address + " vanished from " + link.name());
                }
            }
            return machine != null && !open
                    ? Health.degraded("address " + address + " is mute until the lease is confirmed again")
                    : Health.healthy();
        } catch (PlatformException e) {
            return Health.degraded("cannot look after " + address + ": " + e.getMessage());
        }
    }

    private boolean stands() {
        for (AddressTable.Entry entry : table.list()) {
            if (entry.isOurs()
                    && entry.interfaceIndex() == link.index()
                    && entry.address().equals(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes everything down: mute first, then the address, then the gate. Idempotent. The descriptors are closed soon after, by
     * the keeper if there is one.
     *
     * @throws PlatformException if the address may still stand
     */
    void end() {
        ending.countDown();
        boolean gone = false;
        try {
            if (touchedKernel) {
                if (gate != null) {
                    gate.shut();
                }
                removeAddress();
                boolean calm = keeper == null || awaitQuiet();
                // Once more, now that nobody renews: whatever a kernel makes of a renewal, nothing stands without its
                // gate.
                removeAddress();
                if (gate != null && calm) {
                    gate.remove();
                }
            }
            gone = true;
        } finally {
            if (keeper == null || !gone) {
                // The next attempt needs the gate to have no owner.
                closeAll(descriptors());
            }
            released.countDown();
        }
    }

    /** What was added here goes, also if somebody changed it since; where adding failed, only what carries our mark and tag. */
    private void removeAddress() {
        if (added) {
            table.remove(link.index(), address);
        } else if (addTried) {
            int tag = context.claims().tag();
            for (AddressTable.Entry entry : table.list()) {
                if (entry.isOurs()
                        && entry.tag() == tag
                        && entry.interfaceIndex() == link.index()
                        && entry.address().equals(address)) {
                    table.remove(link.index(), address);
                }
            }
        }
    }

    private List<AutoCloseable> descriptors() {
        List<AutoCloseable> all = new ArrayList<>(List.of(links, table));
        AddressAnnouncer present = announcer;
        if (present != null) {
            all.add(present);
        }
        if (gate != null) {
            all.add(gate);
        }
        return all;
    }

    /** False if the keeper is stuck in the kernel: then the gate stays, closed, and holds back whatever it still sends. */
    private boolean awaitQuiet() {
        try {
            boolean calm = quiet.await(KEEPER_END_MILLIS_MAX, TimeUnit.MILLISECONDS);
            if (!calm) {
                LOG.warn("floating address {}: its thread hangs; the gate stays, closed", address);
            }
            return calm;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void closeAll(List<AutoCloseable> all) {
        for (AutoCloseable one : all) {
            try {
                one.close();
            } catch (HaException e) {
                LOG.warn("closing {}: {}", one, e.getMessage());
            } catch (Exception e) {
                throw new IllegalStateException("ports close without checked exceptions", e);
            }
        }
    }
}
