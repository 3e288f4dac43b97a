package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
import org.understudy.ha.iptakeover.core.Confirmation;
import org.understudy.ha.iptakeover.core.DeadlineMachine;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.core.Pace;
import org.understudy.ha.iptakeover.core.PresenceWatch;
import org.understudy.ha.iptakeover.core.RenewalRound;
import org.understudy.ha.iptakeover.linux.BoundedWait;
import org.understudy.ha.iptakeover.linux.LinuxLinkEvents;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkEvents;
import org.understudy.ha.iptakeover.spi.LinkTable;
import org.understudy.ha.iptakeover.spi.TcpSessions;

/**
 * One stay of a resource's addresses on this host, from a start to the stop after it: the sockets, the gate, the keeper thread.
 *
 * <p><b>Concurrency.</b> The machine belongs to the starting thread until the stay is begun, and from then on to the {@link GatePulse}, which all stays of the node
 * share. Everything else is the keeper's, which mostly sleeps. The end
 * waits until both are quiet, because an announcement sent after it would take the address away from its next owner. The
 * descriptors are closed by the keeper afterwards: closing a packet socket and the owner of a table waits for all processors
 * (30 ms together), and the next owner should not. Those that the next stay can use stay open for it, see {@link ReadyStay#again()}. The ports lock for themselves.
 */
final class AddressTenure {
    private static final Logger LOG = LoggerFactory.getLogger(AddressTenure.class);

    private static final long KEEPER_END_MILLIS_MAX = 500;
    /** A packet socket that is not used for so long is closed meanwhile. */
    private static final long SILENCE_NANOS = 5_000_000_000L;
    /** How often it is looked whether the addresses stand, and how their interface does, though nothing was heard. */
    private static final long LOOK_NANOS = 10_000_000_000L;
    /** How long a card is taken to have its name though nothing was told of it. */
    private static final long NAME_NANOS = 1_000_000_000L;
    /** How often in the length of a lease it is looked whether a doubt is over, while something is to be put back. */
    private static final int DOUBT_TURNS = 6;
    /** So many turns of a gate at once at most: arm, open and prolong are three. */
    private static final int TURNS_MAX = 4;

    static final String HANGING = "a thread of the stay before hangs in the kernel, and may add it once more";

    private final AddressSet addresses;
    /** In words: "floating address 192.0.2.10". */
    private final String what;

    private final ReadyStay ready;
    private final LinkTable.Link link;
    /** Of the starting thread, then of the keeper: the card's hardware address. */
    private MacAddress mac;

    private final StartContext context;

    private final LinkTable links;
    /** What the keeper waits for, and what keeps the gate open. */
    private final GatePulse.Place events;

    private final CardLooks.Look<Boolean> well;

    private final StandingAddresses standing;
    private final AddressRoutes routes;
    private final SegmentTalk talk;
    private final TcpCare tcp;
    /** Open only while there is something to announce: closing it takes 8 ms, also in a process that is being killed. */
    private volatile @Nullable AddressAnnouncer announcer;

    private final GateKeeper gate;
    private final boolean needsResponder;
    private final boolean isRouter;
    /** Where the kernel does not answer neighbour solicitations for the addresses. */
    private volatile @Nullable NeighbourResponder responder;

    private final CountDownLatch ending = new CountDownLatch(1);
    /** Why another owner has it now; empty while it is ours. */
    private volatile String yielded = "";

    /** The keeper does nothing more to the address. */
    private final CountDownLatch quiet = new CountDownLatch(1);
    /** The keeper may close the descriptors. */
    private final CountDownLatch released = new CountDownLatch(1);
    /** What the next stay goes on with. */
    private volatile Optional<ReadyStay> again = Optional.empty();

    private @Nullable Thread keeper;
    private boolean touchedKernel;
    /** What a dead process left may still stand, behind the gate of this stay. */
    private boolean leftBehind;
    /** Of the end: the gate was not taken away, though there was one. */
    private volatile boolean isGateLeft;

    /** There is something to say that was not planned. Set before the keeper is woken. */
    private final AtomicBoolean woken = new AtomicBoolean();
    /** Of the pulse, for the keeper: why the gate does not keep the addresses any more; empty while it does. */
    private volatile String gateEnd = "";
    /** The same: the gate was shut for a while. */
    private final AtomicBoolean wasReopened = new AtomicBoolean();
    /** The same: the interface may have another name. */
    private final AtomicBoolean isNameStirred = new AtomicBoolean();
    /** The same: the gate was just kept open, and some addresses are due. */
    private final AtomicBoolean isRenewalDue = new AtomicBoolean();
    /** When some addresses are due for a longer life. */
    private volatile long renewalNanos;

    /** Of the keeper: neighbours or switches may have forgotten the address, or look for it elsewhere. */
    private boolean reopened;

    /** Of the keeper: something was told of the interface. */
    private boolean isLinkStirred;

    /** Of the keeper, for whoever monitors: the card may have another name. */
    private final AtomicBoolean isNameTold = new AtomicBoolean(true);
    /** Of whoever monitors: when it was known to have the name. */
    private long namedNanos = System.nanoTime() - NAME_NANOS;

    /** Of the keeper: when it last looked at the interface as a whole. */
    private long linkNanos = System.nanoTime();

    /** Of the keeper: how often the card has lost its carrier. */
    private int carrierLosses;

    /** Why the address does not work any more; empty while it does. */
    private volatile String lost = "";

    /** Of the keeper, once it keeps. */
    private final PresenceWatch presence = new PresenceWatch(System.nanoTime(), LOOK_NANOS);

    private StandingAddresses.Look looked = StandingAddresses.Look.COMPLETE;
    /** What somebody is to be told of, without who did it. */
    private final List<String> untold = new ArrayList<>();
    /** The same, whoever did it, and no alarm. */
    private final List<String> unreported = new ArrayList<>();
    /** The interface was switched on when it was last looked at. */
    private boolean isLinkUp = true;
    /** There was none, which takes the addresses on it away. */
    private boolean isLinkGone;
    /** It was switched off since all of them stood, which takes IPv6 addresses away. */
    private boolean wasLinkDown;
    /** What somebody took away and is not back, empty if all stand; then whether it is to be expected back. */
    private volatile Absence absence = Absence.NONE;

    private record Absence(String why, boolean isPassing) {
        static final Absence NONE = new Absence("", true);
    }

    /**
     * Changes nothing in the kernel.
     *
     * @param ready its sockets, and its gate if that is made already; ends with this, and is left to the caller if this throws
     * @param timing null where this host has no gates
     * @param dieWithProcess the addresses stand on a device of this process, see {@link StandingAddresses}
     * @param cards what the node's stays share
     */
    AddressTenure(
            AddressSet addresses,
            ReadyStay ready,
            StartContext context,
            @Nullable GateTiming timing,
            SegmentTalk.Settings settings,
            boolean dieWithProcess,
            AddressRoutes.Wanted wanted,
            NodeCards cards,
            ThreadFactory threads) {
        this.addresses = addresses;
        this.what = StandingAddresses.words(addresses);
        this.ready = ready;
        this.link = ready.link();
        this.mac = link.mac().orElse(MacAddress.ZERO);
        this.context = context;
        this.carrierLosses = link.carrierLosses();
        this.well = cards.looks().well(link.name());
        this.tcp = new TcpCare(addresses, context, cards.looks().accepted());
        List<AutoCloseable> opened = new ArrayList<>();
        try {
            links = ready.links();
            standing = new StandingAddresses(addresses, link, ready.tag(), timing, dieWithProcess, ready.table());
            routes = remember(opened, AddressRoutes.of(addresses, link.index(), wanted));
            events = remember(
                    opened,
                    cards.pulse()
                            .join(
                                    link.index(),
                                    addresses,
                                    ready.tag(),
                                    threads,
                                    NodeCards.pulseName(context.holder().node().toString())));
            needsResponder = dieWithProcess && addresses.hasV6();
            isRouter = addresses.hasV6() && links.forwardsV6(link.index());
            talk = new SegmentTalk(addresses, link, isRouter, context, settings, new Talked(), cards.ears());
            announcer = ready.announcer();
            gate = ready.keeper(context.lease(), timing);
            touchedKernel = ready.isShut();
            // A start that is refused now does not know yet what stands behind it.
            leftBehind = ready.isShut();
            opened.clear();
        } finally {
            closeAll(opened);
        }
    }

    static <T extends AutoCloseable> T remember(List<AutoCloseable> opened, T one) {
        opened.add(one);
        return one;
    }

    /** Loads every class and the native part, so that a start does not have to. */
    static void warmUp(AddressSet addresses) {
        try (LinuxLinkTable links = new LinuxLinkTable();
                RawSocketAnnouncer announcer = new RawSocketAnnouncer(Integer.MAX_VALUE)) {
            links.byName("lo");
            links.isWell("lo");
            links.forwardsV6(Integer.MAX_VALUE);
            // No such interface: the whole path runs and no frame leaves.
            FencingToken any = new FencingToken(1);
            announcer.send(new Announcement(MacAddress.ZERO, false, Optional.empty(), any).of(first(addresses.all())));
        }
        warmUpPulse(addresses);
        SegmentTalk.warmUp();
        TcpCare.warmUp();
        GateMachine warm = new GateMachine(GateTiming.forLease(1_000_000_000));
        warm.decide(0, true, 0, 0);
        new AnnouncementSchedule(0, 1).next(0);
        new DeadlineMachine(1).decide(0, true, 0);
        new RenewalRound(1, 1, 0).next(0);
        PresenceWatch presence = new PresenceWatch(0, LOOK_NANOS);
        presence.found(StandingAddresses.compare(List.of(), addresses, 1, true).isComplete(), 0);
        presence.decide(PresenceWatch.Stay.HELD, LOOK_NANOS);
        presence.restored(true, LOOK_NANOS);
        initialise(List.of(
                Absence.class,
                Beat.class,
                Clearing.class,
                Talked.class,
                AddressRoutes.class,
                AddressTable.Network.class,
                ArrayBlockingQueue.class,
                CardLooks.Look.class,
                Confirmation.Role.class,
                CooperativeGateKeeper.class,
                DeadlineGateKeeper.class,
                GateKeeper.Turn.class,
                LinkEvents.AddressChanged.class,
                LinkEvents.LinkChanged.class,
                LinuxLinkEvents.class,
                NodeCards.class,
                NodeCards.Hold.class,
                Pace.class,
                ReadyStay.class,
                TcpSessions.Ended.class,
                TimeoutGateKeeper.class));
    }

    /** What there is nothing to try with: finding and checking a class takes a millisecond on a busy host. */
    private static void initialise(List<Class<?>> classes) {
        for (Class<?> one : classes) {
            try {
                Class.forName(one.getName(), true, one.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException("a class that is loaded is found", e);
            }
        }
    }

    /** The threads run once and end. */
    private static void warmUpPulse(AddressSet addresses) {
        GatePulse.Place place =
                new GatePulse().join(Integer.MAX_VALUE, addresses, 1, Thread::new, "ha-warm-up-addresses");
        CountDownLatch beaten = new CountDownLatch(1);
        place.keep(new GatePulse.Stay() {
            @Override
            public long beat() {
                return Long.MAX_VALUE;
            }

            @Override
            public void look() {
                beaten.countDown();
            }

            @Override
            public long earlyNanos() {
                return 0;
            }

            @Override
            public void abandoned(String why) {
                beaten.countDown();
            }
        });
        try {
            beaten.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            place.leave();
            place.close();
        }
        place.wake();
        place.await(0);
    }

    private static List<IpAddress> first(List<IpAddress> all) {
        return all.subList(0, Math.min(all.size(), AnnouncementSchedule.BURST_MAX));
    }

    /** A gate under another name that nobody owns may hold one of the addresses. */
    boolean isAnotherLeftBehind() {
        return ready.isAnotherLeftBehind();
    }

    /** See {@link StandingAddresses#leftovers}. */
    List<IpAddress> leftovers(int networkIndex) throws ResourceException {
        return standing.leftovers(networkIndex);
    }

    Map<IpAddress, MacAddress> probe(int probes, Duration time) throws InterruptedException {
        return announcer().probe(mac, addresses.all(), probes, time);
    }

    /** Takes away what would keep the addresses mute, when they have a gate of their own. */
    interface Clearing {
        void run() throws ResourceException;
    }

    /** Whether it has changed anything in the kernel, or may have. */
    boolean hasTouchedKernel() {
        return touchedKernel;
    }

    /** What mutes the addresses in this stay. */
    LeaseEnd leaseEnd() {
        return ready.leaseEnd();
    }

    /**
     * Puts the addresses up behind a closed gate, opens the gate, announces, and starts the keeper. On any exception the caller
     * calls {@link #end()}; or this again, if nothing was {@linkplain #hasTouchedKernel() touched}.
     */
    void begin(List<IpAddress> leftovers, Clearing clearOthers, ThreadFactory threads)
            throws ResourceException, InterruptedException {
        // Before anything is taken away: a gate that a living process owns is refused, and its addresses stay.
        ready.shut();
        touchedKernel = true;
        leftBehind = !leftovers.isEmpty();
        clearOthers.run();
        standing.add(leftovers);
        leftBehind = false;
        if (standing.index() != link.index()) {
            events.hearAlso(standing.index());
            // Nobody heard what happened there before.
            presence.stirred();
        }
        if (needsResponder) {
            Talked holding = new Talked();
            responder = new NeighbourResponder(
                    addresses,
                    link,
                    isRouter,
                    () -> holding.isHolding() && gate.isOpen(),
                    threads,
                    "ha-" + context.holder().node() + "-answers-"
                            + addresses.ofVersion(true).get(0));
        }
        routes.add();
        gate.open(ending);
        AnnouncementSchedule schedule = talk.schedule(System.nanoTime());
        if (!announce(schedule)) {
            LOG.warn("{}: {} dropped the first announcement; it is repeated", what, link.name());
        }
        talk.begin(threads);
        Thread thread = threads.newThread(() -> keep(schedule));
        thread.setName("ha-" + context.holder().node() + "-address-"
                + addresses.all().get(0) + (addresses.size() == 1 ? "" : "+" + (addresses.size() - 1)));
        thread.setDaemon(true);
        thread.start();
        // Nobody waits for a keeper that could not be started.
        keeper = thread;
        renewalNanos = System.nanoTime() + standing.renewalDelayNanos();
        events.keep(new Beat());
    }

    /** What the gate needs, on the threads of the pulse. */
    private final class Beat implements GatePulse.Stay {
        /** What the last turn said. */
        private long delayNanos;

        @Override
        public long beat() {
            if (!isHeld()) {
                return Long.MAX_VALUE;
            }
            GateKeeper.Turn turn = gate.turn();
            boolean isKept = turn.isKept();
            boolean isReopened = turn.isReopened();
            for (int i = 1; i < TURNS_MAX && turn.end().isEmpty() && turn.delayNanos() == 0 && isHeld(); i++) {
                turn = gate.turn();
                isKept |= turn.isKept();
                isReopened |= turn.isReopened();
            }
            if (!isHeld()) {
                // Whatever was opened or prolonged in the same moment is shut again.
                gate.shut();
                return Long.MAX_VALUE;
            }
            if (!turn.end().isEmpty()) {
                return end(turn.end());
            }
            if (isReopened) {
                wasReopened.set(true);
            }
            boolean isStirred = isReopened;
            if (isKept) {
                isStirred |= orderRenewal();
            }
            if (isStirred) {
                wake();
            }
            delayNanos = turn.delayNanos();
            return delayNanos;
        }

        @Override
        public void look() {
            if (!isHeld()) {
                return;
            }
            try {
                String problem = gate.problem();
                if (!problem.isEmpty()) {
                    end(problem);
                } else if (gate.isBoundToName() && !links.isStill(link.index(), link.name())) {
                    isNameStirred.set(true);
                    wake();
                }
            } catch (PlatformException e) {
                LOG.warn("{}: its gate was not looked after: {}", what, e.getMessage());
            }
        }

        private long end(String why) {
            gateEnd = why;
            wake();
            return Long.MAX_VALUE;
        }

        private boolean orderRenewal() {
            return renewalNanos - System.nanoTime() <= 0 && !isRenewalDue.getAndSet(true);
        }

        private void wake() {
            woken.set(true);
            events.wake();
        }

        @Override
        public long earlyNanos() {
            // What is tried again soon must not be tried with every beat of the others.
            return Math.min(gate.earlyNanos(), delayNanos / 2);
        }

        @Override
        public void abandoned(String why) {
            end(why);
        }
    }

    /** What the ear says, on its thread. */
    private final class Talked implements SegmentTalk.Owner {
        @Override
        public boolean isHolding() {
            return isHeld();
        }

        @Override
        public void yield(String why) {
            yielded = why;
            try {
                gate.shut();
            } catch (PlatformException e) {
                LOG.warn("{}: its thread must shut the gate: {}", what, e.getMessage());
            } finally {
                wake();
            }
        }

        @Override
        public void wake() {
            woken.set(true);
            events.wake();
        }

        @Override
        public List<IpAddress> served() {
            return standing.ofTheSegment(tcp.clients());
        }
    }

    /** The burst that is due now, if any. False if the host itself dropped some of it. */
    private boolean announce(AnnouncementSchedule schedule) {
        AnnouncementSchedule.Burst burst = schedule.next(System.nanoTime());
        return burst.isEmpty()
                || announcer().send(talk.announcing(addresses.all().subList(burst.from(), burst.to())));
    }

    private void keep(AnnouncementSchedule schedule) {
        String end = "the keeper thread of " + addresses + " ended";
        try {
            end = keepUntilEnding(schedule);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (HaException e) {
            LOG.error("{}: {}", what, e.getMessage());
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
    private String keepUntilEnding(AnnouncementSchedule schedule) throws InterruptedException {
        tcp.takeOver(System.nanoTime());
        talk.ask();
        long speakNanos = System.nanoTime();
        while (ending.getCount() > 0) {
            long delay = turn();
            if (delay < 0) {
                return lost;
            }
            boolean isWanted = woken.getAndSet(false) || reopened || !untold.isEmpty();
            if (isWanted || speakNanos - System.nanoTime() <= 0) {
                speakNanos = System.nanoTime() + Math.min(LOOK_NANOS, speak(schedule));
            }
            hear(events.await(Math.max(0, Math.min(delay, speakNanos - System.nanoTime()))));
            if (Thread.interrupted()) {
                throw new InterruptedException("the thread of " + addresses + " was interrupted");
            }
        }
        return "";
    }

    /** Whatever is to be said to neighbours, rivals, clients and listeners; returns nanoseconds until the next time. */
    private long speak(AnnouncementSchedule schedule) throws InterruptedException {
        if (reopened) {
            reopened = false;
            schedule.restart(System.nanoTime());
        }
        long delay = talk.answerRivals(schedule, System.nanoTime());
        if (ending.getCount() > 0) {
            announceAgain(schedule);
            delay = Math.min(delay, Math.min(talk.turn(), tcp.turn()));
        }
        tellAll();
        long untilNext = schedule.delayNanos(System.nanoTime());
        if (untilNext > SILENCE_NANOS) {
            silence();
        }
        return Math.min(delay, untilNext);
    }

    private void hear(List<LinkEvents.Event> news) {
        for (LinkEvents.Event event : news) {
            if (event instanceof LinkEvents.AddressChanged changed) {
                if (addresses.contains(changed.address())) {
                    presence.stirred();
                }
            } else {
                isLinkStirred = true;
                isNameTold.set(true);
                reopened |= event instanceof LinkEvents.LinkChanged moved
                        && moved.index() == link.index()
                        && moved.isMoved();
                wasLinkDown |= event instanceof LinkEvents.LinkChanged changed
                        && changed.index() == standing.index()
                        && !changed.isUp();
                if (event instanceof LinkEvents.Missed) {
                    presence.stirred();
                }
            }
        }
    }

    private AddressAnnouncer announcer() {
        AddressAnnouncer present = announcer;
        if (present == null) {
            present = new RawSocketAnnouncer(link.index());
            announcer = present;
        }
        return present;
    }

    private void announceAgain(AnnouncementSchedule schedule) {
        try {
            announce(schedule);
        } catch (PlatformException e) {
            LOG.warn("{}: an announcement was not sent: {}", what, e.getMessage());
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
        long delay = over().isEmpty() ? tend() : -1;
        String over = over();
        if (!over.isEmpty() && lost.isEmpty()) {
            letGo(over);
            return -1;
        }
        return delay;
    }

    /** Why the addresses must go; empty while they need not. */
    private String over() {
        return yielded.isEmpty() ? gateEnd : yielded;
    }

    private long tend() {
        boolean isLookDue =
                isNameStirred.getAndSet(false) | isLinkStirred || System.nanoTime() - linkNanos >= LOOK_NANOS;
        if (isLookDue) {
            isLinkStirred = false;
            linkNanos = System.nanoTime();
            // A moment is enough to lose every route over it.
            boolean wasUp = isLinkUp && !wasLinkDown;
            String renamed = lookAfterLink();
            if (!renamed.isEmpty() && gate.isEnforced()) {
                letGo(renamed);
                return -1;
            }
            if (isLinkUp && !wasUp) {
                ensureRoutes();
            }
        }
        if (isRenewalDue.get()) {
            // Ordered by a beat; one that came too late for its gate orders it again when that is open.
            if (gate.isOpen() && context.lease().isValid() && !standing.renewIfDue()) {
                presence.stirred();
            }
            renewalNanos = System.nanoTime() + standing.renewalDelayNanos();
            isRenewalDue.set(false);
        }
        reopened |= wasReopened.getAndSet(false);
        long delay = lookAfterAddresses();
        if (isLookDue) {
            talk.listenAgain();
        }
        return delay;
    }

    /** Not in the name of addresses that must go; and taken away again if that was found out meanwhile. */
    private void ensureRoutes() {
        if (isHeld()) {
            routes.ensure();
            if (!isHeld()) {
                removeRoutes();
            }
        }
    }

    /** Finds out what somebody took away, and puts it back if it may stand; returns nanoseconds until the next look. */
    private long lookAfterAddresses() {
        PresenceWatch.Decision decision = presence.decide(stay(), System.nanoTime());
        while (decision.action() != PresenceWatch.Action.WAIT) {
            if (decision.action() == PresenceWatch.Action.LOOK) {
                look();
            } else {
                restore();
            }
            decision = presence.decide(stay(), System.nanoTime());
        }
        if (presence.hasGivenUp() && absence.isPassing()) {
            giveUp();
        }
        if (isLinkUp && presence.isCalm() && untold.isEmpty()) {
            // Whatever is missing from now on was taken away by somebody.
            wasLinkDown = false;
        }
        long delay = decision.nextNanos() == Long.MAX_VALUE
                ? Long.MAX_VALUE
                : Math.max(0, decision.nextNanos() - System.nanoTime());
        // Nobody tells that a moment of doubt is over; of an interface somebody does.
        boolean isDoubted = !presence.isCalm() && isLinkUp && isHeld() && !presence.hasGivenUp();
        return isDoubted ? Math.min(delay, context.lease().lengthNanos() / DOUBT_TURNS) : delay;
    }

    private PresenceWatch.Stay stay() {
        if (!isHeld()) {
            return PresenceWatch.Stay.OVER;
        }
        return gate.isOpen() && context.lease().isValid() && isLinkUp
                ? PresenceWatch.Stay.HELD
                : PresenceWatch.Stay.IN_DOUBT;
    }

    /** Whether the addresses may stand, as far as anybody here knows. */
    private boolean isHeld() {
        return yielded.isEmpty() && gateEnd.isEmpty() && lost.isEmpty() && ending.getCount() > 0;
    }

    private void look() {
        try {
            StandingAddresses.Look now = standing.look();
            List<String> doubledBefore = looked.doubled();
            looked = now;
            if (!now.isComplete()) {
                // With an interface that is put down go its IPv6 addresses, and its own event comes after theirs.
                lookAfterLink();
            }
            boolean isNew = presence.found(now.isComplete(), System.nanoTime());
            if (now.isComplete()) {
                ensureRoutes();
            }
            if (now.isComplete() || absence.isPassing()) {
                absence = now.isComplete()
                        ? Absence.NONE
                        : new Absence(by() + now.words(standing.where()) + ": it is being put back", true);
            }
            if (isNew) {
                untold.add(now.words(standing.where()));
            }
            if (!now.doubled().isEmpty() && !now.doubled().equals(doubledBefore)) {
                untold.add("added " + String.join(", ", now.doubled()) + " to " + standing.where()
                        + ": take it off there, the library alone may add it");
            }
        } catch (PlatformException e) {
            presence.notSeen(System.nanoTime());
            LOG.warn("{}: cannot look whether {} still stand: {}", what, addresses, e.getMessage());
        }
    }

    /** After what could be done at once: whoever is told may take a while. What an end came before is no news. */
    private void tellAll() {
        unreported.forEach(sentence -> tell(sentence, false));
        unreported.clear();
        if (!untold.isEmpty()) {
            // That the interface was switched off is told after what that did to its addresses.
            hear(events.await(0));
            // Whatever somebody woke for is still to be done.
            events.wake();
            for (String deed : untold) {
                tell(
                        by() + deed + (wasLinkDown && !isLinkGone ? ": it is put back when that is up" : ""),
                        !wasLinkDown);
            }
            untold.clear();
        }
        wasLinkDown &= !absence.why().isEmpty();
    }

    private String by() {
        if (isLinkGone) {
            return link.name() + " was removed, which ";
        }
        return wasLinkDown ? standing.where() + " was switched off, which " : "somebody on this host ";
    }

    private void tell(String sentence, boolean isAlarm) {
        if (!isHeld()) {
            return;
        }
        LOG.warn("{}: {}", what, sentence);
        try {
            if (isAlarm) {
                context.alarm(sentence);
            } else {
                context.report(sentence);
            }
        } catch (RuntimeException e) {
            // The thread that looks after the addresses must not end over it.
            LOG.warn("nobody was told \"{}\"", sentence, e);
        }
    }

    private void restore() {
        boolean isDone = false;
        try {
            standing.restore(looked, this::isHeld);
            isDone = true;
            absence = Absence.NONE;
            reopened = true;
            ensureRoutes();
            LOG.info("{}: put back on {}", what, standing.where());
        } catch (PlatformException e) {
            absence = new Absence(
                    by() + looked.words(standing.where()) + ", and it cannot be put back: " + e.getMessage(), false);
            LOG.warn("{}: not put back: {}", what, e.getMessage());
        }
        presence.restored(isDone, System.nanoTime());
    }

    private void giveUp() {
        absence = new Absence(
                by() + looked.words(standing.where()) + ", for the " + (PresenceWatch.RESTORES_MAX + 1)
                        + "th time within a minute",
                false);
        tell(
                absence.why() + ": it is not put back any more. Let whatever manages " + standing.where()
                        + " leave it alone (systemd-networkd: KeepConfiguration=yes; NetworkManager: unmanaged)",
                true);
    }

    private void letGo(String why) {
        lost = why;
        LOG.warn("{}: taken down: {}", what, lost);
        try {
            // First: to remove many addresses takes its time.
            gate.shut();
        } finally {
            removeAll();
        }
    }

    private void removeAll() {
        try {
            routes.remove();
        } finally {
            standing.removeAll();
        }
    }

    /** Why the gate does not hold the interface any more; empty if it does, or if the kernel does not say. */
    private String lookAfterLink() {
        try {
            Optional<LinkTable.Link> now = links.byIndex(link.index());
            isLinkGone = now.isEmpty() && standing.index() == link.index();
            boolean isCardUp = now.isPresent() && now.get().isUp();
            // A device that is gone is told of by what cannot be put back there.
            boolean isUp = standing.index() == link.index()
                    ? isCardUp
                    : links.byIndex(standing.index()).map(LinkTable.Link::isUp).orElse(true);
            isLinkUp = isCardUp && isUp;
            wasLinkDown |= !isUp;
            now.flatMap(LinkTable.Link::mac)
                    .filter(present -> !present.equals(mac))
                    .ifPresent(this::follow);
            // Switches and neighbours behind a card that was without its cable may have forgotten the address.
            if (now.isPresent() && now.get().hasCarrier() && now.get().carrierLosses() != carrierLosses) {
                carrierLosses = now.get().carrierLosses();
                reopened = true;
            }
            return now.map(this::renamed).orElse("");
        } catch (PlatformException e) {
            LOG.warn("{}: cannot look after {}: {}", what, link.name(), e.getMessage());
            return "";
        }
    }

    /** Somebody gave the card another hardware address, or a bond took that of another port: neighbours send to the old one until they are told. */
    private void follow(MacAddress present) {
        unreported.add("the hardware address of " + link.name() + " was changed from " + mac + " to " + present
                + ": it is announced with that");
        mac = present;
        NeighbourResponder answering = responder;
        if (answering != null) {
            answering.follow(present);
        }
        talk.follow(present);
        reopened = true;
    }

    /** The kernel binds a gate to the name: a renamed interface has lost it, while everything goes on working. */
    private String renamed(LinkTable.Link now) {
        return now.name().equals(link.name()) || !gate.isBoundToName()
                ? ""
                : "interface " + link.name() + " was renamed to " + now.name() + " and has lost its gate";
    }

    List<Takeover> takeovers() {
        return talk.takeovers();
    }

    Health health() {
        try {
            // The kernel tells of a pulled cable up to a second late, so this is asked each time. Whether the name is
            // still that of the card the keeper looks after, if the gate is lost with it.
            boolean isWell = (gate.isBoundToName() || isNamed()) && well.see(() -> links.isWell(link.name()));
            String broken = isWell ? "" : brokenLink();
            if (!broken.isEmpty()) {
                return Health.failed(Severity.HARD, broken);
            }
            if (!yielded.isEmpty()) {
                // Here and under the same token it would have to yield again.
                return Health.failed(Severity.HARD, yielded);
            }
            if (!lost.isEmpty()) {
                return Health.failed(Severity.SOFT, lost);
            }
            tcp.tell();
            String unserved = standing.unserved();
            if (!unserved.isEmpty()) {
                return Health.failed(Severity.SOFT, unserved);
            }
            Absence gone = absence;
            if (!gone.isPassing()) {
                return Health.failed(Severity.SOFT, gone.why());
            }
            if (!gone.why().isEmpty()) {
                return Health.degraded(gone.why());
            }
            NeighbourResponder answering = responder;
            String unanswered = answering == null ? "" : answering.problem().orElse("");
            if (!unanswered.isEmpty()) {
                return Health.failed(Severity.SOFT, "nobody answers who asks for " + addresses + ": " + unanswered);
            }
            String rival = talk.rival();
            if (!rival.isEmpty()) {
                // Never failed: a stranger's word moves nobody.
                return Health.degraded(rival);
            }
            if (!routes.problem().isEmpty()) {
                return Health.degraded(routes.problem());
            }
            if (!talk.problem().isEmpty()) {
                return Health.degraded("nobody listens for rivals of " + addresses + ": " + talk.problem());
            }
            return !gate.isOpen()
                    ? Health.degraded((addresses.size() == 1
                                    ? "address " + addresses + " is mute until "
                                    : addresses.size() + " addresses are mute until ")
                            + (context.lease().isValid()
                                    ? "the gate is kept open again"
                                    : "the lease is confirmed again"))
                    : Health.healthy();
        } catch (PlatformException e) {
            return Health.degraded("cannot look after " + addresses + ": " + e.getMessage());
        }
    }

    /** Whether the card has its name still: asked when something was told of it, which for a name is at once, and once a second. */
    private boolean isNamed() {
        long now = System.nanoTime();
        if (isNameTold.getAndSet(false) || now - namedNanos >= NAME_NANOS) {
            boolean isStill = links.isStill(link.index(), link.name());
            namedNanos = isStill ? now : now - NAME_NANOS;
            return isStill;
        }
        return true;
    }

    /** What is wrong with the interface; empty if nothing is. */
    private String brokenLink() {
        Optional<LinkTable.Link> now = links.byIndex(link.index());
        if (now.isEmpty()) {
            return "interface " + link.name() + " is gone";
        }
        String renamed = renamed(now.get());
        if (!renamed.isEmpty()) {
            return renamed;
        }
        if (!now.get().isUp()) {
            return "interface " + link.name() + " is down";
        }
        return now.get().hasCarrier() ? "" : "carrier of " + link.name() + " is gone";
    }

    /** After {@link #end()}: what it leaves for the next stay, which whoever asks closes. */
    Optional<ReadyStay> again() {
        return again;
    }

    /**
     * Takes everything down: mute first, then the address, then the gate. Idempotent. The descriptors are closed soon after, by
     * the keeper if there is one.
     *
     * @throws PlatformException if the address may still stand
     */
    void end() {
        if (again.isPresent()) {
            // Its sockets are the next stay's.
            return;
        }
        boolean wasOpen = standing.areAdded() && lost.isEmpty() && yielded.isEmpty();
        if (wasOpen) {
            // While the keeper still keeps the gate open: behind a shut one the resets would not leave.
            tcp.end();
        }
        ending.countDown();
        events.wake();
        NeighbourResponder answering = responder;
        if (answering != null) {
            answering.silence();
        }
        boolean gone = false;
        boolean isAwaited = false;
        try {
            if (touchedKernel) {
                gate.shut();
                removeRoutes();
                standing.remove();
                if (standing.areAdded() && !wasOpen) {
                    tcp.end();
                }
                boolean calm = events.leave() & (keeper == null || awaitQuiet());
                isAwaited = true;
                // Once more, now that nobody renews: whatever a kernel makes of a renewal, nothing stands without its
                // gate.
                standing.remove();
                if (!calm && !gate.isEnforced()) {
                    // Nothing would keep it mute.
                    throw new PlatformException("RTM_NEWADDR", 0, HANGING);
                }
                if (!leftBehind) {
                    standing.refuseIfLeft();
                }
                alarm(routes.removeOrTell());
                isGateLeft = !calm || leftBehind || !gate.remove();
                if (!isGateLeft) {
                    again = keeper == null ? Optional.empty() : ready.again();
                }
            }
            gone = true;
        } finally {
            if (!gone) {
                events.leave();
                if (keeper != null && !isAwaited) {
                    // What it adds in this moment must not come after the gate is taken away.
                    awaitQuiet();
                }
            }
            if (keeper == null || !gone) {
                // The next attempt needs the gate to have no owner.
                closeAll(descriptors());
            }
            released.countDown();
        }
    }

    private void alarm(String sentence) {
        if (!sentence.isEmpty()) {
            LOG.warn("{}: {}", what, sentence);
            try {
                context.alarm(sentence);
            } catch (RuntimeException e) {
                LOG.warn("nobody was told \"{}\"", sentence, e);
            }
        }
    }

    /** Tried again when the keeper is quiet; the addresses do not wait for it. */
    private void removeRoutes() {
        try {
            routes.remove();
        } catch (PlatformException e) {
            LOG.warn("{}: {}", what, e.getMessage());
        }
    }

    private List<AutoCloseable> descriptors() {
        List<AutoCloseable> all = new ArrayList<>(List.of(events, talk, tcp, standing, routes, gate));
        if (again.isEmpty()) {
            all.addAll(ready.sockets());
        }
        NeighbourResponder answering = responder;
        if (answering != null) {
            all.add(0, answering);
        }
        AddressAnnouncer present = announcer;
        if (present != null) {
            all.add(present);
        }
        return all;
    }

    /** Whether {@link #end()} has left its gate, shut, to whoever finds out that nothing stands behind it. */
    boolean isGateLeft() {
        return isGateLeft;
    }

    /** Whether the keeper adds nothing to the kernel any more, after {@link #end()}. */
    boolean isQuiet() {
        return keeper == null || quiet.getCount() == 0;
    }

    /** False if the keeper is stuck in the kernel: then the gate stays, closed, and holds back whatever it still sends. */
    private boolean awaitQuiet() {
        // Also of an interrupted thread: its gate would be left for that.
        boolean calm = quiet.getCount() == 0
                || BoundedWait.millis(KEEPER_END_MILLIS_MAX, nanos -> quiet.await(nanos, TimeUnit.NANOSECONDS));
        if (!calm) {
            LOG.warn("{}: its thread hangs; the gate stays, closed", what);
        }
        return calm;
    }

    static void closeAll(List<AutoCloseable> all) {
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
