package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.api.spi.SoftState;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.enforcement.core.Subject;
import org.understudy.ha.membership.runtime.LeaseBoard.GrantLease;

/**
 * Where the code of one group's resources runs: one call at a time, each with a budget, with the class loader of whoever
 * registered the group, on a thread that is the group's only while a call is under way. Reports to the loop; decides nothing about
 * ownership.
 *
 * <p><b>Concurrency.</b> {@link #start}, {@link #stop} and {@link #shutdown} are called by the loop and never block. A stop
 * interrupts a start that is under way and queues behind it. A call that overruns its budget is interrupted; a stop that has
 * not returned then is reported as unknown at once and certain later, if it does return.
 */
public final class Lane {

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final String KEPT = "it goes on without a majority: withoutQuorum(KEEP_RUNNING)";
    private static final int STOP_ATTEMPTS = 2;
    private static final int SENTENCE_MAX = 300;
    private static final long STOP_AGAIN_MILLIS = 2000;
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);
    private static final long LEASE_LOOK_NANOS = 1_000_000L;
    private static final Duration LOOK_BUDGET = Duration.ofSeconds(2);
    private static final Duration RETIRE_BUDGET = Duration.ofSeconds(2);

    /** Surroundings shared by all lanes of a node. */
    public record Surroundings(
            LeaseBoard leases,
            Executor pool,
            Rounds rounds,
            NamedThreads threads,
            ScheduledExecutorService timers,
            Consumer<Input> report,
            Consumer<String> claim,
            java.util.function.ToIntFunction<Incarnation> tag,
            Function<String, Optional<byte[]>> clusterKey,
            SoftStates softStates,
            Consumer<HaEvent> tell,
            Cover cover,
            Runnable stopFailed) {}

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

    private final Group group;
    private final boolean isElection;
    /** Whether the end of the lease alone lets others take over: a leader's task of which a late moment does no harm. */
    private final boolean isLeaseEnough;

    private final int priority;
    private final Surroundings around;
    private final ClassLoader loader;
    private final LaneQueue queue;
    private final Object turn = new Object();
    private final Rounds.Entry monitoring;
    private final Rounds.Entry looking;
    /** Guarded by {@link #turn}. */
    private @Nullable CallGuard current;

    private @Nullable GrantLease lease;
    private final CountDownLatch retired = new CountDownLatch(1);
    private volatile boolean isOffered;
    private volatile long startRequested;
    private volatile long stopRequested;
    private volatile long active;
    private volatile boolean isMonitored;
    private volatile boolean wasEverGranted;
    private volatile Presence presence = Presence.ABSENT;
    private volatile Eligibility eligibility = Eligibility.eligible();
    private volatile List<Subject> subjects = List.of();
    private volatile boolean isCoverageNews;
    /** While no offer said so, no grant of this node relies on an enforcer. */
    private volatile boolean wasOfferedAsCovered;

    /**
     * @throws ConfigurationException if the group has the name of an election and is none
     */
    public Lane(Group group, boolean isElection, ClassLoader loader, Surroundings around) {
        if (group.name().startsWith(Planner.ELECTION_PREFIX) != isElection) {
            throw new ConfigurationException(
                    "group", group.name(), "is a name for elections; join the election, or name the group otherwise");
        }
        this.group = group;
        this.isElection = isElection;
        List<LeaderResource> leaders = group.resources().stream()
                .map(Group.Entry::resource)
                .filter(LeaderResource.class::isInstance)
                .map(LeaderResource.class::cast)
                .toList();
        this.isLeaseEnough = !leaders.isEmpty() && leaders.stream().allMatch(LeaderResource::isLeaseEnough);
        this.priority =
                leaders.stream().mapToInt(LeaderResource::priority).max().orElse(0);
        this.loader = loader;
        this.around = around;
        this.queue = new LaneQueue(around.pool(), around.threads().name("group-" + group.name()));
        this.monitoring = around.rounds().every(group.monitorEvery(), this::monitorSoon);
        this.looking = around.rounds().every(LOOK_EVERY, this::lookSoon);
    }

    /**
     * Looks whether the group is active already and whether it could run here, then offers it.
     *
     * @param offered told once the offer is queued
     */
    public void offer(Runnable offered) {
        submit(() -> {
            presence = isElection ? Presence.ABSENT : probe();
            eligibility = eligible();
            around.report().accept(new Input.GroupOffered(group.name(), candidacyOrVeto(), group.placement()));
            offered.run();
        });
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
        isCoverageNews = true;
        submit(this::offerAgain);
    }

    /** Asks the loop to stop and give back the group, before an enforcer ends more than it. Any thread; never blocks. */
    public void endNow(String why) {
        long token = active;
        if (token != 0) {
            around.report().accept(new Input.GroupEnding(group.name(), token, cut(why)));
        }
    }

    /** Monitors anew what runs under this token, after a failure that nothing was done about. Any thread; never blocks. */
    public void watchAgain(long token) {
        submit(() -> isMonitored |= active == token && stopRequested < token);
    }

    /** In the lane. Where the lease is enough, what else ends the group changes nothing about its candidacy. */
    private void offerAgain() {
        if (isCoverageNews && isOffered && !isLeaseEnough) {
            isCoverageNews = false;
            around.report().accept(new Input.GroupOffered(group.name(), candidacyOrVeto(), group.placement()));
        }
    }

    /** What ends this group here, resource by resource. */
    public Coverage coverage() {
        List<Subject> known = subjects;
        Coverage coverage = around.cover().coverage(group.name(), known.isEmpty() ? subjects(group) : known);
        return keepsRunning()
                ? new Coverage(
                        group.name(),
                        coverage.resources().stream()
                                .map(item -> new Coverage.Item(item.resource(), false, Enforcement.COOPERATIVE, KEPT))
                                .toList())
                : coverage;
    }

    /** Whether the group goes on where no majority answers: then nothing may be armed that ends it with the lease. */
    public boolean keepsRunning() {
        return group.withoutQuorum() == WithoutQuorum.KEEP_RUNNING;
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
        monitoring.cancel();
        looking.cancel();
        queue.close();
        retired.countDown();
    }

    /** Nothing of the group is active here and nothing will be: ends the lane, and gives back what was kept ready. Never blocks. */
    public void retire() {
        monitoring.cancel();
        looking.cancel();
        submit(this::retireAll);
        queue.close();
        retired.countDown();
    }

    /** Waits until {@link #retire()} was called. */
    public boolean awaitRetired(long millis) throws InterruptedException {
        return retired.await(millis, TimeUnit.MILLISECONDS);
    }

    /** The cluster has granted this group to somebody at some time: probing is over. */
    public void granted() {
        wasEverGranted = true;
    }

    /** Starts all resources in order. */
    public void start(Incarnation holder, long token, ProofKind proof) {
        startRequested = token;
        submit(() -> startAll(holder, token, proof));
    }

    /** Stops whatever was started last, for a node that steps aside. */
    public void stopAnything(String why) {
        if (isActive()) {
            stop(startRequested, why);
        }
    }

    /** Stops all resources in reverse. */
    public void stop(long token, String why) {
        stopRequested = token;
        isMonitored = false;
        synchronized (turn) {
            if (lease != null) {
                lease.end();
            }
            if (current != null && current.isInterruptible) {
                // An interrupt closes the channel on which its target waits, and that may last: not on the loop.
                soon(current::cancel);
            }
        }
        AtomicBoolean isReported = new AtomicBoolean();
        Duration budget = stopBudget();
        later(
                () -> {
                    if (isReported.compareAndSet(false, true)) {
                        around.report()
                                .accept(new Input.StopEnded(
                                        group.name(), token, false, "a stop has not returned for " + budget));
                        around.stopFailed().run();
                    }
                },
                budget.toMillis());
        submit(() -> stopAll(token, why, isReported));
    }

    /** Whether any resource may be active, or is about to be. */
    public boolean isActive() {
        return active != 0 || startRequested > stopRequested;
    }

    /** How long stopping may take before its outcome counts as unknown. */
    public Duration stopBudget() {
        return group.stopBudget()
                .multipliedBy(group.resources().size() * (long) STOP_ATTEMPTS)
                .plusMillis(500);
    }

    /** Ends the lane as soon as it can be; whatever still runs is interrupted. Never blocks. */
    public void shutdown() {
        monitoring.cancel();
        looking.cancel();
        queue.closeNow(this::retireAll);
    }

    /** Waits for the end of the last call after {@link #shutdown()}. */
    public void awaitEnd(long millis) {
        try {
            if (!queue.awaitIdle(millis)) {
                LOG.warn("group {}: a resource does not return although it was interrupted", group.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Announces what the group would leave on the host, so that a last will can always speak of it; then the candidacy. */
    private Candidacy candidacyOrVeto() {
        try {
            Candidacy candidacy = candidacy();
            candidacy.remains().forEach(around.claim());
            Coverage coverage = coverage();
            if (coverage.isComplete()) {
                LOG.info("group {}: ended without us when its lease is over: {}", group.name(), coverage);
            } else if (isLeaseEnough) {
                LOG.debug("group {}: the task itself must heed its lease: {}", group.name(), coverage);
            } else {
                LOG.info(
                        "group {}: after a pause or a power cut of this host no other node takes it over until this process is"
                                + " proved gone: {}",
                        group.name(),
                        coverage);
            }
            return candidacy;
        } catch (RuntimeException | LinkageError e) {
            LOG.error("group {}: a resource does not say what it is; the group is not started here", group.name(), e);
            String why = "a resource does not say what it is: " + cut(e.toString());
            return new Candidacy(group.preferred(), isElection, false, why, Presence.UNKNOWN, false, List.of());
        }
    }

    /** What ends this group at the end of the lease, and what stays on the host: computed from its resources. */
    private Candidacy candidacy() {
        if (subjects.isEmpty()) {
            subjects = subjects(group);
        }
        Coverage coverage = coverage();
        boolean isExpirable = coverage.isComplete() || isLeaseEnough;
        boolean isRefused = group.isEnforcementRequired() && !coverage.isComplete();
        List<String> remains = new ArrayList<>();
        for (Group.Entry entry : group.resources()) {
            remains.addAll(entry.resource().remains());
            if (entry.resource().scope() == Scope.EXTERNAL) {
                // No last will can speak for what outlives the host.
                remains.add(Planner.EXTERNAL_PREFIX + group.name() + "/" + entry.name());
            }
        }
        wasOfferedAsCovered |= isExpirable && !isLeaseEnough;
        return new Candidacy(
                group.preferred(),
                isElection,
                eligibility.isEligible() && !isRefused,
                isRefused
                        ? cut("enforcement is required and not there: "
                                + coverage.gaps().orElse(""))
                        : eligibility.reason(),
                presence,
                isExpirable,
                remains,
                priority,
                keepsRunning());
    }

    /** Asks the resources of a group what ends them. */
    public static List<Subject> subjects(Group group) {
        List<Subject> subjects = new ArrayList<>();
        for (Group.Entry entry : group.resources()) {
            subjects.add(new Subject(
                    entry.name(),
                    entry.resource().scope(),
                    List.copyOf(entry.resource().enforcements()),
                    entry.mayOverlap()));
        }
        return List.copyOf(subjects);
    }

    // ---- one at a time, in the lane
    // ------------------------------------------------------------------------------------

    private void startAll(Incarnation holder, long token, ProofKind proof) {
        if (stopRequested >= token) {
            return;
        }
        GrantLease fresh = around.leases().lease(holder, new FencingToken(token));
        synchronized (turn) {
            lease = fresh;
        }
        active = token;
        wasEverGranted = true;
        if (!keepsRunning()) {
            around.cover().enter(group.name(), holder, subjects);
        }
        Starting context = new Starting(holder, fresh, proof);
        if (!endsWithItsThreads()) {
            context.claims().claim(HostClaims.WHOLE_PROCESS);
        }
        for (Group.Entry entry : group.resources()) {
            Optional<Failure> failure = call(entry, "start", group.startBudget(), true, () -> {
                awaitValid(fresh, token);
                entry.resource().start(context);
            });
            if (failure.isPresent()) {
                around.report()
                        .accept(new Input.StartEnded(
                                group.name(),
                                token,
                                Optional.of(failure.get().severity()),
                                failure.get().why()));
                return;
            }
        }
        isMonitored = stopRequested < token;
        around.report().accept(new Input.StartEnded(group.name(), token, Optional.empty(), ""));
    }

    private boolean endsWithItsThreads() {
        try {
            return group.resources().stream().allMatch(entry -> entry.resource().endsWithItsThreads());
        } catch (RuntimeException e) {
            LOG.warn(
                    "group {}: a resource does not say whether it ends with its threads: {}",
                    group.name(),
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
            if (stopRequested >= token || Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(LEASE_LOOK_NANOS);
        }
        if (stopRequested >= token) {
            throw new InterruptedException();
        }
    }

    private boolean isToWaitForCover(long token) throws ResourceException {
        if (!wasOfferedAsCovered) {
            return false;
        }
        Standing standing = around.cover().standing(group.name(), token);
        if (standing == Standing.LOST) {
            isCoverageNews = true;
            offerAgain();
            throw new ResourceException(
                    Severity.SOFT,
                    "what ends this group without us is not there: "
                            + coverage().gaps().orElse("it does not answer"));
        }
        return standing == Standing.WAIT;
    }

    private void stopAll(long token, String why, AtomicBoolean isReported) {
        LOG.debug("group {}: stopping, {}", group.name(), why);
        Stopping context = new Stopping(token);
        StringBuilder failures = new StringBuilder();
        List<Group.Entry> reverse = new ArrayList<>(group.resources());
        java.util.Collections.reverse(reverse);
        for (Group.Entry entry : reverse) {
            stopOne(entry, context)
                    .ifPresent(failure -> failures.append(failure).append("; "));
        }
        if (failures.length() == 0) {
            around.cover().leave(group.name());
            active = 0;
            isReported.set(true);
            around.report().accept(new Input.StopEnded(group.name(), token, true, ""));
            return;
        }
        LOG.error("group {} could not be stopped and is blocked, it will be tried again: {}", group.name(), failures);
        if (isReported.compareAndSet(false, true)) {
            around.report().accept(new Input.StopEnded(group.name(), token, false, failures.toString()));
            around.stopFailed().run();
        }
        later(() -> submit(() -> stopAll(token, why, new AtomicBoolean(true))), STOP_AGAIN_MILLIS);
    }

    /** What was kept ready for a start is given back, unless something may still be active. */
    private void retireAll() {
        if (isActive()) {
            return;
        }
        for (Group.Entry entry : group.resources()) {
            call(entry, "retire", RETIRE_BUDGET, false, () -> entry.resource().retire());
        }
    }

    /** Retries, then kills; what is left is reported. */
    private Optional<String> stopOne(Group.Entry entry, StopContext context) {
        String last = "";
        for (int i = 0; i < STOP_ATTEMPTS; i++) {
            Optional<Failure> failure = call(
                    entry,
                    "stop",
                    group.stopBudget(),
                    false,
                    () -> entry.resource().stop(context));
            if (failure.isEmpty()) {
                return Optional.empty();
            }
            last = failure.get().why();
        }
        boolean[] isGone = new boolean[1];
        call(
                entry,
                "kill",
                group.stopBudget(),
                false,
                () -> isGone[0] = entry.resource().kill());
        return isGone[0] ? Optional.empty() : Optional.of(last);
    }

    private void monitor() {
        long token = active;
        for (Group.Entry entry : group.resources()) {
            if (!isMonitored) {
                return;
            }
            Health[] found = new Health[1];
            Optional<Failure> failure = call(
                    entry,
                    "monitor",
                    LOOK_BUDGET,
                    false,
                    () -> found[0] = entry.resource().monitor());
            Health health =
                    failure.map(f -> Health.failed(Severity.SOFT, f.why())).orElse(found[0]);
            if (health == null) {
                health = Health.failed(Severity.SOFT, "monitor() gave null");
            }
            if (health.isBad() && isMonitored) {
                isMonitored = false;
                around.report()
                        .accept(new Input.GroupEnded(
                                group.name(),
                                token,
                                Optional.of(health.severity()),
                                cut(entry.name() + ": " + health.reason())));
                return;
            }
        }
    }

    private void look() {
        Eligibility now = eligible();
        if (!now.equals(eligibility)) {
            eligibility = now;
            around.report().accept(new Input.EligibilityChanged(group.name(), now.isEligible(), now.reason()));
        }
        if (presence != Presence.ABSENT && !wasEverGranted) {
            presence = probe();
            around.report().accept(new Input.Probed(group.name(), presence));
        }
    }

    private Eligibility eligible() {
        for (Group.Entry entry : group.resources()) {
            Eligibility[] found = new Eligibility[1];
            Optional<Failure> failure = call(
                    entry,
                    "eligibility",
                    LOOK_BUDGET,
                    false,
                    () -> found[0] = entry.resource().eligibility());
            if (failure.isPresent()) {
                return Eligibility.veto(failure.get().why());
            }
            if (found[0] == null) {
                return Eligibility.veto(entry.name() + ": eligibility() gave null");
            }
            if (!found[0].isEligible()) {
                return Eligibility.veto(cut(entry.name() + ": " + found[0].reason()));
            }
        }
        return Eligibility.eligible();
    }

    private Presence probe() {
        Presence worst = Presence.ABSENT;
        for (Group.Entry entry : group.resources()) {
            Presence[] found = {Presence.UNKNOWN};
            call(
                    entry,
                    "probe",
                    group.startBudget(),
                    false,
                    () -> found[0] = entry.resource().probe());
            if (found[0] != Presence.ABSENT) {
                worst = found[0];
                LOG.warn(
                        "group {}: before its first start {} is {}; it will not be started while that is so",
                        group.name(),
                        entry.name(),
                        found[0]);
            }
        }
        return worst;
    }

    // ---- one call into user code -----------------------------------------------------------------------------------

    private record Failure(Severity severity, String why) {
        private Failure {
            why = cut(why);
        }
    }

    /** Sentences of resources travel in messages and in the record: they are kept short. */
    private static String cut(String sentence) {
        return sentence.length() <= SENTENCE_MAX ? sentence : sentence.substring(0, SENTENCE_MAX) + "…";
    }

    /** A call into the user's code. */
    @FunctionalInterface
    private interface Call {
        void run() throws ResourceException, InterruptedException;
    }

    private Optional<Failure> call(Group.Entry entry, String what, Duration budget, boolean isStart, Call body) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        CallGuard guard = new CallGuard(thread, isStart);
        Optional<Future<?>> alarm = alarm(guard, budget);
        synchronized (turn) {
            current = guard;
        }
        String name = entry.name() + "." + what;
        try {
            thread.setContextClassLoader(loader);
            body.run();
            return Optional.empty();
        } catch (ResourceException e) {
            LOG.warn("group {}: {}: {}", group.name(), name, e.getMessage());
            return Optional.of(new Failure(e.severity(), name + ": " + e.getMessage()));
        } catch (InterruptedException e) {
            return Optional.of(new Failure(Severity.SOFT, name + " was interrupted after at most " + budget));
        } catch (RuntimeException e) {
            LOG.warn("group {}: {} failed", group.name(), name, e);
            return Optional.of(new Failure(Severity.SOFT, name + ": " + e));
        } catch (Error e) {
            LOG.error("group {}: {} failed", group.name(), name, e);
            return Optional.of(new Failure(Severity.HARD, name + ": " + e));
        } finally {
            guard.finish();
            alarm.ifPresent(a -> a.cancel(false));
            synchronized (turn) {
                current = null;
            }
            thread.setContextClassLoader(before);
        }
    }

    /** While a node closes there are no timers any more: what is left to stop then runs without a budget. */
    private Optional<Future<?>> alarm(CallGuard guard, Duration budget) {
        try {
            return Optional.of(around.timers().schedule(guard::cancel, budget.toNanos(), TimeUnit.NANOSECONDS));
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        }
    }

    /** Interrupts a call, but never what runs on the thread after it. */
    private static final class CallGuard {
        private final Thread thread;
        private final boolean isInterruptible;
        private boolean isFinished;

        private CallGuard(Thread thread, boolean isInterruptible) {
            this.thread = thread;
            this.isInterruptible = isInterruptible;
        }

        private synchronized void cancel() {
            if (!isFinished) {
                thread.interrupt();
            }
        }

        private synchronized void finish() {
            isFinished = true;
            Thread.interrupted();
        }
    }

    // ---- timers --------------------------------------------------------------------------------------------------

    /** Skipped, not queued, while the lane is busy. */
    private void monitorSoon() {
        if (isMonitored) {
            queue.tryRun(this::monitor);
        }
    }

    private void lookSoon() {
        if (active == 0) {
            queue.tryRun(this::look);
        }
    }

    private void submit(Runnable task) {
        if (!queue.execute(task)) {
            LOG.trace("group {}: lane is closed", group.name());
        }
    }

    private void soon(Runnable task) {
        try {
            around.timers().execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private void later(Runnable task, long millis) {
        try {
            around.timers().schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("group {}: node is closed", group.name());
        }
    }

    // ---- contexts ------------------------------------------------------------------------------------------------

    private final class Starting implements StartContext, HostClaims {
        private final Incarnation holder;
        private final GrantLease grantLease;
        private final ProofKind proof;

        private Starting(Incarnation holder, GrantLease grantLease, ProofKind proof) {
            this.holder = holder;
            this.grantLease = grantLease;
            this.proof = proof;
        }

        @Override
        public String group() {
            return group.name();
        }

        @Override
        public Incarnation holder() {
            return holder;
        }

        @Override
        public EnforcedLease lease() {
            return grantLease;
        }

        @Override
        public ProofKind proof() {
            return proof;
        }

        @Override
        public Optional<byte[]> clusterKey(String purpose) {
            return around.clusterKey().apply(purpose);
        }

        @Override
        public void report(String sentence) {
            around.tell().accept(new HaEvent.Reported(group.name(), cut(sentence)));
        }

        @Override
        public void alarm(String sentence) {
            around.tell().accept(new HaEvent.Alarm(group.name(), cut(sentence)));
        }

        @Override
        public SoftState softState() {
            long token = grantLease.token().value();
            return around.softStates().of(group.name(), token, mine -> active == mine && stopRequested < mine);
        }

        @Override
        public HostClaims claims() {
            return this;
        }

        @Override
        public int tag() {
            return around.tag().applyAsInt(holder);
        }

        @Override
        public void claim(String claim) {
            around.claim().accept(claim);
        }
    }

    private final class Stopping implements StopContext {
        private final long token;

        private Stopping(long token) {
            this.token = token;
        }

        @Override
        public String group() {
            return group.name();
        }

        @Override
        public FencingToken token() {
            return new FencingToken(token);
        }
    }
}
