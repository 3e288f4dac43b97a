package org.understudy.ha.iptakeover;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.AddressClaim;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.linux.CardGuard;
import org.understudy.ha.iptakeover.linux.Forwarding;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.linux.WeakHost;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * One or several IP addresses, of either version, that stand on the node that owns them and on no other.
 *
 * <pre>
 * FloatingAddress.of("192.0.2.10", "eth0")
 * FloatingAddress.of("2001:db8::50", "eth0")
 * FloatingAddress.builder().networkInterface("eth0").address("192.0.2.10").address("2001:db8::50").build()
 * </pre>
 *
 * <p>{@code start} adds each address as a /32 or /128 and tells the neighbours, by gratuitous ARP (RFC 5227) or unsolicited neighbour
 * advertisement (RFC 4861); {@code stop} takes them away. No external command is run. The addresses have preferred lifetime 0, so the
 * kernel does not choose them for outgoing connections. Listen on the address itself or on the wildcard; the route to the
 * segment comes from the host's own address on that interface, or from its on-link route.
 *
 * <p><b>Several addresses</b>, up to 4096, are one resource: they start, stop, open and close together, behind one gate and
 * with one thread. A start in which one address is refused adds none. They are announced in bursts of 100 a millisecond; the start waits
 * for the first only. A thousand IPv4 addresses start within some tens of milliseconds. IPv6 costs the kernel more, the more there are:
 * a thousand take 0.3 to 1.7 s, four thousand 6 s. More than 16 share one name in {@link #remains()}, by which
 * the library cannot find out that another group has one of them; give each address to one resource only.
 *
 * <p><b>Who else touches them.</b> What somebody on this host takes away (an operator, systemd-networkd, NetworkManager) is back within some
 * milliseconds and announced again, as long as the lease is confirmed; what somebody changed is put right. Each time it is told as
 * {@code HaEvent.Alarm}, once for a burst. The first loss is made good at once, those that follow it after longer and longer pauses,
 * at most ten within a minute: at the next one the resource fails SOFT, is started again here, and the group moves if that goes on. An IPv6 address that went because the
 * interface was switched off is back when that is on again. The same address in another form, as {@code /24}, is named and left alone; while it
 * stands the stop fails and the gate stays shut.
 *
 * <p><b>What ends them without us.</b> Where nf_tables works, a gate in the kernel stands before the addresses: packets, ARP and neighbour
 * discovery in their name pass only while the lease is being confirmed, and stop by themselves if the process is killed, hangs or is
 * paused. Where BPF may be used too, the kernel compares the end of the lease itself with its clock, and only the end of the lease mutes. See {@link #leaseEnd()} and
 * {@link #enforcements()}. Elsewhere only our own code ends it.
 *
 * <p><b>What ends them with us.</b> An address outlives its process until its guardian, its lifetime or the next start takes it away. One that
 * {@linkplain FloatingAddressBuilder#diesWithProcess() dies with its process} does not.
 *
 * <p><b>What it needs.</b> Linux, an Ethernet interface, {@code CAP_NET_ADMIN} and {@code CAP_NET_RAW}; {@link #check()} says what is
 * missing. On JDK 24 and later start the JVM with {@code --enable-native-access=ALL-UNNAMED}.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time. Between start and stop the daemon thread
 * {@code ha-NODE-address-IP} repeats the announcement and looks after the addresses; {@code ha-NODE-answers-IP} answers for IPv6 addresses that die with the
 * process. All resources of a node share {@code ha-NODE-addresses}, which keeps their gates open and hears the kernel, {@code ha-NODE-addresses-looks}, which looks whether
 * the kernel heeds them, and for each card {@code ha-NODE-ear-CARD}, which listens for rivals and answers: made with the factory of the first that starts, or is prepared. These go on
 * after a stop, asleep, so that the next start finds them, and end when the last of the resources is {@linkplain #retire() retired}; with them stay some descriptors. The
 * first {@link #eligibility()} in a process rehearses a start, and two threads named {@code ha-rehearsal-…} run for that moment.
 *
 * @since 0.1.0
 */
public final class FloatingAddress implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(FloatingAddress.class);

    private static final int PROBES = 3;
    private static final Duration PROBE_TIME = Duration.ofMillis(60);
    private static final int EPERM = 1;
    private static final Duration LOOK_MAX = Duration.ofMinutes(1);

    /** A start looks itself. */
    private static final long NETWORKS_LOOK_NANOS = 10_000_000_000L;

    /** Of a rehearsal, which leaves nothing on the host. */
    private static final int TAG_OF_NOBODY = 1;

    private static final String FREE_IT = "; choose a free address or take it off that host";
    /** Of a rule, unless it is given: before everything that usually is on a host. */
    public static final int RULE_PRIORITY = 2130;

    private final AddressSet addresses;
    private final String interfaceName;
    private final String networkOf;
    /** Empty for the name of the interface. */
    private final String label;

    private final AddressRoutes.Wanted routes;
    private final ThreadFactory threads;
    private final SegmentTalk.Settings settings;
    private final boolean diesWithProcess;
    private final Wanted wanted;
    private final GuardedCard card;

    private volatile @Nullable AddressTenure tenure;
    /** For the next start. */
    private final AtomicReference<@Nullable Preparation> ready = new AtomicReference<>();
    /** What the last stay left for the next one. */
    private final AtomicReference<@Nullable ReadyStay> spare = new AtomicReference<>();
    /** Keeps what the stays of the node share, from the first stay on. */
    private final AtomicReference<NodeCards.@Nullable Hold> hold = new AtomicReference<>();
    /** Nothing is kept for a next stay. */
    private volatile boolean isRetired;

    private volatile @Nullable MacAddress rival;
    /** Of the last probe. */
    private volatile String finding = "";

    private volatile @Nullable NetworksLook networksLook;

    private volatile @Nullable HostTrial trial;
    /** A gate under another name was found before one of the addresses; look again before a start. */
    private volatile boolean isObstructed;
    /** A stay of our own did not end as it should, its addresses may still stand; what is open is not another's then. */
    private volatile boolean mayStand;
    /** A gate of our own, shut, may be in front of what somebody else put up on this host. */
    private volatile boolean isGateLeft;
    /** A stay of our own whose thread hung in the kernel when it was ended: what it adds there yet stays behind the gate. */
    private volatile @Nullable AddressTenure hanging;

    /**
     * What the networks of an interface were when they were last looked at: a host may have very many routes, and is asked for them twice a second.
     *
     * @param problem why the addresses are none of hosts there; empty if they are
     */
    private record NetworksLook(int index, long nanos, String problem) {}

    /** What is to mute the addresses at the end of their lease. */
    enum Wanted {
        BEST,
        TIME_OUTS,
        DEADLINE
    }

    /** Through {@link #builder()}. */
    FloatingAddress(
            AddressSet addresses,
            String interfaceName,
            String networkOf,
            String label,
            AddressRoutes.Wanted routes,
            ThreadFactory threads,
            SegmentTalk.Settings settings,
            boolean diesWithProcess,
            Wanted wanted) {
        this.addresses = addresses;
        this.interfaceName = interfaceName;
        this.networkOf = networkOf;
        this.label = label;
        this.routes = routes;
        this.threads = threads;
        this.settings = settings;
        this.diesWithProcess = diesWithProcess;
        this.wanted = wanted;
        this.card = new GuardedCard(addresses, wanted == Wanted.DEADLINE);
    }

    /**
     * Shorthand for the builder.
     *
     * @param address dotted form, or a form of RFC 4291 for IPv6; without a prefix length and without a zone
     * @param interfaceName of the card that faces the clients, for example {@code eth0}
     * @throws ConfigurationException listing everything that is wrong with either
     */
    public static FloatingAddress of(String address, String interfaceName) {
        return builder().address(address).networkInterface(interfaceName).build();
    }

    public static FloatingAddressBuilder builder() {
        return new FloatingAddressBuilder();
    }

    /** The first address, in dotted form or in that of RFC 5952. */
    public String address() {
        return addresses.all().get(0).toString();
    }

    /** All of them, as given. */
    public List<String> addresses() {
        return addresses.all().stream().map(IpAddress::toString).toList();
    }

    /** The interface that faces the clients, on which it stands unless it dies with the process. */
    public String networkInterface() {
        return interfaceName;
    }

    /**
     * What mutes the addresses on this host at the end of the lease though this process does not run; also told in the log. While they are held it is
     * what the present stay has: on a card whose guard cannot be had, or that a start has just made, time-outs serve, and the log says why.
     */
    public LeaseEnd leaseEnd() {
        AddressTenure current = tenure;
        return current == null ? trial().leaseEnd() : current.leaseEnd();
    }

    /** The hardware address of a host that the last probe found using one of the addresses: a node that has it, or a foreign host. */
    public Optional<String> rival() {
        return Optional.ofNullable(rival).map(MacAddress::toString);
    }

    /**
     * Who has noticed that the addresses are here now, of the present stay; of the first four addresses. Empty while they are not here, before the
     * first answer, and {@linkplain FloatingAddressBuilder#withoutListening() without listening}. Told as {@code HaEvent.Reported} when it is final.
     */
    public List<Takeover> takeovers() {
        AddressTenure current = tenure;
        return current == null ? List.of() : current.takeovers();
    }

    /**
     * Asks the segment from this host who answers for the addresses: none, one, or two at once. Meant for the nodes that do not have
     * them; on the owner its own answer is not heard. Only whoever calls this asks: no node does by itself.
     *
     * @param time to wait for answers, a minute at most; 20 to 100 ms are usual on a LAN
     * @return for each address the hardware addresses that answered, in the order of their answers; at most eight each
     * @throws org.understudy.ha.api.PlatformException without CAP_NET_RAW, or if the interface is not there
     * @throws IllegalArgumentException if the time is negative or longer
     * @throws InterruptedException if interrupted while waiting
     */
    public Map<String, List<String>> answering(Duration time) throws InterruptedException {
        if (time.isNegative() || time.compareTo(LOOK_MAX) > 0) {
            throw new IllegalArgumentException("a look takes at most " + LOOK_MAX.toSeconds() + " s, not " + time);
        }
        LinkTable.Link link;
        try {
            link = usableLink();
        } catch (ResourceException e) {
            throw new PlatformException("probe", 0, e.getMessage(), e);
        }
        return SegmentLook.answering(addresses, link, threads, time);
    }

    /**
     * Finds out whether this host can carry the address, before anything depends on it. Changes nothing that stays.
     *
     * @throws ConfigurationException listing everything that is missing: operating system, native code, privileges, interface, a network of the interface for each
     *     address and for the gateway of each route
     */
    public void check() {
        List<Problem> problems = new ArrayList<>();
        HostTrial found = trial();
        if (!found.rawProblem().isEmpty()) {
            problems.add(new Problem("address", addresses.toString(), found.rawProblem()));
        }
        if (found.lacksPrivilege()) {
            problems.add(new Problem("address", addresses.toString(), found.gateProblem()));
        }
        if (!found.deviceProblem().isEmpty()) {
            problems.add(new Problem("diesWithProcess", "true", found.deviceProblem()));
        }
        String undue = deadlineObstacle(found);
        if (!undue.isEmpty()) {
            problems.add(new Problem("absoluteDeadline", "true", undue));
        }
        if (found.rawProblem().isEmpty() || found.lacksPrivilege()) {
            checkNetworks(problems);
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /** The interface, and as far as that is usable whether the addresses and the gateways of the routes are in its networks. */
    private void checkNetworks(List<Problem> problems) {
        LinkTable.Link link;
        try {
            link = servingLink();
        } catch (ResourceException | PlatformException e) {
            problems.add(new Problem("networkInterface", interfaceName, e.getMessage()));
            return;
        }
        try (LinuxAddressTable table = new LinuxAddressTable();
                StandingAddresses standing = new StandingAddresses(addresses, link, 0, null, diesWithProcess, table)) {
            if (tenure == null) {
                standing.leftovers(networkIndex(link));
            }
            routes.unreachable(standing.networks(link.index()), interfaceName)
                    .forEach((route, why) -> problems.add(new Problem("route", route, why)));
        } catch (ResourceException | PlatformException e) {
            problems.add(new Problem("address", addresses.toString(), e.getMessage()));
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        isRetired = false;
        AddressTenure earlier = tenure;
        if (earlier != null) {
            end(earlier);
        }
        String unable = Stream.of(trial().rawProblem(), trial().deviceProblem(), deadlineObstacle(trial()))
                .filter(why -> !why.isEmpty())
                .findFirst()
                .orElse("");
        if (!unable.isEmpty()) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + unable);
        }
        boolean gated = trial().gateProblem().isEmpty();
        GateTiming timing = gated ? timing(context) : null;
        Patience patience = new Patience(context);
        AddressTenure next = null;
        Optional<Preparation> prepared = takeReady();
        try {
            LinkTable.Link link = servingLink();
            Optional<CardGuard> guard = guard(link, context);
            NodeCards cards = context.inCommon(
                    NodeCards.class, () -> prepared.flatMap(Preparation::cards).orElseGet(NodeCards::new));
            ReadyStay made = readyFor(prepared, link, context.claims().tag(), gated, guard, cards.looks());
            try {
                next = new AddressTenure(
                        addresses, made, context, timing, settings, diesWithProcess, routes, cards, threads);
            } finally {
                if (next == null) {
                    discard(made);
                }
            }
            List<IpAddress> leftovers = next.leftovers(networkIndex(link));
            // One that died after the trial of this one, with others of its addresses.
            isObstructed = isObstructed || next.isAnotherLeftBehind();
            if (isObstructed || !leftovers.isEmpty()) {
                refuseIfObstructed(leftovers, patience);
            }
            if (context.proof() == ProofKind.NEVER) {
                refuseIfUsed(next);
            }
            // Also those that go by themselves: the guardian is faster than a kernel that gives a large memory back.
            for (String claim : addresses.claims()) {
                context.claims().claim(claim);
            }
            boolean isObstacle = isObstructed || !leftovers.isEmpty();
            boolean isWithoutGuard = gated && guard.isEmpty();
            begin(
                    next,
                    leftovers,
                    () -> {
                        if (isObstacle) {
                            clearGates(leftovers);
                        }
                        if (isWithoutGuard) {
                            releaseFromGuard(link);
                        }
                    },
                    patience);
            keep(cards, link, context);
            tenure = next;
            next = null;
        } catch (PlatformException e) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + e.getMessage(), e);
        } finally {
            prepared.ifPresent(Preparation::closeSoon);
            if (next != null) {
                undo(next);
                if (wanted == Wanted.BEST && card.hasFailed()) {
                    trial = null;
                }
            }
        }
    }

    /**
     * Another process of this host that was to have them is told at the same moment that it is not, and takes its gate away some ten milliseconds later. Until then the
     * kernel refuses ours, before anything was changed.
     */
    private void begin(
            AddressTenure next, List<IpAddress> leftovers, AddressTenure.Clearing clearOthers, Patience patience)
            throws ResourceException, InterruptedException {
        boolean isBegun = false;
        while (!isBegun) {
            try {
                next.begin(leftovers, clearOthers, threads);
                isBegun = true;
            } catch (PlatformException e) {
                AddressTenure late = hanging;
                boolean isOwn = late != null && !late.isQuiet();
                if (e.errno() != EPERM || next.hasTouchedKernel() || isOwn) {
                    throw e;
                }
                Optional<NftGate.Obstacle> other = NftGate.readiness(addresses, standing());
                // It may have gone meanwhile.
                if (other.isEmpty() && NftGate.isKept(addresses)) {
                    throw e;
                }
                if (!patience.lasts()) {
                    refuse(other);
                    throw e;
                }
            }
        }
    }

    /** With what another process of this host gives back in a moment: so that the attempts of this node are not used up meanwhile. */
    private static final class Patience {
        private static final long NANOS_MAX = 500_000_000L;
        private static final long PAUSE_NANOS = 10_000_000L;

        private final StartContext context;
        private final long end;

        Patience(StartContext context) {
            this.context = context;
            this.end =
                    System.nanoTime() + Math.min(NANOS_MAX, context.remaining().toNanos() / 2);
        }

        /** After a pause; false when it is over. */
        boolean lasts() throws InterruptedException {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            if (Thread.interrupted() || context.isCancelled()) {
                throw new InterruptedException("the start was cancelled");
            }
            return true;
        }
    }

    /** What was made ready, or is left of the last stay, if it is still of use; or else opened now. */
    private ReadyStay readyFor(
            Optional<Preparation> prepared,
            LinkTable.Link link,
            int tag,
            boolean isGated,
            Optional<CardGuard> guard,
            CardGuard.Heads heads) {
        ReadyStay made = prepared.map(Preparation::take).orElse(null);
        if (made == null) {
            made = spare.getAndSet(null);
        }
        if (made != null) {
            boolean fits = false;
            try {
                fits = made.fits(link, tag, isGated, guard);
            } finally {
                if (!fits) {
                    discard(made);
                }
            }
            if (fits) {
                made.serve(link, tag, heads);
                return made;
            }
        }
        return ReadyStay.open(addresses, link, tag, isGated, guard, () -> new LinuxAddressTable(label), heads);
    }

    /** Keeps what the stays of this node share on the card, from the first one that stands until {@link #retire}. */
    private void keep(NodeCards cards, LinkTable.Link link, StartContext context) {
        NodeCards.Hold present = hold.get();
        if (present != null && present.isOf(cards, link)) {
            return;
        }
        NodeCards.Hold next = cards.hold(
                addresses,
                link,
                context.claims().tag(),
                settings.isListening(),
                threads,
                context.holder().node().toString());
        NodeCards.Hold last = hold.getAndSet(next);
        if (last != null) {
            last.closeSoon();
        }
        if (isRetired) {
            close(hold.getAndSet(null));
        }
    }

    private static void close(NodeCards.@Nullable Hold one) {
        if (one != null) {
            one.close();
        }
    }

    /**
     * Does ahead of a start what takes its time and nobody can see: opens the sockets, starts the threads that the stays of a node share, and makes the gate, shut. The addresses stay where they are. The next
     * {@link #start} goes on from there, unless the card, its guard or the incarnation has changed meanwhile; {@link #unprepare}, {@link #stop} and {@link #retire} take it
     * back, also behind a call that has not returned. Does nothing while the addresses are here. Where somebody has one of them on this host, or a gate in front of one under another name or with a living owner, and on a host that forwards, the gate is left to
     * the start: a dead process's gate is all that keeps what it left mute, and a living one's addresses would be. Some milliseconds.
     *
     * @param tag of the incarnation that is to start it, {@code HostClaims.tag()}
     * @param node that is to start it, for the names of threads
     * @throws ResourceException if it cannot be done now; a start may succeed all the same
     */
    void makeReady(int tag, String node) throws ResourceException {
        unprepare();
        isRetired = false;
        Preparation underWay = new Preparation();
        ready.set(underWay);
        Preparation next = new Preparation();
        boolean isReady = false;
        try {
            HostTrial found = trial();
            if (tenure != null || !found.rawProblem().isEmpty()) {
                return;
            }
            LinkTable.Link link = servingLink();
            Optional<CardGuard> guard = found.leaseEnd() == LeaseEnd.DEADLINE ? guardOf(link) : Optional.empty();
            // Those of the node are known once there was a stay; before the first its start gives these to the node.
            NodeCards.Hold kept = hold.get();
            NodeCards cards = kept == null ? new NodeCards() : kept.cards();
            next.hold = cards.hold(addresses, link, tag, settings.isListening(), threads, node);
            ReadyStay made =
                    readyFor(Optional.empty(), link, tag, found.gateProblem().isEmpty(), guard, cards.looks());
            next.made.set(made);
            if (ready.get() == underWay && tenure == null && isUntouched(found)) {
                made.shut();
            }
            made.announcer();
            isReady = ready.compareAndSet(underWay, next);
        } catch (PlatformException e) {
            throw new ResourceException(Severity.SOFT, this + " is not made ready: " + e.getMessage(), e);
        } finally {
            if (!isReady) {
                ready.compareAndSet(underWay, null);
                next.giveBack();
            }
        }
    }

    /**
     * Whether a shut gate would keep nothing from anybody: nobody on this host has one of the addresses, or a gate in front of one, alive or
     * dead, and nobody's is reached through it.
     */
    private boolean isUntouched(HostTrial found) {
        Set<IpAddress> standing = standing();
        return !Forwarding.isOn()
                && addresses.all().stream().noneMatch(standing::contains)
                && (!found.gateProblem().isEmpty()
                        || !NftGate.isKept(addresses)
                                && NftGate.obstacle(addresses, standing).isEmpty());
    }

    /**
     * The sockets, and the gate, shut: nobody sees it, and the addresses stay where they are. What cannot be made ready now is left to the start.
     *
     * @throws ResourceException HARD if a start would be refused for what somebody put up here: the owner goes on
     */
    @Override
    public void prepare(PrepareContext context) throws ResourceException {
        refuseStrangers();
        try {
            addresses.claims().forEach(context.claims()::claim);
            makeReady(context.claims().tag(), context.successor().node().toString());
        } catch (ResourceException e) {
            LOG.info("{}; its start does it all", e.getMessage());
        }
    }

    private void refuseStrangers() throws ResourceException {
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            for (AddressTable.Entry entry : table.list()) {
                if (addresses.contains(entry.address()) && !entry.isOurs()) {
                    throw StandingAddresses.standsAlready(entry, "interface number " + entry.interfaceIndex());
                }
            }
        } catch (PlatformException e) {
            LOG.debug("{}: its start looks what stands here: {}", this, e.getMessage());
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The gate goes, which takes the kernel some ten milliseconds. What the resource keeps for its starts stays until {@link #retire}: the guard of the card, and after a first
     * start the threads, the ear and the sockets.
     */
    @Override
    public void unprepare() {
        takeReady().ifPresent(Preparation::giveBack);
    }

    /** What is under way finds that nobody waits for it any more. */
    private Optional<Preparation> takeReady() {
        return Optional.ofNullable(ready.getAndSet(null));
    }

    /** Empty while it is under way. */
    private final class Preparation {
        private final AtomicReference<@Nullable ReadyStay> made = new AtomicReference<>();
        private volatile NodeCards.@Nullable Hold hold;

        /** Null if there is nothing, or it was taken. */
        @Nullable
        ReadyStay take() {
            return made.getAndSet(null);
        }

        /** Empty if nothing is held. */
        Optional<NodeCards> cards() {
            return Optional.ofNullable(hold).map(NodeCards.Hold::cards);
        }

        /** What nobody took, but for what was kept for a start before it. */
        void giveBack() {
            keepOf(take());
            FloatingAddress.close(hold);
        }

        /** What nobody took, when a start has what it needs of it: what the node shares is held by the resource then, or is that of others. */
        void closeSoon() {
            discard(take());
            NodeCards.Hold held = hold;
            if (held != null) {
                held.closeSoon();
            }
        }
    }

    /** A card that another resource of the group has just made has none, and a takeover does not wait for one. */
    private Optional<CardGuard> guard(LinkTable.Link link, StartContext context) throws ResourceException {
        if (trial().leaseEnd() != LeaseEnd.DEADLINE) {
            return Optional.empty();
        }
        Optional<CardGuard> guard = Optional.empty();
        String why = "its lease is measured on another clock than that of this kernel";
        if (GuardedCard.hasClockOf(context.lease())) {
            guard = guardOf(link);
            why = card.problem();
        }
        if (guard.isEmpty() && wanted == Wanted.DEADLINE) {
            throw new ResourceException(
                    Severity.SOFT, this + " cannot start with the absolute deadline that it requires: " + why);
        }
        return guard;
    }

    private Optional<CardGuard> guardOf(LinkTable.Link link) {
        return networkOf.equals(interfaceName) ? card.ready(link) : card.ifReady(link);
    }

    /** Why what is required cannot be had on this host; empty if nothing is, or it can. */
    private String deadlineObstacle(HostTrial found) {
        return wanted == Wanted.DEADLINE && found.leaseEnd() != LeaseEnd.DEADLINE
                ? "the absolute deadline that it requires cannot be had: "
                        + (found.gateProblem().isEmpty() ? found.deadlineProblem() : found.gateProblem())
                : "";
    }

    private int networkIndex(LinkTable.Link link) throws ResourceException {
        if (networkOf.equals(interfaceName)) {
            return link.index();
        }
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return links.byName(networkOf)
                    .orElseThrow(() -> new ResourceException(
                            Severity.HARD, "there is no interface " + networkOf + " on this host" + interfacesThere()))
                    .index();
        }
    }

    private GateTiming timing(StartContext context) throws ResourceException {
        try {
            return GateTiming.forLease(context.lease().lengthNanos());
        } catch (ConfigurationException e) {
            throw new ResourceException(Severity.FATAL, this + " cannot start: " + e.getMessage(), e);
        }
    }

    /**
     * Before anything is changed.
     *
     * @param leftovers which the start removes, behind a closed gate of its own
     */
    private void refuseIfObstructed(List<IpAddress> leftovers, Patience patience)
            throws ResourceException, InterruptedException {
        if (trial().gateProblem().isEmpty()) {
            Optional<NftGate.Obstacle> found = NftGate.obstacle(addresses, standingBut(leftovers));
            while (found.filter(NftGate.Obstacle::isOnlyReady).isPresent() && patience.lasts()) {
                found = NftGate.obstacle(addresses, standingBut(leftovers));
            }
            refuse(found);
        }
    }

    private void refuse(Optional<NftGate.Obstacle> obstacle) throws ResourceException {
        if (obstacle.isPresent()) {
            throw new ResourceException(
                    obstacle.get().passes() ? Severity.SOFT : Severity.HARD,
                    this + " cannot start: " + obstacle.get().reason());
        }
    }

    /** What a dead process with a deadline holds would mute an owner with time-outs for ever. */
    private void releaseFromGuard(LinkTable.Link link) throws ResourceException {
        try {
            CardGuard.release(link.index(), link.name(), addresses);
        } catch (PlatformException e) {
            throw new ResourceException(
                    Severity.SOFT,
                    this + " cannot start: the guard of " + link.name() + " holds it for an ended process: "
                            + e.getMessage(),
                    e);
        }
    }

    /** When there is a gate of our own, so that nothing speaks meanwhile; or where nothing stands. */
    private void clearGates(List<IpAddress> except) throws ResourceException {
        if (trial().gateProblem().isEmpty()) {
            Optional<NftGate.Obstacle> obstacle = NftGate.clear(addresses, standingBut(except));
            isObstructed = obstacle.isPresent();
            refuse(obstacle);
        }
    }

    private static Set<IpAddress> standingBut(List<IpAddress> except) {
        Set<IpAddress> standing = standing();
        except.forEach(standing::remove);
        return standing;
    }

    private static Set<IpAddress> standing() {
        Set<IpAddress> standing = new LinkedHashSet<>();
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            table.list().forEach(entry -> standing.add(entry.address()));
        }
        return standing;
    }

    private void refuseIfUsed(AddressTenure next) throws ResourceException, InterruptedException {
        Map<IpAddress, MacAddress> others = next.probe(PROBES, PROBE_TIME);
        rival = others.values().stream().findFirst().orElse(null);
        if (!others.isEmpty()) {
            throw new ResourceException(Severity.FATAL, this + " cannot start: " + words(others) + FREE_IT);
        }
    }

    private String words(Map<IpAddress, MacAddress> others) {
        Map.Entry<IpAddress, MacAddress> first = others.entrySet().iterator().next();
        String which = addresses.size() == 1 ? "the address" : AddressSet.few(others.keySet());
        return which + (others.size() == 1 ? " is" : " are") + " already used by the host with hardware address "
                + first.getValue()
                + (others.values().stream().allMatch(first.getValue()::equals) ? "" : " and others");
    }

    /** After a failed start nothing may stay; if that fails too, the stop that follows tries again and reports. */
    private void undo(AddressTenure failed) {
        try {
            failed.end();
            failed.again().ifPresent(this::discard);
        } catch (HaException e) {
            mayStand = true;
            isGateLeft = true;
            LOG.warn("{}: clean-up after a failed start: {}", this, e.getMessage());
        } finally {
            rememberWhatIsLeft(failed);
        }
    }

    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        unprepare();
        AddressTenure current = tenure;
        if (current != null) {
            end(current);
        } else if (mayStand || new LinuxHostPort().unavailableBecause().isEmpty() && !isKeptByAnother()) {
            scrub();
        }
    }

    private void end(AddressTenure current) throws ResourceException {
        try {
            current.end();
            tenure = null;
            current.again().ifPresent(this::keepSpare);
            rememberWhatIsLeft(current);
        } catch (HaException e) {
            tenure = null;
            mayStand = true;
            isGateLeft = true;
            LOG.warn("{}: first attempt to stop failed: {}", this, e.getMessage());
            rememberWhatIsLeft(current);
            scrub();
        }
    }

    private void rememberWhatIsLeft(AddressTenure ended) {
        isGateLeft |= ended.isGateLeft();
        if (!ended.isQuiet()) {
            hanging = ended;
            isGateLeft = true;
        }
    }

    private void keepSpare(ReadyStay left) {
        discard(spare.getAndSet(left));
        if (isRetired) {
            discard(spare.getAndSet(null));
        }
    }

    /** Of one that nobody starts with: the sockets, if there is one who keeps them. A resource that had no stay yet keeps none. */
    private void keepOf(@Nullable ReadyStay one) {
        if (hold.get() == null) {
            discard(one);
        } else if (one != null && !one.giveBack(this::keepSpare)) {
            isGateLeft = true;
        }
    }

    private void discard(@Nullable ReadyStay one) {
        if (one != null && !one.discard()) {
            isGateLeft = true;
        }
    }

    /** Without a tenure of our own an open gate is another process's, and so is the address behind it. */
    private boolean isKeptByAnother() {
        try {
            return trial().gateProblem().isEmpty() && (NftGate.isKept(addresses) || card.isOpen());
        } catch (PlatformException e) {
            return false;
        }
    }

    /** Removes what stands, however it came there, as long as it is ours. */
    private void scrub() throws ResourceException {
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            String left = removeRoutes();
            removeOurs(table);
            refuseOthers(table);
            if (!left.isEmpty()) {
                LOG.warn("{}: {}", this, left);
            }
            removeGate(table);
            mayStand = false;
        } catch (PlatformException e) {
            IpAddress first = addresses.all().get(0);
            throw new ResourceException(
                    Severity.SOFT,
                    this + " may still stand: " + e.getMessage() + "; `ip addr del " + first + "/" + first.length()
                            + " dev " + interfaceName + "` takes " + (addresses.size() == 1 ? "it" : "the first")
                            + " away",
                    e);
        }
    }

    /** First, because with their addresses IPv6 routes lose what they are known by. Returns what may be left. */
    private String removeRoutes() {
        try (AddressRoutes ours = AddressRoutes.of(addresses, 0, routes)) {
            return ours.clearOrTell();
        }
    }

    /**
     * Not while one of the addresses stands on this host, whoever added it and with whatever mark: without the gate it would speak beside the next owner. The
     * gate is left then, shut, to the next stop or start, to {@link #retire}, or to last rites, which all find out anew whether it is gone.
     */
    private void removeGate(AddressTable table) throws ResourceException {
        List<AddressTable.Entry> standing = table.list().stream()
                .filter(entry -> addresses.contains(entry.address()))
                .toList();
        boolean isGated = trial().gateProblem().isEmpty();
        AddressTenure late = hanging;
        if (late != null && !late.isQuiet()) {
            if (!isGated) {
                throw new ResourceException(
                        Severity.SOFT,
                        this + " may stand again: " + AddressTenure.HANGING + "; wait, or end this process");
            }
            isGateLeft = true;
            LOG.warn("{}: the gate is left, shut, because a thread of the stay before hangs in the kernel", this);
        } else if (standing.isEmpty()) {
            hanging = null;
            card.forget();
            if (isGated) {
                NftGate.remove(addresses);
            }
            isGateLeft = false;
        } else if (isGated && NftGate.isMade(addresses)) {
            isGateLeft = true;
            // What stands on a device of another process goes with that, and its gate is that one's.
            standing.stream()
                    .filter(entry -> !StandingAddresses.isOfAnotherProcess(entry))
                    .findFirst()
                    .ifPresent(one -> LOG.warn(
                            "{}: the gate is left, shut, because {}/{} stands on interface number {}, and nobody knows who"
                                    + " added it: take it off there (`ip addr del`); the gate goes with the next start or stop,"
                                    + " when the node closes, or when it has died",
                            this,
                            one.address(),
                            one.prefixLength(),
                            one.interfaceIndex()));
        }
    }

    /** The node lets go of this resource: what a stop left goes, if nothing stands behind it any more. */
    private void removeGateLeft() {
        if (isGateLeft && !isKeptByAnother()) {
            try (LinuxAddressTable table = new LinuxAddressTable()) {
                removeGate(table);
            } catch (PlatformException | ResourceException e) {
                LOG.warn("{}: its gate is left, shut: {}", this, e.getMessage());
            }
        }
    }

    /**
     * After a stay that could not be ended: the gate must not go before what stands behind it, whoever added that.
     *
     * @throws ResourceException if it stands
     */
    private void refuseOthers(AddressTable table) throws ResourceException {
        for (AddressTable.Entry entry : mayStand ? table.list() : List.<AddressTable.Entry>of()) {
            if (addresses.contains(entry.address())) {
                throw new ResourceException(
                        Severity.SOFT,
                        this + " may still stand: somebody added " + entry.address() + "/" + entry.prefixLength()
                                + " to interface number " + entry.interfaceIndex()
                                + ": take it off there (`ip addr del`)");
            }
        }
    }

    private void removeOurs(AddressTable table) {
        Map<Integer, List<IpAddress>> ours = new TreeMap<>();
        for (AddressTable.Entry entry : table.list()) {
            if (entry.isOurs()
                    && entry.isAlone()
                    && addresses.contains(entry.address())
                    && !StandingAddresses.isOfAnotherProcess(entry)) {
                ours.computeIfAbsent(entry.interfaceIndex(), index -> new ArrayList<>())
                        .add(entry.address());
            }
        }
        ours.forEach(table::removeAll);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A few microseconds: one question to the kernel about the interface. Up to ten times a second while connections are accepted, and for
     * a hundredth of the time at most, it also looks which TCP connections there are and tells them to the next owner.
     * Meant to be polled every 50 ms, so that a pulled cable is seen at once.
     *
     * @return also DEGRADED while somebody else claims an address and no token decides: see {@link RivalPolicy}
     */
    @Override
    public Health monitor() {
        AddressTenure current = tenure;
        return current == null ? Health.notRunning() : current.health();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Asks the segment by ARP and neighbour discovery and takes about 60 ms if nobody answers, and 3 ms more for each hundred addresses.
     * Removes what an earlier, dead process of ours left.
     */
    @Override
    public Presence probe() {
        if (tenure != null) {
            return found(Presence.HERE, "this resource has it");
        }
        if (!trial().rawProblem().isEmpty()) {
            return found(Presence.UNKNOWN, trial().rawProblem());
        }
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            if (standsHere(table)) {
                return found(Presence.HERE, "one of its addresses stands on this host: take it off there (`ip addr`)");
            }
            removeOurs(table);
            LinkTable.Link link = usableLink();
            Map<IpAddress, MacAddress> others;
            try (RawSocketAnnouncer announcer = new RawSocketAnnouncer(link.index())) {
                MacAddress own = link.mac().orElse(MacAddress.ZERO);
                others = announcer.probe(own, addresses.all(), PROBES, PROBE_TIME);
            }
            rival = others.values().stream().findFirst().orElse(null);
            return others.isEmpty() ? found(Presence.ABSENT, "") : found(Presence.ELSEWHERE, words(others) + FREE_IT);
        } catch (PlatformException | ResourceException e) {
            return found(Presence.UNKNOWN, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return found(Presence.UNKNOWN, "interrupted");
        }
    }

    private Presence found(Presence presence, String detail) {
        finding = detail;
        return presence;
    }

    @Override
    public String probeDetail() {
        return finding;
    }

    /** Somebody else's entry, or one of ours behind a gate that a living process keeps open, or on a device of such a process. */
    private boolean standsHere(AddressTable table) {
        List<AddressTable.Entry> here = table.list().stream()
                .filter(entry -> addresses.contains(entry.address()))
                .toList();
        return here.stream().anyMatch(entry -> !entry.isOurs() || StandingAddresses.isOfAnotherProcess(entry))
                || !here.isEmpty() && (NftGate.isKept(addresses) || card.isOpen());
    }

    /**
     * {@inheritDoc} Also puts up the guard of the card, so that a start does not have to: up to 25 ms, once. The first in a process rehearses a start as well, which
     * loads what a takeover needs: some 15 ms more.
     */
    @Override
    public Eligibility eligibility() {
        Eligibility found = standable();
        if (found.isEligible()) {
            prepare();
            if (tenure == null && ready.get() == null) {
                StartRehearsal.once(TAG_OF_NOBODY, this::rehearse);
            }
        }
        return found;
    }

    /** All that a start does before it changes anything, and its end. */
    private void rehearse(StartContext context) throws ResourceException {
        LinkTable.Link link = servingLink();
        HostTrial found = trial();
        boolean gated = found.gateProblem().isEmpty();
        // What has just failed is let alone for a while.
        boolean mayHaveGuard =
                found.leaseEnd() == LeaseEnd.DEADLINE && card.problem().isEmpty();
        Optional<CardGuard> guard = mayHaveGuard ? guardOf(link) : Optional.empty();
        NodeCards cards = new NodeCards();
        ReadyStay made = ReadyStay.open(
                addresses,
                link,
                context.claims().tag(),
                gated,
                guard,
                () -> new LinuxAddressTable(label),
                cards.looks());
        AddressTenure stay = null;
        try {
            stay = new AddressTenure(
                    addresses,
                    made,
                    context,
                    gated ? timing(context) : null,
                    settings,
                    diesWithProcess,
                    routes,
                    cards,
                    threads);
            stay.leftovers(networkIndex(link));
            stay.isAnotherLeftBehind();
        } finally {
            if (stay == null) {
                discard(made);
            } else {
                stay.end();
            }
        }
    }

    /** Puts up the guard of the card if the card is there and guards can be had, and no stay uses the one that is there. */
    void prepare() {
        if (tenure == null && ready.get() == null && leaseEnd() == LeaseEnd.DEADLINE) {
            try (LinuxLinkTable links = new LinuxLinkTable()) {
                links.byName(interfaceName).ifPresent(card::keepReady);
            } catch (PlatformException e) {
                LOG.debug("{}: its card is not looked at: {}", this, e.getMessage());
            }
        }
    }

    /** Whether the address could stand here, without preparing anything for it. */
    Eligibility standable() {
        HostTrial found = trial();
        if (!found.rawProblem().isEmpty()) {
            return Eligibility.veto(found.rawProblem());
        }
        if (found.lacksPrivilege()) {
            return Eligibility.veto(found.gateProblem());
        }
        if (!found.deviceProblem().isEmpty()) {
            return Eligibility.veto(found.deviceProblem());
        }
        String undue = deadlineObstacle(found);
        if (!undue.isEmpty()) {
            return Eligibility.veto(undue);
        }
        String why = linkProblem();
        return why.isEmpty() ? Eligibility.eligible() : Eligibility.veto(why);
    }

    private String linkProblem() {
        try {
            LinkTable.Link link = servingLink();
            NetworksLook last = networksLook;
            if (last == null
                    || last.index() != link.index()
                    || System.nanoTime() - last.nanos() >= NETWORKS_LOOK_NANOS) {
                last = new NetworksLook(link.index(), System.nanoTime(), networksProblem(link));
                networksLook = last;
            }
            return last.problem();
        } catch (ResourceException | PlatformException e) {
            return e.getMessage();
        }
    }

    /** Why the addresses are not those of hosts in the networks of the interface; empty if they are. */
    private String networksProblem(LinkTable.Link link) {
        try (LinuxAddressTable table = new LinuxAddressTable();
                StandingAddresses standing = new StandingAddresses(addresses, link, 0, null, diesWithProcess, table)) {
            standing.requireHosts(networkIndex(link));
            return "";
        } catch (ResourceException | PlatformException e) {
            return e.getMessage();
        }
    }

    /** A usable one that serves the addresses wherever they are to stand. */
    private LinkTable.Link servingLink() throws ResourceException {
        LinkTable.Link link = usableLink();
        Optional<String> problem =
                diesWithProcess ? WeakHost.problem(link.index(), addresses.hasV4()) : Optional.empty();
        if (problem.isPresent()) {
            throw new ResourceException(Severity.HARD, problem.get());
        }
        return link;
    }

    private LinkTable.Link usableLink() throws ResourceException {
        Optional<LinkTable.Link> found;
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            found = links.byName(interfaceName);
        }
        if (found.isEmpty()) {
            throw new ResourceException(
                    Severity.HARD,
                    "there is no interface " + interfaceName + " on this host" + interfacesThere()
                            + ": name one of them in networkInterface");
        }
        LinkTable.Link link = found.get();
        if (link.isLoopback() || !link.speaksArp() || link.mac().isEmpty()) {
            throw new ResourceException(
                    Severity.HARD,
                    "interface " + interfaceName + " does not speak ARP"
                            + (link.isLoopback() ? " (it is the loopback)" : "")
                            + ": a floating address needs an Ethernet interface");
        }
        if (!link.isUp()) {
            throw new ResourceException(
                    Severity.HARD, "interface " + interfaceName + " is down: `ip link set " + interfaceName + " up`");
        }
        if (!link.hasCarrier()) {
            throw new ResourceException(
                    Severity.HARD, "interface " + interfaceName + " has no carrier: check its cable");
        }
        return link;
    }

    private static String interfacesThere() {
        try {
            return NetworkInterface.networkInterfaces()
                    .map(NetworkInterface::getName)
                    .sorted()
                    .collect(Collectors.joining(", ", " (there are: ", ")"));
        } catch (SocketException e) {
            return "";
        }
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Scope#NODE}, because an address outlives its process; {@link Scope#PROCESS} if it {@linkplain
     *     FloatingAddressBuilder#diesWithProcess() does not}
     */
    @Override
    public Scope scope() {
        return diesWithProcess ? Scope.PROCESS : Scope.NODE;
    }

    @Override
    public boolean endsWithItsThreads() {
        return true;
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Enforcement#KERNEL_OBJECT} and {@link Enforcement#COOPERATIVE} where nf_tables gates work on this host, else only
     *     the latter; the log says why. The first call tries it out and loads the native part, so that no later call has to
     */
    @Override
    public Set<Enforcement> enforcements() {
        return trial().gateProblem().isEmpty()
                ? Set.of(Enforcement.KERNEL_OBJECT, Enforcement.COOPERATIVE)
                : Set.of(Enforcement.COOPERATIVE);
    }

    /**
     * {@inheritDoc} The guard of the card goes, if no other resource or process of this host needs it, and what the resources of the node share, with the last of
     * them; up to 50 ms.
     */
    @Override
    public void retire() {
        unprepare();
        if (tenure == null) {
            isRetired = true;
            discard(spare.getAndSet(null));
            close(hold.getAndSet(null));
            removeGateLeft();
            card.retire();
        }
    }

    /** {@inheritDoc} None if the addresses die with the process. */
    @Override
    public List<String> remains() {
        return diesWithProcess ? List.of() : addresses.claims();
    }

    private HostTrial trial() {
        HostTrial known = trial;
        if (known == null) {
            known = HostTrial.of(addresses, wanted != Wanted.TIME_OUTS, diesWithProcess);
            trial = known;
            if (known.gateProblem().isEmpty()) {
                LOG.info(
                        "{}: muted by {} at the end of its lease{}",
                        this,
                        known.leaseEnd().words(),
                        known.deadlineProblem().isEmpty() ? "" : "; no absolute deadline, " + known.deadlineProblem());
                lookForGates();
            } else {
                LOG.warn("{}: nothing ends it if this process hangs: {}", this, known.gateProblem());
            }
        }
        return known;
    }

    /** What an earlier process with other addresses left goes ahead of a start, which has less to do then. */
    private void lookForGates() {
        isObstructed = true;
        try {
            Optional<NftGate.Obstacle> obstacle = NftGate.clear(addresses, standing());
            isObstructed = obstacle.isPresent();
            obstacle.ifPresent(one -> LOG.info("{}: {}", this, one.reason()));
            warnOfNeighbours();
        } catch (PlatformException e) {
            LOG.info("{}: gates that may be left behind are looked for at the start: {}", this, e.getMessage());
        }
    }

    /** An address of the host that a claim covers too makes every last will say "not gone". */
    private void warnOfNeighbours() {
        List<IpAddress> between = new ArrayList<>();
        Set<IpAddress> standing = standing();
        for (String claim : remains()) {
            AddressClaim meant = AddressClaim.parse(claim).orElseThrow();
            standing.stream()
                    .filter(address -> meant.covers(address) && !addresses.contains(address))
                    .forEach(between::add);
        }
        if (!between.isEmpty()) {
            LOG.warn(
                    "{}: {} of this host {} between its addresses: the death of this process cannot be proved with"
                            + " them, and a takeover waits for the end of the lease; use addresses that lie closer"
                            + " together, or several resources",
                    this,
                    AddressSet.few(between),
                    between.size() == 1 ? "lies" : "lie");
        }
    }

    @Override
    public String toString() {
        return StandingAddresses.words(addresses) + " on " + interfaceName;
    }
}
