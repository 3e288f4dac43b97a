package org.understudy.ha.membership;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.understudy.ha.api.Advisor;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Barriers;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Elections;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.History;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Membership;
import org.understudy.ha.api.Metrics;
import org.understudy.ha.api.Names;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Operator;
import org.understudy.ha.api.Quorum;
import org.understudy.ha.api.Recovery;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.Resources;
import org.understudy.ha.api.Stall;
import org.understudy.ha.api.Stalls;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.Peer;
import org.understudy.ha.api.config.Security;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.internal.loop.NodeLoop;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.admin.AdminDesk;
import org.understudy.ha.membership.admin.AdminServer;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Policies;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.LadderSteps;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.membership.enforcement.Enforcements;
import org.understudy.ha.membership.guardian.LastWillListener;
import org.understudy.ha.membership.guardian.LastWills;
import org.understudy.ha.membership.history.DeciderWords;
import org.understudy.ha.membership.history.HistoryKeeper;
import org.understudy.ha.membership.jfr.FlightEvents;
import org.understudy.ha.membership.jgroups.ChannelSettings;
import org.understudy.ha.membership.jgroups.JGroupsChannel;
import org.understudy.ha.membership.jgroups.LinkSecurity;
import org.understudy.ha.membership.jmx.NodeBean;
import org.understudy.ha.membership.metrics.NodeMetrics;
import org.understudy.ha.membership.metrics.Tally;
import org.understudy.ha.membership.refusal.RefusalCounts;
import org.understudy.ha.membership.runtime.AssumptionsReport;
import org.understudy.ha.membership.runtime.AssumptionsWatch;
import org.understudy.ha.membership.runtime.BootClock;
import org.understudy.ha.membership.runtime.BoundedPolicy;
import org.understudy.ha.membership.runtime.CallWatch;
import org.understudy.ha.membership.runtime.Drill;
import org.understudy.ha.membership.runtime.EnforcedCover;
import org.understudy.ha.membership.runtime.InCommon;
import org.understudy.ha.membership.runtime.Incoming;
import org.understudy.ha.membership.runtime.Intake;
import org.understudy.ha.membership.runtime.Lane;
import org.understudy.ha.membership.runtime.LanePool;
import org.understudy.ha.membership.runtime.LeaseBoard;
import org.understudy.ha.membership.runtime.NodeLanes;
import org.understudy.ha.membership.runtime.NoticeLog;
import org.understudy.ha.membership.runtime.Outgoing;
import org.understudy.ha.membership.runtime.OwnerWords;
import org.understudy.ha.membership.runtime.Rounds;
import org.understudy.ha.membership.runtime.SoftStates;
import org.understudy.ha.membership.runtime.StallWatch;
import org.understudy.ha.membership.runtime.ThisHost;
import org.understudy.ha.membership.runtime.ThreadLedger;
import org.understudy.ha.membership.runtime.Wills;
import org.understudy.ha.membership.security.NodeKeys;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.store.FileNodeStateStore;

/**
 * A running node: the composition of machine, loop, channel, store, guardian and lanes behind {@link HaNode}.
 *
 * <p><b>Concurrency.</b> The loop's thread alone touches the machine and performs its effects; what other threads read is an
 * immutable snapshot in a volatile field. User code runs on lanes and on the event threads, never on the loop.
 */
final class UnderstudyNode implements HaNode {

    private static final Logger LOG = LoggerFactory.getLogger(UnderstudyNode.class);
    /** A line for each decision and nothing else: the trail that an operator reads. */
    private static final Logger DECISIONS = LoggerFactory.getLogger("org.understudy.ha.decisions");

    private static final int DECISIONS_WAITING_MAX = 1024;
    private static final long LANE_END_MILLIS = 500;
    private static final long THINKING_SECONDS = 3;
    private static final int HALT_STATUS = 70;
    private static final long LAST_WORDS_NANOS = 200_000_000L;
    private static final long CLOCK_DRIFT_NANOS = 50_000_000L;
    private static final long ALARMS_APART_NANOS = 50_000_000L;
    private static final long SENDINGS_APART_NANOS = 10_000_000L;

    private final NodeConfig config;
    private final Function<Path, NodeStateStore> stores;
    private final NamedThreads threads;
    /** For whatever is said on the loop. */
    private final NoticeLog log;

    private final ScheduledThreadPoolExecutor timers;
    private final LanePool lanePool;
    private final Rounds rounds;
    private final CallWatch callWatch;
    private final ThreadLedger ledger;
    private final Callbacks callbacks;

    private final NodeLanes lanes = new NodeLanes();
    /** Begins anywhere: what others still say of a former life's requests is said of none of this one. */
    private final AtomicLong requests = new AtomicLong(new SecureRandom().nextLong() >>> 1);

    private final NodeEvents events;
    private final Farewell farewell;
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private final Opened opened;
    private final NodeOperator operator;
    private final NodeMoves moves;
    private final NodeAdvisor advisor;
    private final NodeElections elections = new NodeElections(new ElectionHost());
    private final CoreServicesHost services = new CoreServicesHost();
    private final NodeNames names = new NodeNames(services);
    private final NodeBarriers barriers = new NodeBarriers(services);
    private final NodeRecovery recovery = new NodeRecovery(
            services, this::situation, (subject, sentence) -> publish(subject, new HaEvent.Alarm("ladder", sentence)));
    private final AssumptionsWatch assumptionsWatch;
    private final InCommon inCommon = new InCommon();
    private final SoftStates softStates;
    /** A resource has raised an alarm: what that is about may show among the troubles of its group. */
    private final Paced alarmed;

    private final OwnerWords ownerWords;
    private final DeciderWords deciderWords;
    private final Mismatches mismatches;

    private final HistoryKeeper history;
    private final Tally tally = new Tally(System::nanoTime);
    private final boolean isFlightRecordable =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private BootClock clock;
    private LeaseBoard leases;
    private StallWatch stalls;
    private Enforcements enforcements;
    private NodeStateStore store;
    private NodeMachine machine;
    private NodeLoop<Input, Effect, DurableState> loop;
    private Outgoing outgoing;
    private HostIdentity identity = HostIdentity.UNKNOWN;
    private Optional<NodeKeys> nodeKeys = Optional.empty();
    private OwnGuardian guardian;
    private GroupStatuses statuses;
    private NodeResources resources;

    private final RefusalCounts refusals = new RefusalCounts();

    /** Loop's thread only, as the one after it. */
    private boolean areServicesDirty = true;

    private long clockOffset;

    private volatile NodeState state = NodeState.JOINING;
    private volatile String stateReason = "starting";
    private volatile Membership.View view = new Membership.View(0, List.of());
    private volatile Optional<ClusterRecord> record = Optional.empty();

    private UnderstudyNode(NodeConfig config, Function<Path, NodeStateStore> stores) {
        this.config = config;
        this.stores = stores;
        this.threads = new NamedThreads(config.threads(), config.node());
        this.log = new NoticeLog(threads);
        this.events = new NodeEvents(threads);
        this.farewell = new Farewell(config.node(), lanes);
        this.opened = new Opened(config.node());
        this.opened.push(log);
        this.timers = new ScheduledThreadPoolExecutor(1, threads.named("timers"));
        this.timers.setRemoveOnCancelPolicy(true);
        this.lanePool = new LanePool(threads, timers);
        this.rounds = new Rounds(lanePool, timers);
        this.callWatch = new CallWatch(timers);
        this.ledger = new ThreadLedger(lanePool::strangers);
        this.opened.push(lanePool);
        this.deciderWords = new DeciderWords(others(), message -> loop.execute(() -> outgoing.sendToOthers(message)));
        this.history =
                new HistoryKeeper(config.stateDirectory(), threads, Clock.systemUTC(), deciderWords, this::decided);
        this.callbacks = new Callbacks(threads);
        ExecutorService thinking = new ThreadPoolExecutor(
                0, 1, THINKING_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads.named("assumptions"));
        this.assumptionsWatch = new AssumptionsWatch(
                this::assumptions,
                timers,
                thinking,
                now -> publish("assumptions", new HaEvent.AssumptionsChanged(now)));
        this.ownerWords = new OwnerWords(message -> outgoing.sendToOthers(message));
        Paced sending = paced(SENDINGS_APART_NANOS, this::sendSoftStates);
        this.softStates = new SoftStates(lanes::contains, sending::ask);
        this.alarmed = paced(ALARMS_APART_NANOS, () -> statuses.changed());
        this.mismatches = new Mismatches(config, () -> record, this::onLoopLater, log, this::publish);
        this.operator = new NodeOperator(
                config.node(),
                new SecureRandom().nextLong() >>> 1,
                this::checkOpen,
                () -> record,
                input -> loop.submit(input),
                callbacks);
        this.moves = new NodeMoves(requests::incrementAndGet, input -> loop.submit(input), timers, callbacks);
        this.advisor = new NodeAdvisor(
                config.node(),
                () -> record,
                this::isQuorate,
                Policies.with(config.policies()),
                part -> token -> history.reason(part, token),
                part -> statuses.find(part).flatMap(GroupStatus::atHolder),
                this::isWitness,
                part -> statuses.whatElseIsKnown(part));
        this.opened.push(() -> {
            timers.shutdownNow();
            timers.awaitTermination(LANE_END_MILLIS, TimeUnit.MILLISECONDS);
        });
        this.opened.push(() -> {
            thinking.shutdownNow();
            thinking.awaitTermination(THINKING_SECONDS, TimeUnit.SECONDS);
        });
        this.opened.push(callbacks);
    }

    static UnderstudyNode start(NodeConfig config) {
        return start(config, FileNodeStateStore::new);
    }

    static UnderstudyNode start(NodeConfig config, Function<Path, NodeStateStore> stores) {
        UnderstudyNode node = new UnderstudyNode(config, stores);
        boolean isUp = false;
        try {
            node.open();
            isUp = true;
            return node;
        } finally {
            if (!isUp) {
                node.isClosed.set(true);
                node.opened.closeAll();
            }
        }
    }

    private void open() {
        Optional<HostPort> host = BootClock.hostPort();
        clock = BootClock.open(host);
        opened.push(clock);
        clockOffset = clock.getAsLong() - System.nanoTime();
        leases = new LeaseBoard(clock, config.timing().holderNanos());
        store = stores.apply(config.stateDirectory());
        opened.push(store);
        NodeStateStore.Opened found = store.open();
        found.notice().ifPresent(notice -> LOG.warn("node {}: {}", config.node(), notice));
        // Whatever it finds in its files: nothing that follows depends on it.
        history.start();
        opened.push(history);
        DurableState disk = SavedState.of(found, config);
        LinkSecurity security = security();
        InetSocketAddress own = config.self().links().get(0);
        GroupChannel channel = new JGroupsChannel(
                new ChannelSettings(config.cluster(), config.node(), links(), security, config.threads()), refusals);
        opened.push(channel);
        outgoing = new Outgoing(config.cluster(), config.node(), others(), channel);
        LastWills.warmUp();
        guardian = OwnGuardian.start(config);
        guardian.process().ifPresent(opened::push);
        guardian.onLost(this::guardianLost);
        enforcements = enforcements(host);
        opened.push(enforcements);
        identity = ThisHost.identity(config.stateDirectory().resolve("node.lock"));
        NodeSettings settings = new NodeSettings(
                config.cluster(),
                config.node(),
                config.peers().stream().map(Peer::node).toList(),
                found.disk().toString(),
                config.timing(),
                config.mayForm(),
                guardian.willKey(),
                identity,
                found.isCurrent(),
                new SecureRandom().nextLong() >>> 1,
                config.capacity(),
                config.policies().stream()
                        .<PlacementPolicy>map(policy -> new BoundedPolicy(policy, lanePool))
                        .toList());
        stalls = new StallWatch(config.timing(), others(), clock, threads, this::stallNoticed);
        opened.push(stalls);
        machine = new NodeMachine(settings, disk, clock.getAsLong(), new Wills(config.cluster()));
        statuses = new GroupStatuses(
                config.node(), new StatusHost(), machine, clock, lanes, ownerWords, mismatches, this::onLoopLater);
        resources = new NodeResources(
                config.node(),
                new ResourcesHost(),
                lanes,
                statuses,
                new GroupChecks(config, enforcements::coverage),
                mismatches,
                moves);
        loop = new NodeLoop<>(machine, new Edge(), threads);
        opened.push(loop::close);
        Incoming incoming = new Incoming(
                new Intake(config.cluster(), refusals),
                loop,
                clock,
                stalls,
                ownerWords,
                softStates,
                new IncomingHost());
        channel.start(incoming);
        LastWillListener wills = new LastWillListener(own, incoming::onWill, config.node(), config.threads(), refusals);
        opened.push(wills);
        if (config.administration()) {
            opened.push(
                    AdminServer.open(config.administrationSocket(), new AdminDesk(this), threads, timers, refusals));
        }
        assumptionsWatch.begin();
        loop.start();
        stalls.start();
        Drill.begin(threads).ifPresent(opened::push);
        if (config.jmx()) {
            NodeBean.register(this, config.cluster()).ifPresent(opened::push);
        }
        LOG.info(
                "node {} of cluster {} is up: disk {}, clock {}, {}",
                config.node(),
                config.cluster(),
                found.disk(),
                clock.name(),
                guardian);
    }

    private LinkSecurity security() {
        if (config.security() instanceof Security.Keys keys) {
            NodeKeys loaded = NodeKeys.load(keys.directory());
            nodeKeys = Optional.of(loaded);
            return new LinkSecurity.MutualTls(loaded);
        }
        LOG.warn("node {} runs insecure: whoever reaches {} can take every group", config.node(), config.self());
        return new LinkSecurity.Insecure();
    }

    private Map<NodeId, List<InetSocketAddress>> links() {
        Map<NodeId, List<InetSocketAddress>> links = new LinkedHashMap<>();
        config.peers().forEach(peer -> links.put(peer.node(), peer.links()));
        return links;
    }

    private List<NodeId> others() {
        return config.peers().stream()
                .map(Peer::node)
                .filter(peer -> !peer.equals(config.node()))
                .toList();
    }

    private boolean isWitness(NodeId node) {
        return config.peers().stream().anyMatch(peer -> peer.node().equals(node) && peer.isWitness());
    }

    private void guardianLost() {
        publish(
                "guardian",
                new HaEvent.Alarm(
                        "guardian",
                        "the guardian process has ended: a death of this node cannot be proved any more, so the others"
                                + " wait for its lease, or for ever where nothing but this process ends a group;"
                                + " restart the node when convenient"));
        assumptionsWatch.changed();
    }

    private Enforcements enforcements(Optional<HostPort> host) {
        List<Enforcer> own = new ArrayList<>();
        if (config.processPolicy().mayKill()) {
            host.flatMap(HostPort::killTimer).ifPresent(own::add);
            guardian.killer().ifPresent(own::add);
        }
        return new Enforcements(
                own,
                config.enforcers(),
                new Enforcer.Terms(
                        config.timing().holderNanos(),
                        config.timing().renewEvery().toNanos(),
                        config.timing().guard().toNanos()),
                config.processPolicy().mayKill(),
                clock,
                threads,
                new EnforcerNews());
    }

    private final class EnforcerNews implements Enforcements.Listener {
        @Override
        public void changed(String enforcer, boolean isThere, String sentence) {
            log.line(() -> LOG.warn("node {}: {}", config.node(), sentence));
            publish("enforcer " + enforcer, new HaEvent.Alarm(enforcer, sentence));
            lanes.all().forEach(Lane::coverageChanged);
            assumptionsWatch.changed();
        }

        @Override
        public void ending(String group, String why) {
            lanes.find(group).ifPresent(lane -> lane.endNow(why));
        }
    }

    // ---- façade --------------------------------------------------------------------------------------------------

    @Override
    public NodeId id() {
        return config.node();
    }

    @Override
    public NodeState state() {
        return state;
    }

    @Override
    public Membership membership() {
        return () -> view;
    }

    @Override
    public Quorum quorum() {
        return new Quorum() {
            @Override
            public boolean isQuorate() {
                return UnderstudyNode.this.isQuorate();
            }

            @Override
            public int acceptors() {
                return record.map(r -> r.acceptors().size()).orElse(0);
            }
        };
    }

    @Override
    public Resources resources() {
        return resources;
    }

    @Override
    public Elections elections() {
        return elections;
    }

    @Override
    public Names names() {
        return names;
    }

    @Override
    public Barriers barriers() {
        return barriers;
    }

    @Override
    public Recovery recovery() {
        return recovery;
    }

    private LadderSteps.Situation situation(boolean hasRungs) {
        return new LadderSteps.Situation(record, services.self(), state, stateReason, view.members(), hasRungs);
    }

    @Override
    public Operator operator() {
        return operator;
    }

    @Override
    public Refusals refusals() {
        return refusals.snapshot();
    }

    @Override
    public Advisor advisor() {
        return advisor;
    }

    @Override
    public Assumptions assumptions() {
        return AssumptionsReport.of(
                config,
                new AssumptionsReport.OwnHost(
                        clock.name(),
                        identity,
                        ThisHost.isInMemory(config.stateDirectory()),
                        guardian.obstacle(),
                        guardian.weaknesses()),
                record);
    }

    @Override
    public Stalls stalls() {
        return stalls.stalls();
    }

    @Override
    public History history() {
        return history;
    }

    @Override
    public Metrics metrics() {
        return NodeMetrics.of(
                this,
                config.cluster(),
                stateReason,
                new NodeMetrics.Inside(
                        record.map(ClusterRecord::number).orElse(0L),
                        leases.remaining().toNanos() / 1e9,
                        loop.waiting(),
                        history.waiting(),
                        config.self().isWitness(),
                        guardian.obstacle().isEmpty(),
                        name -> lanes.find(name).filter(Lane::isMadeReady).isPresent(),
                        name -> lanes.find(name)
                                .map(lane -> lane.unheardMonitors().size())
                                .orElse(0),
                        tally));
    }

    /** One line for each, however many nodes notice it on the way. */
    private void decided(Decision decision) {
        log.line(() -> DECISIONS.info("{}", decision.sentence()));
        tally.decided(decision, config.node());
        if (isFlightRecordable) {
            FlightEvents.decided(config.node().value(), decision);
        }
        publish("decision " + decision.number() % DECISIONS_WAITING_MAX, new HaEvent.Decided(decision));
    }

    private void stallNoticed(String what, Stall stall, boolean isMarginUsedUp, String sentence) {
        log.line(() ->
                LOG.atLevel(isMarginUsedUp ? Level.WARN : Level.INFO).log("node {}: {}", config.node(), sentence));
        if (isFlightRecordable) {
            FlightEvents.stalled(config.node().value(), what, stall, isMarginUsedUp);
        }
        publish("stall " + what, new HaEvent.StallNoticed(what, stall, isMarginUsedUp, sentence));
    }

    @Override
    public Subscription listen(Listener listener) {
        checkOpen();
        return events.add(listener, tell -> {
            tell.accept("node", new HaEvent.NodeChanged(state, stateReason));
            tell.accept("view", new HaEvent.ViewChanged(view));
            statuses.all().forEach((name, status) -> tell.accept("group " + name, new HaEvent.GroupChanged(status)));
        });
    }

    @Override
    public void close() {
        if (!isClosed.compareAndSet(false, true)) {
            return;
        }
        // Whoever interrupts this wants it over; but it is bounded, and a stop that was cut short could leave two
        // owners.
        boolean isInterrupted = Thread.interrupted();
        try {
            isInterrupted |= leaveAndStop();
            closeEverything();
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns whether this thread was interrupted meanwhile. */
    private boolean leaveAndStop() {
        if (state == NodeState.STEPPED_ASIDE) {
            lanes.stopAnything("this node steps aside");
        } else {
            loop.submit(new Input.LeaveWanted());
        }
        boolean isInterrupted = farewell.await();
        lanes.shutdown(LANE_END_MILLIS);
        return isInterrupted | Thread.interrupted();
    }

    private void closeEverything() {
        keepWhatProvesTheEnd();
        state = NodeState.CLOSED;
        stateReason = "closed";
        publish("node", new HaEvent.NodeChanged(state, stateReason));
        moves.end("this node was closed");
        operator.end("this node was closed");
        endServices("this node was closed");
        recovery.awaitEnd();
        opened.closeAll();
        elections.close();
        names.close();
        barriers.close();
        recovery.close();
        events.end();
    }

    /**
     * Something of this life goes on. So its directory stays taken, because a new life on it counts as a proof that the old one has ended; and
     * its guardian goes on, which kills this process at the end of the lease if it may, and proves its end. Both are held until this
     * process ends: by a thread, since what nobody refers to is closed by the garbage collector, and with it the lock.
     */
    private void keepWhatProvesTheEnd() {
        List<String> running = lanes.active();
        if (!running.isEmpty() && opened.remove(store)) {
            List<AutoCloseable> kept = new ArrayList<>(List.of(store));
            guardian.process().filter(opened::remove).ifPresent(kept::add);
            threads.thread("keeps-" + running, () -> {
                        while (!kept.isEmpty()) {
                            LockSupport.park(kept);
                            // An interrupt would make every further park return at once.
                            Thread.interrupted();
                        }
                    })
                    .start();
            LOG.error(
                    "node {}: {} could not be stopped, so {} stays taken until this process has ended",
                    config.node(),
                    running,
                    config.stateDirectory());
        }
    }

    private void checkOpen() {
        if (isClosed.get()) {
            throw new LifecycleException("node " + config.node() + " is closed; build and start a new one");
        }
    }

    private void publish(String subject, HaEvent event) {
        events.publish(subject, event);
    }

    private int tag(Incarnation incarnation) {
        CRC32 crc = new CRC32();
        crc.update((config.cluster() + '/' + incarnation).getBytes(StandardCharsets.UTF_8));
        int tag = (int) crc.getValue();
        return tag == 0 ? 1 : tag;
    }

    /** Adds the lanes of all parts, or none. */
    private List<Lane> addLanes(Group group, List<Part> parts, boolean isElection) {
        List<Lane> added = Lane.of(
                group,
                parts,
                isElection,
                Optional.ofNullable(Thread.currentThread().getContextClassLoader())
                        .orElse(UnderstudyNode.class.getClassLoader()),
                new Lane.Surroundings(
                        leases,
                        lanePool,
                        rounds,
                        callWatch,
                        ledger,
                        config.node(),
                        threads,
                        timers,
                        loop::submit,
                        guardian::claim,
                        this::tag,
                        purpose -> nodeKeys.flatMap(keys -> keys.clusterKey(purpose)),
                        softStates,
                        event -> toldOf(group, event),
                        new EnforcedCover(enforcements, () -> record, lanes),
                        why -> stopFailed(group.name(), why),
                        inCommon));
        lanes.add(group.name(), added);
        for (Lane lane : added) {
            // On the loop, so that no newer record has been learned meanwhile.
            loop.execute(() -> record.flatMap(r -> r.grant(lane.name())).ifPresent(g -> lane.granted()));
            lane.offer(() -> loop.execute(lane::markOffered));
        }
        loop.execute(statuses::changed);
        return added;
    }

    private void toldOf(Group group, HaEvent event) {
        publish("resource " + group.name() + ' ' + event.getClass().getSimpleName(), event);
        if (event instanceof HaEvent.Alarm) {
            alarmed.ask();
        }
    }

    /** The last rung this library may climb alone, and only with the host's consent. */
    private void stopFailed(String group, String why) {
        if (isFlightRecordable) {
            FlightEvents.stopFailed(
                    config.node().value(), group, config.processPolicy().mayHalt() ? "halts the process" : "blocked");
        }
        publish(
                "blocked " + group,
                new HaEvent.Alarm(
                        group,
                        "the group could not be stopped and is blocked: it runs nowhere else until it is stopped or this"
                                + " process has ended: " + why));
        if (config.processPolicy().mayHalt()) {
            // A log or a listener that hangs must not keep this process from ending.
            CountDownLatch isLogged = new CountDownLatch(1);
            log.line(() -> {
                LOG.error("group {} cannot be stopped: halting this process, as the host allowed", group);
                isLogged.countDown();
            });
            awaitLastWords(isLogged);
            Runtime.getRuntime().halt(HALT_STATUS);
        }
    }

    /** Waits until what was logged and published last is out, for a short while. */
    private void awaitLastWords(CountDownLatch isLogged) {
        long until = System.nanoTime() + LAST_WORDS_NANOS;
        // Whatever a stop was interrupted for: nothing comes after this.
        Thread.interrupted();
        try {
            isLogged.await(LAST_WORDS_NANOS, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        events.end(until);
    }

    // ---- the world around the machine ------------------------------------------------------------------------------

    private final class IncomingHost implements Incoming.Host {
        @Override
        public Optional<ClusterRecord> record() {
            return record;
        }

        @Override
        public boolean isWhy(NodeId from, Message.Soft message) {
            return deciderWords.hear(from, message);
        }

        @Override
        public void ownerHeard() {
            statuses.changed();
        }

        @Override
        public void viewed(List<NodeId> members) {
            Membership.View next = new Membership.View(view.number() + 1, members);
            view = next;
            publish("view", new HaEvent.ViewChanged(next));
            ownerWords.sayAllAgain();
            statuses.changed();
        }
    }

    private final class Edge implements NodeLoop.Edge<Input, Effect, DurableState> {

        @Override
        public long nowNanos() {
            long now = clock.getAsLong();
            stalls.begins(now);
            return now;
        }

        @Override
        public Input tick() {
            stalls.ticks(machine.nextDeadlineNanos());
            long offset = clock.getAsLong() - System.nanoTime();
            if (Math.abs(offset - clockOffset) > CLOCK_DRIFT_NANOS) {
                long millis = (offset - clockOffset) / 1_000_000;
                clockOffset = offset;
                return new Input.ClockDoubted(
                        "the boot clock and the monotonic clock moved apart by " + millis + " ms");
            }
            return new Input.Tick();
        }

        @Override
        public Input persisted(long number) {
            return new Input.Persisted(number);
        }

        @Override
        public void perform(Effect effect) {
            if (effect instanceof Effect.Send send) {
                if (send.message() instanceof Message.Renew renewal) {
                    stalls.sends(renewal.sequence());
                }
                outgoing.send(send.to(), send.message());
            } else if (effect instanceof Effect.PublishLease lease) {
                if (leases.isValid() != lease.isValid()) {
                    statuses.changed();
                }
                leases.publish(lease);
                stalls.leased(lease);
                lease.incarnation()
                        .filter(i -> lease.isValid())
                        .ifPresent(i -> enforcements.confirmed(i, lease.confirmedNanos()));
            } else if (effect instanceof Effect.StartGroup start) {
                tally.starting(start.group());
                statuses.ordered(start.group());
                lanes.start(start, loop::submit);
                statuses.starts(start.group());
            } else if (effect instanceof Effect.StopGroup stop) {
                tally.stopping(stop.group());
                statuses.ordered(stop.group());
                lanes.stop(stop, loop::submit);
                statuses.stops(stop.group(), stop.why());
            } else if (effect instanceof Effect.PrepareGroup prepare) {
                lanes.prepare(prepare, loop::submit);
            } else if (effect instanceof Effect.UnprepareGroup unprepare) {
                lanes.find(unprepare.group()).ifPresent(Lane::unprepare);
            } else if (effect instanceof Effect.WatchGroup watch) {
                lanes.find(watch.group()).ifPresent(lane -> lane.watchAgain(watch.token()));
            } else if (effect instanceof Effect.LiveAs live) {
                guardian.live(live.incarnation().number(), tag(live.incarnation()), lanePool);
                areServicesDirty = true;
            } else if (effect instanceof Effect.PublishState change) {
                changeState(change.state(), change.why());
            } else if (effect instanceof Effect.PublishRecord chosen) {
                advisor.learned(record, chosen.value());
                Optional<ClusterRecord> before = record;
                record = Optional.of(chosen.value());
                history.learned(chosen.ballot(), chosen.value(), machine.planning(chosen.ballot()));
                statuses.changed();
                areServicesDirty = true;
                assumptionsWatch.record(chosen.value());
                lanes.learned(before, chosen.value());
            } else if (effect instanceof Effect.MoveDecided decided) {
                moves.decided(decided);
            } else if (effect instanceof Effect.OperationDecided decided) {
                operator.decided(decided);
            } else if (effect instanceof Effect.Tell tell) {
                take(tell.told());
            } else if (effect instanceof Effect.ClearDecided decided) {
                statuses.changed();
                operator.decided(decided);
            } else if (effect instanceof Effect.Left) {
                farewell.said();
            } else {
                throw new org.understudy.ha.api.InvariantViolation("no rule for effect " + effect);
            }
        }

        private void take(Told told) {
            if (told instanceof Told.NameHeld o) {
                names.held(o);
            } else if (told instanceof Told.NameRefused o) {
                names.refused(o);
            } else if (told instanceof Told.NameUnknown o) {
                names.unknown(o);
            } else if (told instanceof Told.NameOver o) {
                names.over(o);
            } else if (told instanceof Told.BarrierDecided o) {
                barriers.decided(o);
            } else if (told instanceof Told.Climb o) {
                machine.incarnation().ifPresent(self -> recovery.climb(o, self));
            } else if (told instanceof Told.Descend o) {
                recovery.descend(o);
            }
        }

        @Override
        public void persist(DurableState fact) {
            stalls.writing(() -> store.save(RecordCodec.encode(fact)));
        }

        @Override
        public void notice(Notice notice) {
            count(notice);
            if (notice.reason() == Reason.GROUP_RUNNING
                    || notice.reason() == Reason.GROUP_STOPPED
                    || notice.reason() == Reason.GROUP_FAILED
                    || notice.reason() == Reason.FAILURES_CLEARED
                    || notice.reason() == Reason.GROUP_BLOCKED) {
                statuses.changed();
            }
            Level level = switch (notice.reason()) {
                case LEASE_DOUBTED, ROUND_ABANDONED, ROUND_REFUSED -> Level.DEBUG;
                // Only proposed: what becomes of them is told once it is decided.
                case GRANT_MADE, GRANT_OVER, SESSION_ADMITTED, SESSION_ENDED, VOTERS_CHANGED -> Level.DEBUG;
                case GROUP_BLOCKED,
                        GROUP_FAILED,
                        VOTE_NOT_COUNTED,
                        TIMING_DIFFERS,
                        RECOVERY_WAITS,
                        RECORD_FORCED,
                        RECORD_FULL,
                        MAJORITY_MISSING -> Level.WARN;
                default -> Level.INFO;
            };
            log.line(() -> LOG.atLevel(level).log("{}", notice));
            boolean isOurs = notice.subject().equals(config.node().value());
            if (notice.reason() == Reason.FORMING_WAITS || (notice.reason() == Reason.JOIN_WAITS && isOurs)) {
                stateReason = notice.detail();
                areServicesDirty = true;
                publish("node", new HaEvent.NodeChanged(state, stateReason));
            } else if (notice.reason() == Reason.VOTE_NOT_COUNTED
                    || notice.reason() == Reason.TIMING_DIFFERS
                    || notice.reason() == Reason.RECOVERY_WAITS
                    || notice.reason() == Reason.RECORD_FORCED
                    || notice.reason() == Reason.RECORD_FULL
                    || notice.reason() == Reason.MAJORITY_MISSING) {
                publish(notice.reason().name(), new HaEvent.Alarm(notice.subject(), notice.detail()));
            }
        }

        private void count(Notice notice) {
            switch (notice.reason()) {
                case GROUP_RUNNING -> tally.running(notice.subject());
                case GROUP_STOPPED -> tally.stopped(notice.subject());
                case GROUP_FAILED -> tally.failed(notice.subject());
                case GROUP_BLOCKED -> tally.blocked(notice.subject());
                default -> {}
            }
        }

        @Override
        public void stepped() {
            lanes.retireEnded(machine.groups().count(), machine.groups()::isThere, this::retired);
            if (areServicesDirty) {
                areServicesDirty = false;
                refreshServices();
            }
            statuses.stepped();
            stalls.stepped(machine.nextDeadlineNanos());
        }

        private void retired(String part) {
            statuses.forget(part);
            mismatches.forget(Part.groupOf(part));
            softStates.forget(part);
            tally.forget(part);
        }

        @Override
        public void failed(Throwable cause) {
            leases.publish(new Effect.PublishLease(Optional.empty(), false, 0));
            lanes.stopAnything("this node steps aside");
            log.line(() -> LOG.error(
                    "node {} steps aside: it stops what it owns and votes no more; restart it when the cause is mended",
                    config.node(),
                    cause));
            stalls.stepped(Long.MAX_VALUE);
            changeState(NodeState.STEPPED_ASIDE, String.valueOf(cause.getMessage()));
            moves.end("this node stepped aside");
            operator.end("this node stepped aside");
            endServices("this node stepped aside");
            farewell.said();
        }
    }

    private void changeState(NodeState next, String why) {
        state = next;
        stateReason = why;
        publish("node", new HaEvent.NodeChanged(next, why));
        publish("quorum", new HaEvent.QuorumChanged(next == NodeState.ACTIVE));
        elections.refresh();
        refreshServices();
    }

    private void refreshServices() {
        names.refresh();
        barriers.refresh();
        recovery.refresh();
    }

    private void endServices(String why) {
        names.end(why);
        barriers.end(why);
        recovery.end();
    }

    private void onLoopLater(long nanos, Runnable action) {
        try {
            timers.schedule(() -> loop.execute(action), nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("node {} is closed", config.node());
        }
    }

    private Paced paced(long apartNanos, Runnable action) {
        return new Paced(apartNanos, System::nanoTime, task -> loop.execute(task), this::onLoopLater, action);
    }

    private void sendSoftStates() {
        softStates.takeUnsent().forEach(outgoing::sendToOthers);
    }

    private boolean isQuorate() {
        return leases.isValid();
    }

    // ---- what its parts need of this node --------------------------------------------------------------------------

    private final class StatusHost implements GroupStatuses.Host {

        @Override
        public Optional<ClusterRecord> record() {
            return record;
        }

        @Override
        public NodeState state() {
            return state;
        }

        @Override
        public boolean isBusy() {
            return loop.isBusy();
        }

        @Override
        public void publish(String subject, HaEvent event) {
            UnderstudyNode.this.publish(subject, event);
        }

        @Override
        public void refreshed() {
            elections.refresh();
        }
    }

    private final class ResourcesHost implements NodeResources.Host {

        @Override
        public void checkOpen() {
            UnderstudyNode.this.checkOpen();
        }

        @Override
        public void addLanes(Group group, List<Part> parts) {
            UnderstudyNode.this.addLanes(group, parts, false);
        }
    }

    /** What names, barriers and the ladder need of this node. */
    private final class CoreServicesHost implements ServiceHost {

        @Override
        public void checkOpen() {
            UnderstudyNode.this.checkOpen();
            if (state == NodeState.STEPPED_ASIDE) {
                throw new LifecycleException(
                        "node " + config.node() + " has stepped aside (" + stateReason + "); restart it");
            }
        }

        @Override
        public Optional<ClusterRecord> record() {
            return record;
        }

        @Override
        public Optional<Incarnation> self() {
            return state == NodeState.CLOSED ? Optional.empty() : leases.incarnation();
        }

        @Override
        public boolean isValid(Incarnation session) {
            return leases.isValid(session);
        }

        @Override
        public boolean hearsMajority() {
            return state == NodeState.ACTIVE;
        }

        @Override
        public NamedThreads threads() {
            return threads;
        }

        @Override
        public Executor callbacks() {
            return callbacks;
        }

        @Override
        public long nextRequest() {
            return requests.incrementAndGet();
        }

        @Override
        public void ask(Ask ask) {
            loop.submit(new Input.Asked(ask));
        }

        @Override
        public Executor actions() {
            return lanePool;
        }

        @Override
        public Future<?> later(Duration delay, Runnable task) {
            try {
                return timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                return CompletableFuture.completedFuture(null);
            }
        }
    }

    /** What elections need of this node. */
    private final class ElectionHost implements NodeElections.Host {

        @Override
        public void checkOpen() {
            UnderstudyNode.this.checkOpen();
        }

        @Override
        public boolean isClosed() {
            return isClosed.get();
        }

        @Override
        public boolean isValid() {
            return leases.isValid();
        }

        @Override
        public NodeId id() {
            return config.node();
        }

        @Override
        public boolean isGone() {
            return state == NodeState.CLOSED;
        }

        @Override
        public boolean hearsMajority() {
            return state == NodeState.ACTIVE;
        }

        @Override
        public NamedThreads threads() {
            return threads;
        }

        @Override
        public Optional<GroupStatus> status(String group) {
            return statuses.find(group);
        }

        @Override
        public Optional<Grant> grant(String group) {
            return record.flatMap(r -> r.grant(group));
        }

        @Override
        public Lane addLane(Group group) {
            return UnderstudyNode.this
                    .addLanes(group, Part.of(group, List.of(), config.node()), true)
                    .get(0);
        }

        @Override
        public boolean isCurrent(String group, Lane lane) {
            return lanes.find(group).filter(lane::equals).isPresent();
        }

        @Override
        public void submit(Input input) {
            loop.submit(input);
        }

        @Override
        public void afterwards(Runnable action) {
            loop.execute(action);
        }
    }

    /** For logs. */
    @Override
    public String toString() {
        return "node " + config.node() + " of cluster " + config.cluster();
    }
}
