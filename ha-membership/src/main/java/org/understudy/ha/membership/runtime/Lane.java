package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.enforcement.core.Subject;
import org.understudy.ha.membership.runtime.Instance.Failure;
import org.understudy.ha.membership.runtime.LeaseBoard.GrantLease;

/**
 * Where the code of one part of a group runs, of the whole of it for most: one call at a time, each with a budget, with the class loader of
 * whoever registered the group, on a thread that is the group's only while a call is under way. Reports to the loop; decides nothing about
 * ownership.
 *
 * <p><b>Parts.</b> The copies of a group and its promoted role are lanes that share one {@link Instance}: its queue, and so one call at a time.
 * A copy that is granted here while another is here is given back. A copy that stops has its promoted role given up, and demotes before
 * anything of it stops. A promoted role starts only where a copy runs.
 *
 * <p><b>Concurrency.</b> {@link #start}, {@link #stop} and {@link #shutdown} are called by the loop and never block. A stop
 * interrupts a start that is under way and queues behind it. A call that overruns its budget is interrupted; a stop that has
 * not returned then is reported as unknown at once and certain later, if it does return.
 */
public final class Lane {

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final long STOP_AGAIN_MILLIS = 2000;
    private static final long LEASE_LOOK_NANOS = 1_000_000L;
    /** Before the end of a lease nothing is done in order any more; a step-down begins a quarter before it at most. */
    private static final int QUIESCE_PARTS = 3;
    /** What has been bad is well again if no look was bad for so long; and no more often is another resource said to be bad. */
    private static final long MENDED_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Surroundings shared by all lanes of a node. */
    public record Surroundings(
            LeaseBoard leases,
            Executor pool,
            Rounds rounds,
            CallWatch watch,
            ThreadLedger ledger,
            NodeId self,
            NamedThreads threads,
            ScheduledExecutorService timers,
            Consumer<Input> report,
            Consumer<String> claim,
            ToIntFunction<Incarnation> tag,
            Function<String, Optional<byte[]>> clusterKey,
            SoftStates softStates,
            Consumer<HaEvent> tell,
            Cover cover,
            Consumer<String> stopFailed,
            InCommon inCommon) {}

    /** What ends the group without us. Any thread; returns at once. */
    public interface Cover {
        Coverage coverage(String group, List<Subject> subjects);

        /** Before the first resource starts: arms what the group relies on. */
        void enter(String group, Incarnation holder, List<Subject> subjects);

        /** Whether the grant may be acted on: what it relies on is armed, or it was made without relying on anything. */
        Standing standing(String group, long token);

        /** Everything of the group is certainly stopped. */
        void leave(String group);
    }

    /** See {@link Cover#standing}. */
    public enum Standing {
        MAY_ACT,
        WAIT,
        /** What the grant relies on is gone: it must not be acted on. */
        LOST
    }

    private final Part part;
    private final Group group;
    private final Instance instance;
    private final boolean isElection;
    private final Surroundings around;
    private final LaneContexts contexts;
    private final PartCandidacy candidacy;
    private final LaneBudgets budgets;
    private final CertainStop certainStop;
    private final MakingReady makingReady;
    private final LaneOffers offers;
    private final Object turn = new Object();
    private final RenewedLook monitoring;
    /** Guarded by {@link #turn}. */
    private @Nullable GrantLease lease;

    private final CountDownLatch retired = new CountDownLatch(1);
    private volatile boolean isOffered;
    private volatile long startRequested;
    private volatile long stopRequested;
    /** The token of a promotion that the copy under it takes with it. */
    private volatile long givenUp;

    private volatile long active;
    private volatile boolean isMonitored;
    /** What was told last of a look that was bad; null if nothing was since it was told that nothing is wrong any more. */
    private volatile @Nullable Bad bad;

    private volatile Optional<Incarnation> holder = Optional.empty();

    private Lane(Part part, Instance instance, boolean isElection, Surroundings around) {
        this.part = part;
        this.instance = instance;
        this.group = instance.group();
        this.isElection = isElection;
        this.around = around;
        this.contexts = new LaneContexts(group.name(), part.name(), around, this::isOver, token -> active == token);
        this.candidacy = new PartCandidacy(part, group, isElection, around);
        this.budgets = new LaneBudgets(part, instance);
        this.certainStop = new CertainStop(this, instance, budgets, contexts, around, isElection);
        this.makingReady = new MakingReady(
                this, new ForMakingReady(), part, isElection, instance, budgets, contexts, around.report());
        instance.add(this);
        this.monitoring = new RenewedLook(this::monitorRounds);
        this.offers = new LaneOffers(
                this, part, isElection, instance, candidacy, around.rounds(), around.report(), this::submit);
    }

    /**
     * The lanes of a group, one for each part.
     *
     * @throws ConfigurationException if the group has the name of an election and is none, or a resource names a budget that cannot be
     */
    public static List<Lane> of(
            Group group, List<Part> parts, boolean isElection, ClassLoader loader, Surroundings around) {
        if (group.name().startsWith(Planner.ELECTION_PREFIX) != isElection) {
            throw new ConfigurationException(
                    "group", group.name(), "is a name for elections; join the election, or name the group otherwise");
        }
        Instance instance = new Instance(group, loader, around);
        return parts.stream()
                .map(part -> new Lane(part, instance, isElection, around))
                .toList();
    }

    /** What the part is called in the record. */
    public String name() {
        return part.name();
    }

    int copy() {
        return part.copy();
    }

    Role role() {
        return part.role();
    }

    /** After which others it starts, as its rules call them. */
    public SortedSet<String> after() {
        return part.placement().after();
    }

    /**
     * Looks whether the group is active already and whether it could run here, then offers it.
     *
     * @param offered told once the offer is queued
     */
    public void offer(Runnable offered) {
        offers.offer(offered);
    }

    /** Runs something after the loop was handed the first offer: at once if it was. Any thread; never blocks. */
    public void afterOffer(Runnable action) {
        if (isOffered) {
            action.run();
        } else {
            submit(action);
        }
    }

    /** An enforcer came or went: says anew what ends the group. Any thread; never blocks. */
    public void coverageChanged() {
        offers.coverageChanged();
    }

    /** Asks the loop to stop and give back the group, before an enforcer ends more than it. Any thread; never blocks. */
    public void endNow(String why) {
        long token = active;
        if (token != 0) {
            around.report().accept(new Input.GroupEnding(part.name(), token, cut(why)));
        }
    }

    /** Monitors anew what runs under this token, after a failure that nothing was done about. Any thread; never blocks. */
    public void watchAgain(long token) {
        submit(() -> {
            if (active == token && stopRequested < token) {
                bad = null;
                isMonitored = true;
            }
        });
    }

    /** What ends this group here, resource by resource. */
    public Coverage coverage() {
        return candidacy.coverage();
    }

    /** Whether the group goes on where no majority answers: then nothing may be armed that ends it with the lease. */
    public boolean keepsRunning() {
        return candidacy.keepsRunning();
    }

    /** What went wrong here, with what the loop counted. */
    public Troubles troubles(Troubles counted) {
        int hanging = instance.hanging();
        int late = instance.lateReturns();
        int contradictions = instance.contradictions();
        List<String> threads = instance.leakedThreads();
        return hanging == 0 && late == 0 && contradictions == 0 && threads.isEmpty()
                ? counted
                : new Troubles(
                        counted.failures(),
                        counted.hold(),
                        counted.holdReason(),
                        hanging,
                        late,
                        contradictions,
                        threads);
    }

    /**
     * Resources whose stops are believed here: asked while they did not run, their monitor did not say so, and has no say in it. Of a group in
     * several parts the first one tells.
     */
    public List<String> unheardMonitors() {
        return instance.isFirst(this) ? instance.unheardMonitors() : List.of();
    }

    /**
     * What a start or a stop waits for now, one sentence without a beginning.
     *
     * @param since it was ordered
     */
    public String progress(Duration since) {
        return "for " + Sentence.of(since)
                + instance.waitsFor().map(call -> "; " + call).orElse("");
    }

    /** Whether it is made ready here, or is ready, while another node runs it. */
    public boolean isMadeReady() {
        return makingReady.isWanted();
    }

    /**
     * What making it ready here waits for now, one sentence without a beginning; empty if nobody asked for that.
     *
     * @param from where it runs until then
     */
    public Optional<String> preparing(NodeId from) {
        return makingReady.progress(from);
    }

    /** The offer has reached the loop. */
    public void markOffered() {
        isOffered = true;
    }

    public boolean isOffered() {
        return isOffered;
    }

    /** The lane was never offered: ends it. What it would have run may be in another one. Never blocks. */
    public void discard() {
        cancelLooks();
        instance.queue().close();
        retired.countDown();
    }

    /** Nothing of the group is active here and nothing will be: ends the lane, and gives back what was kept ready. Never blocks. */
    public void retire() {
        cancelLooks();
        submit(() -> instance.retireAll(this));
        instance.queue().close();
        retired.countDown();
    }

    /** Waits until {@link #retire()} was called. */
    public boolean awaitRetired(long millis) throws InterruptedException {
        return retired.await(millis, TimeUnit.MILLISECONDS);
    }

    /** The cluster has granted this group to somebody at some time: probing is over. */
    public void granted() {
        offers.granted();
    }

    /**
     * The record knew of a grant and does not know of any now: what was found before the first start says nothing about the next first start,
     * so this node looks anew. Never blocks.
     */
    public void forgotten() {
        offers.forgotten();
    }

    /** Makes ready what another node holds under this token and is about to give to this one. Never blocks. */
    public void prepare(long token, Incarnation successor) {
        makingReady.begin(token, successor);
    }

    /** It does not come here: gives back what was made ready. Never blocks. */
    public void unprepare() {
        makingReady.giveBack();
    }

    /** Starts all resources in order. */
    public void start(Incarnation newHolder, long token, ProofKind proof) {
        startRequested = token;
        makingReady.over();
        submit(() -> startAll(newHolder, token, proof));
        if (instance.isAtReadiness()) {
            // Its turn may never come; if the call is found to hang only after this, that says so too.
            instance.stuck().ifPresent(hung -> startFailed(token, hung));
        }
    }

    /** Stops whatever was started last, for a node that steps aside. */
    public void stopAnything(String why) {
        if (isActive()) {
            stop(startRequested, why);
        }
    }

    /** Stops all resources in reverse. */
    public void stop(long token, String why) {
        boolean isOrderly = isUp();
        stopRequested = token;
        isMonitored = false;
        endLease();
        instance.cancelStart(this);
        if (part.role() == Role.COPY && instance.copy().filter(this::equals).isPresent()) {
            instance.promoted().ifPresent(Lane::giveUp);
        }
        AtomicBoolean isReported = new AtomicBoolean();
        if (hasNeverBegun()) {
            stopped(token, isReported);
            submit(() -> instance.giveBack(this));
            return;
        }
        AtomicBoolean isAnswered = new AtomicBoolean();
        Duration budget = stopBudget();
        Future<?> end = later(
                () -> {
                    if (hasNeverBegun() && isAnswered.compareAndSet(false, true)) {
                        stopped(token, isReported);
                    } else if (isReported.compareAndSet(false, true)) {
                        String late = instance.underWay() + " keeps it from stopping for " + Sentence.of(budget);
                        around.report().accept(new Input.StopEnded(part.name(), token, false, late));
                        around.stopFailed().accept(late);
                    }
                },
                budget.toMillis());
        submit(() -> {
            if (isAnswered.compareAndSet(false, true)) {
                stopAll(token, why, isReported, isOrderly);
                end.cancel(false);
            } else {
                instance.giveBack(this);
            }
        });
    }

    /**
     * Once its stop was asked for: whether what has the lane is no start and nothing of it is active. Then its start is behind that call and will
     * find that it is over: there was never anything to stop. A stop that came behind that call could meet the next start, so none does.
     */
    private boolean hasNeverBegun() {
        return active == 0 && instance.isAtReadiness();
    }

    /**
     * The copy under a promoted role stops: the role is given back. It ends with the copy, whenever the loop hears of it. Called by the loop
     * and in the lane; the loop may hear of it twice.
     */
    private void giveUp() {
        long token = startRequested;
        if (isActive() && givenUp < token) {
            givenUp = token;
            isMonitored = false;
            endLease();
            instance.cancelStart(this);
            around.report().accept(new Input.GroupResigned(part.name(), token, 0));
        }
    }

    private void endLease() {
        synchronized (turn) {
            if (lease != null) {
                lease.end();
            }
        }
    }

    /** Whether any resource may be active, or is about to be. */
    public boolean isActive() {
        return active != 0 || startRequested > stopRequested;
    }

    /** Whether a start of it has begun, and it has not certainly stopped since. */
    boolean isBegun() {
        return active != 0;
    }

    /** Whether it has started completely, and nothing has ended it since. A stop may come while that is being noted. */
    boolean isUp() {
        return isWatched() && !isBad(active);
    }

    private boolean isWatched() {
        long token = active;
        return isMonitored && token != 0 && !isOver(token);
    }

    /**
     * How long stopping may take before its outcome counts as unknown: what it may have to wait for, a look or what the promoted role and its
     * copy have to do for one another, is in it.
     */
    public Duration stopBudget() {
        Optional<Lane> other = switch (part.role()) {
            case WHOLE -> Optional.empty();
            case COPY -> instance.promoted();
            case PROMOTED -> instance.anyCopy();
        };
        return budgets.stopping(other.map(lane -> lane.budgets));
    }

    /** Ends the lane as soon as it can be; whatever still runs is interrupted. Never blocks. */
    public void shutdown() {
        cancelLooks();
        instance.shutdown(this);
    }

    /** Looks no more, and says nothing more of what it offers. Never blocks. */
    void cancelLooks() {
        monitoring.end();
        offers.cancel();
    }

    /** Waits for the end of the last call after {@link #shutdown()}. */
    public void awaitEnd(long millis) {
        try {
            if (!instance.queue().awaitIdle(millis)) {
                LOG.warn("group {}: a resource does not return although it was interrupted", group.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- before a start --------------------------------------------------------------------------------------------

    private final class ForMakingReady implements MakingReady.Host {

        @Override
        public void submit(Runnable task) {
            Lane.this.submit(task);
        }

        @Override
        public Future<?> later(Runnable task, long millis) {
            return Lane.this.later(task, millis);
        }

        @Override
        public boolean isActive() {
            return Lane.this.isActive();
        }
    }

    /** A call hangs that is no start, and nobody else has a turn: it is not to come here meanwhile, and what waits does not start. Any thread. */
    void keepAway(Failure hung) {
        offers.keepAway();
        long waits = startRequested;
        if (active == 0 && waits > stopRequested) {
            startFailed(waits, hung);
        }
    }

    // ---- start, in the lane --------------------------------------------------------------------------------------

    /** Ends in an answer, whatever happens. */
    private void startAll(Incarnation newHolder, long token, ProofKind proof) {
        try {
            startInOrder(newHolder, token, proof);
        } catch (Throwable e) {
            LOG.error("group {}: its start failed", part.title(), e);
            around.report()
                    .accept(new Input.StartEnded(
                            part.name(), token, Optional.of(Severity.HARD), cut("its start failed: " + e)));
        }
    }

    private void startInOrder(Incarnation newHolder, long token, ProofKind proof) {
        if (isOver(token)) {
            return;
        }
        Optional<Failure> stuck = instance.stuck();
        if (stuck.isPresent()) {
            startFailed(token, stuck.get());
            return;
        }
        boolean isPossible = switch (part.role()) {
            case WHOLE -> true;
            case COPY -> instance.take(this);
            case PROMOTED -> instance.copy().filter(Lane::isUp).isPresent();
        };
        if (!isPossible) {
            // Not a failure: what was granted has been overtaken by what has happened here since the offer.
            around.report().accept(new Input.GroupResigned(part.name(), token, 0));
            return;
        }
        GrantLease fresh = around.leases().lease(newHolder, new FencingToken(token));
        synchronized (turn) {
            lease = fresh;
        }
        holder = Optional.of(newHolder);
        active = token;
        if (!keepsRunning()) {
            around.cover().enter(part.name(), newHolder, candidacy.subjects());
        }
        if (!endsWithItsThreads()) {
            around.claim().accept(HostClaims.WHOLE_PROCESS);
        }
        for (Group.Entry entry : part.entries()) {
            Optional<Failure> failure = startOne(entry, newHolder, fresh, proof, token);
            if (failure.isPresent()) {
                startFailed(token, failure.get());
                return;
            }
        }
        isMonitored = !isOver(token);
        around.report().accept(new Input.StartEnded(part.name(), token, Optional.empty(), ""));
        instance.poke();
    }

    private Optional<Failure> startOne(
            Group.Entry entry, Incarnation newHolder, GrantLease fresh, ProofKind proof, long token) {
        boolean isPromotion = PartRoles.isPromoted(part, entry);
        Call what = isPromotion ? Call.PROMOTE : Call.START;
        String overdue = what.name().toLowerCase(java.util.Locale.ROOT) + " has not returned after "
                + Sentence.of(instance.budget(entry, what)) + " although it was interrupted";
        Runnable hangs = () -> startFailed(token, new Failure(Severity.SOFT, entry.name(), overdue));
        return instance.call(this, entry, what, hangs, call -> {
            awaitValid(fresh, token);
            instance.usesReadiness(entry);
            StartContext context = contexts.starting(newHolder, fresh, proof, call);
            if (isPromotion) {
                ((PromotableResource) entry.resource()).promote(context);
            } else {
                entry.resource().start(context);
            }
        });
    }

    private void startFailed(long token, Failure failure) {
        around.report()
                .accept(new Input.StartEnded(
                        part.name(), token, Optional.of(failure.severity()), failure.resource(), failure.why()));
    }

    /** Whether this start is to end. */
    private boolean isOver(long token) {
        return stopRequested >= token || givenUp >= token;
    }

    private boolean endsWithItsThreads() {
        try {
            return part.entries().stream().allMatch(entry -> entry.resource().endsWithItsThreads());
        } catch (RuntimeException | Error e) {
            LOG.warn(
                    "group {}: a resource does not say whether it ends with its threads: {}",
                    part.title(),
                    e.toString());
            return false;
        }
    }

    /**
     * A process that was paused between the decision and this start must not begin under a lease that is over: it waits until the
     * lease holds again, or until it is told to stop.
     */
    private void awaitValid(GrantLease fresh, long token) throws InterruptedException, ResourceException {
        while (!fresh.isValid() || isToWaitForCover(token)) {
            if (isOver(token) || Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(LEASE_LOOK_NANOS);
        }
        if (isOver(token)) {
            throw new InterruptedException();
        }
    }

    private boolean isToWaitForCover(long token) throws ResourceException {
        if (!candidacy.wasOfferedAsCovered()) {
            return false;
        }
        Standing standing = around.cover().standing(part.name(), token);
        if (standing == Standing.LOST) {
            offers.offerCoverage();
            throw new ResourceException(
                    Severity.SOFT,
                    "what ends this group without us is not there: "
                            + coverage().gaps().orElse("it does not answer"));
        }
        return standing == Standing.WAIT;
    }

    // ---- stop, in the lane ---------------------------------------------------------------------------------------

    private void stopAll(long token, String why, AtomicBoolean isReported, boolean isOrderly) {
        if (part.role() != Role.WHOLE && active == 0) {
            // Never begun: what is here belongs to another copy, or nothing was promoted.
            stopped(token, isReported);
            instance.giveBack(this);
            return;
        }
        LOG.debug("group {}: stopping, {}", part.title(), why);
        String failures;
        try {
            failures = stopInReverse(() -> submit(() -> stopAll(token, why, isReported, false)), token, isOrderly);
        } catch (CancellationException e) {
            // Somebody else has the lane, and has begun it anew.
            throw e;
        } catch (Throwable e) {
            LOG.error("group {}: its stop failed", part.title(), e);
            failures = cut("its stop failed: " + e);
        }
        if (failures.isEmpty()) {
            stopped(token, isReported);
            instance.giveBack(this);
            return;
        }
        LOG.error("group {} could not be stopped and is blocked, it will be tried again: {}", part.title(), failures);
        if (isReported.compareAndSet(false, true)) {
            around.report().accept(new Input.StopEnded(part.name(), token, false, failures));
            around.stopFailed().accept(failures);
        }
        later(() -> submit(() -> stopAll(token, why, new AtomicBoolean(true), false)), STOP_AGAIN_MILLIS);
    }

    /**
     * Returns why something of it may still be active; empty if everything has certainly stopped.
     *
     * @param again begins the stop anew
     */
    private String stopInReverse(Runnable again, long token, boolean isOrderly) {
        Optional<Lane> promoted =
                part.role() == Role.COPY ? instance.promoted().filter(lane -> lane.active != 0) : Optional.empty();
        // Whoever was promoted meanwhile is told as well.
        promoted.ifPresent(Lane::giveUp);
        if (isOrderly && isLeaseLong()) {
            promoted.ifPresent(lane -> lane.quiesceAll(lane.active, true));
            quiesceAll(token, false);
        }
        promoted.ifPresent(lane -> lane.demoteFirst(again));
        StringBuilder failures = new StringBuilder();
        for (Group.Entry entry : reversed()) {
            Optional<String> failure = PartRoles.isPromoted(part, entry)
                    ? certainStop.demoted(entry, token, again)
                    : certainStop.stopped(entry, token, again);
            failure.ifPresent(
                    f -> failures.append(failures.length() == 0 ? "" : "; ").append(f));
        }
        if (failures.length() == 0) {
            promoted.ifPresent(lane -> lane.copyHasStopped(again));
            over();
        }
        return failures.toString();
    }

    private List<Group.Entry> reversed() {
        List<Group.Entry> reverse = new ArrayList<>(part.entries());
        Collections.reverse(reverse);
        return reverse;
    }

    /** Everything of it is certainly over. */
    private void over() {
        around.cover().leave(part.name());
        instance.leave(this);
        active = 0;
        instance.hasStopped();
    }

    private void stopped(long token, AtomicBoolean isReported) {
        isReported.set(true);
        around.report().accept(new Input.StopEnded(part.name(), token, true, ""));
        instance.poke();
    }

    /** Whether there is time to do things in order. */
    private boolean isLeaseLong() {
        return holder.filter(who -> {
                    GrantLease now = around.leases().lease(who, new FencingToken(Math.max(1, active)));
                    return now.isValid() && now.remaining().toNanos() * QUIESCE_PARTS > now.lengthNanos();
                })
                .isPresent();
    }

    /** @param isWithPromotedOnly whether only of what is not quiesced with the copy */
    private void quiesceAll(long token, boolean isWithPromotedOnly) {
        for (Group.Entry entry : reversed()) {
            if (!isWithPromotedOnly || !PartRoles.hasRole(entry)) {
                certainStop.quiesce(entry, token);
            }
        }
    }

    /** The copy stops: as far as it can be, nothing is promoted when it does. What cannot be demoted is stopped with it. */
    private void demoteFirst(Runnable again) {
        long token = active;
        boolean isOver = true;
        for (Group.Entry entry : reversed()) {
            Optional<String> failure;
            if (PartRoles.hasRole(entry)) {
                failure = certainStop.demote(entry, token).map(Failure::why);
            } else {
                failure = certainStop.stopped(entry, token, again);
            }
            isOver &= failure.isEmpty();
        }
        if (isOver) {
            over();
        }
    }

    /** In the lane of a promoted role: what could not be demoted has stopped. What is with it must have, too. */
    private void copyHasStopped(Runnable again) {
        long token = active;
        boolean isOver = token == 0
                || reversed().stream()
                        .filter(entry -> !PartRoles.hasRole(entry))
                        .allMatch(entry ->
                                certainStop.stopped(entry, token, again).isEmpty());
        if (isOver) {
            over();
        }
    }

    /** Something of this copy was stopped under it. In the lane. */
    void broken(Group.Entry entry, String why) {
        isMonitored = false;
        around.report()
                .accept(new Input.GroupEnded(part.name(), active, Optional.of(Severity.SOFT), entry.name(), cut(why)));
    }

    // ---- monitoring, in the lane ---------------------------------------------------------------------------------

    private void monitor() {
        long token = active;
        if (isBad(token) && instance.stuck().isPresent()) {
            // One more look that hangs would tell no more.
            return;
        }
        for (Group.Entry entry : part.entries()) {
            if (!isWatched()) {
                return;
            }
            if (!isMonitoredHere(entry)) {
                continue;
            }
            Runnable hangs = () -> {
                monitoring.renew();
                ended(
                        token,
                        entry,
                        Health.failed(
                                Severity.SOFT,
                                "monitor has not returned after " + Sentence.of(instance.budget(entry, Call.MONITOR))
                                        + " although it was interrupted"));
            };
            Health health = instance.monitor(this, entry, hangs);
            if (health.isBad() && isWatched()) {
                ended(token, entry, health);
                return;
            }
        }
        Bad last = bad;
        if (last != null && last.token == token && System.nanoTime() - last.at >= MENDED_NANOS) {
            bad = null;
            around.report().accept(new Input.GroupMended(part.name(), token));
        }
    }

    /**
     * A look that was bad. Times are by {@link System#nanoTime}.
     *
     * @param resource that was told
     * @param told when that was
     * @param at when any was bad last
     */
    private record Bad(long token, String resource, long told, long at) {}

    private boolean isBad(long token) {
        Bad last = bad;
        return last != null && last.token == token;
    }

    /** Said once of a resource. It is looked at until it is stopped: where nothing is done about it, it may be mended. */
    private void ended(long token, Group.Entry entry, Health health) {
        Bad last = bad;
        long now = System.nanoTime();
        if (last != null
                && last.token == token
                && (last.resource.equals(entry.name()) || now - last.told < MENDED_NANOS)) {
            bad = new Bad(token, last.resource, last.told, now);
            return;
        }
        bad = new Bad(token, entry.name(), now, now);
        around.report()
                .accept(new Input.GroupEnded(
                        part.name(),
                        token,
                        Optional.of(health.severity()),
                        entry.name(),
                        cut(entry.name() + ": " + health.reason())));
    }

    private Rounds.Entry monitorRounds() {
        int resources =
                (int) part.entries().stream().filter(this::isMonitoredHere).count();
        return around.rounds().every(group.monitorEvery(), resources, this::monitorSoon);
    }

    /** What can be promoted is looked at as a copy. */
    private boolean isMonitoredHere(Group.Entry entry) {
        return part.role() != Role.PROMOTED || !PartRoles.hasRole(entry);
    }

    /** What this part may do here may have changed with another part. Any thread. */
    void lookAgain() {
        if (active == 0 && part.role() != Role.WHOLE) {
            submit(offers::look);
        }
    }

    private static String cut(String sentence) {
        return Instance.cut(sentence);
    }

    // ---- timers --------------------------------------------------------------------------------------------------

    /** Skipped, not queued, while the lane is busy. */
    private void monitorSoon() {
        if (isWatched()) {
            instance.queue().tryRun(quietly(this::monitor));
        }
    }

    private void submit(Runnable task) {
        if (!instance.queue().execute(quietly(task))) {
            LOG.trace("group {}: lane is closed", group.name());
        }
    }

    /** Whoever was left behind in a look says no more. */
    static Runnable quietly(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (CancellationException e) {
                LOG.debug("{}", e.getMessage());
            }
        };
    }

    /** Returns what to cancel it with. */
    private Future<?> later(Runnable task, long millis) {
        try {
            return around.timers().schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("group {}: node is closed", group.name());
            return CompletableFuture.completedFuture(null);
        }
    }
}
