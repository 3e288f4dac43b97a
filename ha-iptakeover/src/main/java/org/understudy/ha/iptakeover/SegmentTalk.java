package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
import org.understudy.ha.iptakeover.core.Confirmation;
import org.understudy.ha.iptakeover.core.Pace;
import org.understudy.ha.iptakeover.core.RivalMemory;
import org.understudy.ha.iptakeover.core.RivalWatch;
import org.understudy.ha.iptakeover.linux.LinuxNeighbourTable;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.TokenMark;
import org.understudy.ha.iptakeover.spi.LinkTable;
import org.understudy.ha.iptakeover.spi.NeighbourTable;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/**
 * What one stay of addresses says on the segment and hears there: marked announcements, who has noticed, and who else claims an
 * address.
 *
 * <p><b>Concurrency.</b> The starting thread makes it and {@linkplain #begin begins}; from then on {@link #turn} and the announcements belong to
 * the keeper. What is heard about rivals is decided on the thread of the ear, which shuts the gate at once and wakes the keeper.
 */
final class SegmentTalk implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentTalk.class);

    /** Purpose of the key for marks. */
    private static final String KEY_PURPOSE = "floating address token mark";

    /** {@code LOOPBACK_IFINDEX}: the same in every network namespace. */
    private static final int LOOPBACK_INDEX = 1;

    private static final int ANSWERS_MAX = 256;
    /** Neighbours asked for one address: switches that inspect ARP count frames. */
    private static final int ASKED_MAX = 8;
    /** Of many addresses only the first ones are confirmed: the neighbours and the way to them are the same. */
    private static final int ADDRESSES_CONFIRMED_MAX = 4;

    /** What the user chose. */
    record Settings(List<IpAddress> neighbours, RivalPolicy policy, Duration switchAgeing, boolean isListening) {
        static final Settings STANDARD =
                new Settings(List.of(), RivalPolicy.DEFEND, AnnouncementSchedule.SWITCH_AGEING, true);
    }

    /** What the tenure does when the talk turns serious. Called on the thread of the ear; must not block. */
    interface Owner {
        /** Whether the addresses are still held: afterwards nothing that is heard matters, and the next owner is no rival. */
        boolean isHolding();

        /** Stop answering now. */
        void yield(String why);

        /** The keeper has something to do. */
        void wake();

        /** Whom a dead owner served on this segment. On the keeper's thread, as an exception to the above. */
        List<IpAddress> served();
    }

    private record Heard(long nanos, Sighting sighting) {}

    private final AddressSet addresses;
    private final LinkTable.Link link;
    private final boolean isRouter;
    /** Changes on the keeper's thread only. */
    private volatile MacAddress mac;

    private final StartContext context;
    private final Settings settings;
    private final Owner owner;
    private final CardEars ears;
    private final Optional<TokenMark> marks;
    private final FencingToken token;
    /** Of the starting thread, then of the keeper. */
    private Announcement announcement;
    /** Of the ear's thread. */
    private final Map<IpAddress, RivalWatch> watches = new HashMap<>();

    private final ReentrantLock rivalsLock = new ReentrantLock();
    /** Guarded by its lock: what the ear heard, for whoever monitors. */
    private final RivalMemory rivals = new RivalMemory();

    private final BlockingQueue<Heard> answers = new ArrayBlockingQueue<>(ANSWERS_MAX);
    private final Map<IpAddress, Confirmation> confirmations = new LinkedHashMap<>();
    private volatile @Nullable SegmentEar ear;
    /** Why there is no ear though there should be one. */
    private volatile String deafness = "";
    /** Makes the thread of an ear; null where nobody is to listen. */
    private volatile @Nullable ThreadFactory threads;

    private volatile boolean isClosed;

    private final AtomicBoolean olderOwnerHeard = new AtomicBoolean();
    private final AtomicBoolean strangerHeard = new AtomicBoolean();
    /** Of the keeper. */
    private final Pace again = new Pace(RivalWatch.ANNOUNCE_INTERVAL_NANOS);

    private final Pace defence = new Pace(RivalWatch.DEFEND_INTERVAL_NANOS);

    /** Answers of neighbours are waited for. */
    private volatile boolean isAsking = true;

    private volatile List<Takeover> takeovers = List.of();
    private boolean isTold;

    SegmentTalk(
            AddressSet addresses,
            LinkTable.Link link,
            boolean isRouter,
            StartContext context,
            Settings settings,
            Owner owner,
            CardEars ears) {
        this.ears = ears;
        this.addresses = addresses;
        this.link = link;
        this.isRouter = isRouter;
        this.mac = link.mac().orElse(MacAddress.ZERO);
        this.context = context;
        this.settings = settings;
        this.owner = owner;
        this.marks = marks(context);
        this.token = context.token();
        this.announcement = new Announcement(mac, isRouter, marks, token);
    }

    private static Optional<TokenMark> marks(StartContext context) {
        return context.clusterKey(KEY_PURPOSE).map(key -> new TokenMark(key, "understudy"));
    }

    /** Loads what a start would have to load, so that it does not. */
    static void warmUp() {
        TokenMark mark = new TokenMark(KEY_PURPOSE.getBytes(java.nio.charset.StandardCharsets.US_ASCII), "warm");
        FencingToken one = new FencingToken(1);
        List<EthernetFrame> frames = new Announcement(MacAddress.ZERO, false, Optional.of(mark), one)
                .of(List.of(Ipv4Address.ANY, org.understudy.ha.iptakeover.packet.Ipv6Address.ANY));
        RivalWatch watch = new RivalWatch(Ipv4Address.ANY, MacAddress.ZERO, one, RivalWatch.Policy.DEFEND);
        RivalMemory memory = new RivalMemory();
        memory.saw(RivalWatch.Reason.STRANGER, () -> "", 0);
        memory.present(0);
        Confirmation confirmation = new Confirmation(Ipv4Address.ANY, MacAddress.ZERO, List.of(), 0);
        for (EthernetFrame frame : frames) {
            Sighting.of(frame).ifPresent(sighting -> {
                watch.decide(0, sighting, mark.token(sighting));
                confirmation.hear(0, sighting);
            });
        }
        confirmation.due(0);
        confirmation.outcome(0);
        try (NeighbourTable table = new LinuxNeighbourTable()) {
            table.recent(Integer.MAX_VALUE, false, 1);
            table.gateways(Integer.MAX_VALUE, false);
        } catch (RuntimeException e) {
            // A router may have more routes than are read; it can carry addresses all the same.
            LOG.debug("gateways and neighbours cannot be looked up here: {}", e.toString());
        }
        // Nobody claims this address on the loopback; the thread runs once and ends.
        new CardEars()
                .listen(
                        LOOPBACK_INDEX,
                        new AddressSet(List.of(Ipv4Address.ANY)),
                        (nanos, sighting) -> {},
                        Thread::new,
                        "ha-warm-up")
                .close();
    }

    /** The frames that announce some of the addresses. */
    List<EthernetFrame> announcing(List<IpAddress> some) {
        return announcement.of(some);
    }

    /** How the announcements are to go on after the first, which is sent at this time. */
    AnnouncementSchedule schedule(long nowNanos) {
        return new AnnouncementSchedule(
                nowNanos, addresses.size(), AnnouncementSchedule.refreshNanos(settings.switchAgeing()));
    }

    /** Listens from now on: once the gate is open, because a closed one keeps everything from the ear. */
    void begin(ThreadFactory threads) {
        if (!settings.isListening()) {
            return;
        }
        RivalWatch.AlarmLimit alarms = new RivalWatch.AlarmLimit();
        for (IpAddress address : addresses.all()) {
            watches.put(address, new RivalWatch(address, mac, token, policy(), alarms));
        }
        this.threads = threads;
        listen(threads);
    }

    /** Where listening failed, or the ear has failed since. By the keeper, each time it looks at the card. */
    void listenAgain() {
        ThreadFactory wanted = threads;
        String before = problem();
        if (wanted == null || before.isEmpty()) {
            return;
        }
        try {
            SegmentEar deaf = ear;
            ear = null;
            deafness = before;
            if (deaf != null) {
                deaf.close();
            }
            listen(wanted);
            if (problem().isEmpty()) {
                LOG.info("{}: somebody listens for rivals again, after: {}", addresses, before);
            }
        } catch (RuntimeException e) {
            // The thread that looks after the addresses must not end over it.
            LOG.warn("{}: nobody listens for rivals: {}", addresses, e.toString());
        }
        if (isClosed) {
            close();
        }
    }

    private void listen(ThreadFactory wanted) {
        try {
            ear = ears.listen(
                    link.index(),
                    addresses,
                    this::sighted,
                    wanted,
                    NodeCards.earName(context.holder().node().toString(), link.name()));
            deafness = "";
        } catch (PlatformException e) {
            // The addresses are served already, and nothing about their safety depends on it.
            deafness = e.getMessage();
            LOG.warn("{}: nobody listens for rivals: {}", addresses, deafness);
        }
    }

    private RivalWatch.Policy policy() {
        return RivalWatch.Policy.valueOf(settings.policy().name());
    }

    /**
     * The card has another hardware address. What is announced from now on carries it, and whoever was asked is asked anew: neighbours send to the old
     * one until they are told. On the keeper's thread.
     */
    void follow(MacAddress present) {
        mac = present;
        announcement = new Announcement(present, isRouter, marks, token);
        // Answers to the questions before went to the old one.
        answers.clear();
        confirmations.clear();
        takeovers = List.of();
        isTold = false;
        isAsking = true;
        ask();
    }

    /**
     * Begins to ask the neighbours, right after the first announcement. On the keeper's thread: whom to ask takes a look at the kernel's tables.
     */
    void ask() {
        if (ear == null) {
            return;
        }
        List<IpAddress> some =
                addresses.all().stream().limit(ADDRESSES_CONFIRMED_MAX).toList();
        long now = System.nanoTime();
        try (NeighbourTable table = new LinuxNeighbourTable()) {
            // The kernel's tables may be long, and renewals wait meanwhile.
            Map<Boolean, List<Confirmation.Neighbour>> candidates = new HashMap<>();
            for (IpAddress address : some) {
                List<Confirmation.Neighbour> chosen = Confirmation.choose(
                        address,
                        candidates.computeIfAbsent(address.isV6(), isV6 -> candidates(table, isV6)),
                        ASKED_MAX);
                confirmations.put(address, new Confirmation(address, mac, chosen, now));
            }
        } catch (RuntimeException e) {
            // The thread that looks after the addresses must not end over it.
            LOG.warn("{}: nobody is asked whether the takeover was noticed: {}", addresses, e.toString());
        }
    }

    private List<Confirmation.Neighbour> candidates(NeighbourTable table, boolean isV6) {
        Map<IpAddress, MacAddress> known = new HashMap<>();
        List<Confirmation.Neighbour> candidates = new ArrayList<>();
        List<NeighbourTable.Neighbour> recent = table.recent(link.index(), isV6, ASKED_MAX);
        recent.forEach(neighbour -> known.put(neighbour.address(), neighbour.mac()));
        for (IpAddress gateway : table.gateways(link.index(), isV6)) {
            candidates.add(new Confirmation.Neighbour(
                    gateway, Confirmation.Role.GATEWAY, Optional.ofNullable(known.get(gateway))));
        }
        for (IpAddress peer : settings.neighbours()) {
            candidates.add(
                    new Confirmation.Neighbour(peer, Confirmation.Role.PEER, Optional.ofNullable(known.get(peer))));
        }
        for (IpAddress client : served()) {
            candidates.add(new Confirmation.Neighbour(
                    client, Confirmation.Role.CLIENT, Optional.ofNullable(known.get(client))));
        }
        for (NeighbourTable.Neighbour neighbour : recent) {
            candidates.add(new Confirmation.Neighbour(
                    neighbour.address(), Confirmation.Role.CLIENT, Optional.of(neighbour.mac())));
        }
        return candidates;
    }

    private List<IpAddress> served() {
        try {
            return owner.served();
        } catch (RuntimeException e) {
            LOG.debug("{}: clients of the last owner are not asked: {}", addresses, e.toString());
            return List.of();
        }
    }

    // ---- on the ear's thread ---------------------------------------------------------------------------------------

    private void sighted(long nanos, Sighting sighting) {
        if (!owner.isHolding()) {
            return;
        }
        RivalWatch watch = watches.get(sighting.sender());
        if (watch != null) {
            Optional<FencingToken> claimed = marks.flatMap(m -> m.token(sighting));
            watch.follow(mac);
            RivalWatch.Decision decision = watch.decide(nanos, sighting, claimed);
            remember(nanos, sighting, claimed, decision.reason());
            switch (decision.action()) {
                case YIELD:
                    owner.yield(sentence(decision.reason(), sighting, claimed));
                    break;
                case DEFEND:
                    strangerHeard.set(true);
                    owner.wake();
                    break;
                case ANNOUNCE_AGAIN:
                    olderOwnerHeard.set(true);
                    owner.wake();
                    break;
                default:
                    break;
            }
            if (decision.isAlarm()) {
                String what = sentence(decision.reason(), sighting, claimed);
                LOG.warn("{}", what);
                tell(context::alarm, what);
            }
        }
        if (isAsking && sighting.form() == Sighting.Form.ANSWER && answers.offer(new Heard(nanos, sighting))) {
            owner.wake();
        }
    }

    private void remember(long nanos, Sighting sighting, Optional<FencingToken> claimed, RivalWatch.Reason reason) {
        rivalsLock.lock();
        try {
            rivals.saw(reason, () -> sentence(reason, sighting, claimed), nanos);
        } finally {
            rivalsLock.unlock();
        }
    }

    /** A fault of whoever is told must not end the ear or the keeper. */
    private static void tell(Consumer<String> listener, String sentence) {
        try {
            listener.accept(sentence);
        } catch (RuntimeException e) {
            LOG.warn("nobody was told \"{}\"", sentence, e);
        }
    }

    private String sentence(RivalWatch.Reason reason, Sighting sighting, Optional<FencingToken> claimed) {
        String who = "the host with hardware address " + sighting.senderMac() + " claims " + sighting.sender();
        return switch (reason) {
            case NEWER_OWNER ->
                who + " under the newer token "
                        + claimed.map(FencingToken::value).orElse(0L) + ", ours is " + token.value()
                        + ": this host lets go of it";
            case OLDER_OWNER ->
                who + " under the older token "
                        + claimed.map(FencingToken::value).orElse(0L) + ", ours is " + token.value()
                        + ": it is announced again";
            case BROKEN_PROMISE ->
                who + " under the same token " + token.value()
                        + " as this host: two owners of one token must never be; look at both hosts and report this";
            case OWN_MAC_ELSEWHERE ->
                "frames of " + sighting.sender() + " under this host's own hardware address "
                        + sighting.senderMac()
                        + " come in from outside: a loop in the network, or that hardware address is in use twice";
            default ->
                who + " and is no node of this cluster: take the address off that host, or give the group another one"
                        + (settings.policy() == RivalPolicy.YIELD ? "; this host lets go of it" : "");
        };
    }

    // ---- on the keeper's thread ------------------------------------------------------------------------------------

    /**
     * Lets the announcements answer the rivals that were heard: to an owner with an older token they begin anew, to a stranger they
     * are repeated once. All addresses are announced, however many of them were claimed, so this has one pace for all.
     *
     * @return nanoseconds until it must be called again
     */
    long answerRivals(AnnouncementSchedule schedule, long nowNanos) {
        if (olderOwnerHeard.getAndSet(false)) {
            again.want();
        }
        if (strangerHeard.getAndSet(false)) {
            defence.want();
        }
        if (again.take(nowNanos)) {
            schedule.restart(nowNanos);
        }
        if (defence.take(nowNanos)) {
            schedule.once(nowNanos);
        }
        return Math.min(again.delayNanos(nowNanos), defence.delayNanos(nowNanos));
    }

    /** Sends and takes what is due; returns nanoseconds until the next turn. */
    long turn() {
        SegmentEar open = ear;
        if (open == null || confirmations.isEmpty() || isTold) {
            isAsking = false;
            answers.clear();
            return Long.MAX_VALUE;
        }
        boolean isNews = false;
        for (Heard heard = answers.poll(); heard != null; heard = answers.poll()) {
            for (Confirmation confirmation : confirmations.values()) {
                isNews |= confirmation.hear(heard.nanos(), heard.sighting());
            }
        }
        long now = System.nanoTime();
        long delay = Long.MAX_VALUE;
        for (Map.Entry<IpAddress, Confirmation> entry : confirmations.entrySet()) {
            for (Confirmation.Question question : entry.getValue().due(now)) {
                send(open, entry.getKey(), question);
            }
            delay = Math.min(delay, entry.getValue().delayNanos(now));
        }
        boolean isOver = delay == Long.MAX_VALUE;
        if (isNews || (isOver && !isTold)) {
            tell(now, isOver);
        }
        return delay;
    }

    private void send(SegmentEar open, IpAddress address, Confirmation.Question question) {
        try {
            open.send(announcement.question(address, question.neighbour().address(), question.destination()));
        } catch (HaException e) {
            LOG.debug("{}: {} was not asked: {}", address, question.neighbour().address(), e.getMessage());
        }
    }

    private void tell(long now, boolean isOver) {
        List<Takeover> all = new ArrayList<>();
        confirmations.forEach((address, confirmation) -> all.add(takeover(address, confirmation.outcome(now))));
        takeovers = List.copyOf(all);
        if (isOver && !isTold) {
            isTold = true;
            // One sentence for all: of two events about one group, a listener that is busy hears the later one.
            String told = all.stream()
                    .filter(takeover -> !takeover.confirmed().isEmpty()
                            || !takeover.silent().isEmpty())
                    .map(Takeover::toString)
                    .collect(Collectors.joining("; "));
            if (!told.isEmpty()) {
                LOG.info("{}", told);
                tell(context::report, told);
            }
        }
    }

    private static Takeover takeover(IpAddress address, Confirmation.Outcome outcome) {
        return new Takeover(
                address.toString(),
                outcome.confirmed().stream()
                        .map(c -> new Takeover.Confirmed(
                                c.neighbour().address().toString(),
                                c.neighbour().role().name().toLowerCase(java.util.Locale.ROOT),
                                Duration.ofNanos(c.afterNanos())))
                        .toList(),
                outcome.silent().stream().map(n -> n.address().toString()).toList(),
                outcome.isFinal());
    }

    /** Any thread. */
    List<Takeover> takeovers() {
        return takeovers;
    }

    /** Who claimed an address within the last minute though no token gives it to him; empty if nobody did. Any thread. */
    String rival() {
        rivalsLock.lock();
        try {
            return rivals.present(System.nanoTime());
        } finally {
            rivalsLock.unlock();
        }
    }

    /** Why nothing is heard any more; empty while all is well. Any thread. */
    String problem() {
        SegmentEar open = ear;
        return open == null ? deafness : open.problem().orElse("");
    }

    @Override
    public void close() {
        isClosed = true;
        SegmentEar open = ear;
        if (open != null) {
            open.close();
        }
    }
}
