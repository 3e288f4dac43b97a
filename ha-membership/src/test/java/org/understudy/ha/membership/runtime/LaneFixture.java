package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.enforcement.core.Subject;

/** Lanes with resources that break every rule they can, beside one that keeps them; the test is the loop. */
@Timeout(120)
abstract class LaneFixture {
    static final NodeId HERE = NodeId.of("here");
    static final Incarnation LIFE = new Incarnation(HERE, 1);
    static final long LENGTH = TimeUnit.HOURS.toNanos(1);

    /** Run once by whoever sets a timer next in a lane, before that. */
    final AtomicReference<@Nullable Runnable> beforeTimer = new AtomicReference<>();

    final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1) {
        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            Runnable first = Thread.currentThread().getName().contains("group-") ? beforeTimer.getAndSet(null) : null;
            if (first != null) {
                first.run();
            }
            return super.schedule(command, delay, unit);
        }
    };
    final NamedThreads threads = new NamedThreads(NodeConfig.PLAIN_THREADS, HERE);
    final LanePool pool = new LanePool(threads, timers);
    final LeaseBoard leases = new LeaseBoard(System::nanoTime, LENGTH);
    final BlockingQueue<Input> inputs = new LinkedBlockingQueue<>();
    final BlockingQueue<HaEvent> events = new LinkedBlockingQueue<>();
    final BlockingQueue<String> unstopped = new LinkedBlockingQueue<>();
    final CountDownLatch free = new CountDownLatch(1);
    /** What the cover throws the next time that it is told of a group. */
    final AtomicReference<@Nullable Error> coverThrows = new AtomicReference<>();

    private Lane.Surroundings around;

    @BeforeEach
    void surroundings() {
        leases.publish(new PublishLease(Optional.of(LIFE), true, System.nanoTime()));
        around = new Lane.Surroundings(
                leases,
                pool,
                new Rounds(pool, timers),
                new CallWatch(timers),
                new ThreadLedger(pool::strangers),
                HERE,
                threads,
                timers,
                inputs::add,
                claim -> {},
                incarnation -> 1,
                purpose -> Optional.empty(),
                new SoftStates(group -> true, () -> {}),
                events::add,
                new Uncovered(),
                unstopped::add,
                new InCommon());
    }

    @AfterEach
    void nothing_stays_behind() {
        free.countDown();
        timers.shutdownNow();
        pool.close();
    }

    static Group group(ManagedResource... resources) {
        Group.Builder builder = Group.named("bad")
                .startBudget(Duration.ofMillis(300))
                .stopBudget(Duration.ofMillis(300))
                .monitorEvery(Duration.ofMillis(2));
        for (int i = 0; i < resources.length; i++) {
            builder.resource("r" + i, resources[i]);
        }
        return builder.build();
    }

    static Group copied(int copies, ManagedResource resource) {
        return Group.named("db")
                .copies(copies)
                .promotable()
                .startBudget(Duration.ofMillis(300))
                .stopBudget(Duration.ofMillis(300))
                .monitorEvery(Duration.ofMillis(2))
                .resource("db", resource)
                .build();
    }

    List<Lane> lanes(Group group) {
        return Lane.of(
                group, Part.of(group, List.of(HERE), HERE), false, getClass().getClassLoader(), around);
    }

    static void awaitIt(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Offered already. */
    Lane lane(Group group) throws InterruptedException {
        Lane lane = lanes(group).get(0);
        lane.offer(lane::markOffered);
        next(Input.GroupOffered.class);
        return lane;
    }

    void running(Lane lane, long token) throws InterruptedException {
        lane.start(LIFE, token, ProofKind.NEVER);
        assertThat(next(Input.StartEnded.class).failure()).isEmpty();
    }

    /** The next input of a kind; others before it are dropped. */
    <T extends Input> T next(Class<T> kind) throws InterruptedException {
        for (Input input = inputs.poll(60, TimeUnit.SECONDS);
                input != null;
                input = inputs.poll(60, TimeUnit.SECONDS)) {
            if (kind.isInstance(input)) {
                return kind.cast(input);
            }
        }
        throw new AssertionError("no " + kind.getSimpleName() + " within 60 s");
    }

    <T extends Input> T nextOf(String group, Class<T> kind) throws InterruptedException {
        T input = next(kind);
        while (!input.toString().contains("group=" + group)) {
            input = next(kind);
        }
        return input;
    }

    /** Does nothing, well. */
    static class Good implements ManagedResource {
        @Override
        public void start(StartContext context) throws ResourceException {
            // Runs.
        }

        @Override
        public void stop(StopContext context) {
            // Stopped.
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }

    /** Says what it was told. */
    static final class Told extends Good {
        private final String name;
        final List<String> told;
        volatile Health health = Health.healthy();

        Told(String name) {
            this(name, new CopyOnWriteArrayList<>());
        }

        Told(String name, List<String> told) {
            this.name = name;
            this.told = told;
        }

        @Override
        public void prepare(PrepareContext context) {
            told.add("prepare " + name + " " + context.token().value());
        }

        @Override
        public void start(StartContext context) {
            told.add("start " + name);
        }

        @Override
        public void quiesce(StopContext context) {
            told.add("quiesce " + name);
        }

        @Override
        public void stop(StopContext context) {
            told.add("stop " + name);
        }

        @Override
        public Health monitor() {
            return health;
        }
    }

    /** Can be promoted. */
    static class Roles extends Good implements PromotableResource {
        private final Scope promotedScope;
        volatile List<String> remains = List.of();
        volatile boolean canStop = true;
        volatile boolean isPromoted;

        Roles(Scope promotedScope) {
            this.promotedScope = promotedScope;
        }

        @Override
        public void promote(StartContext context) throws ResourceException {
            isPromoted = true;
        }

        @Override
        public void demote(StopContext context) throws ResourceException {
            isPromoted = false;
        }

        @Override
        public void stop(StopContext context) {
            if (!canStop) {
                throw new IllegalStateException("planned");
            }
        }

        @Override
        public Scope promotedScope() {
            return promotedScope;
        }

        @Override
        public List<String> remains() {
            return remains;
        }
    }

    /** Does not return from one of the calls, and heeds no interrupt, until it is set free. */
    final class Hanging implements ManagedResource {
        private final Call where;
        private final CountDownLatch until;
        private final boolean isInChannel;
        final List<String> told = new CopyOnWriteArrayList<>();
        final CountDownLatch prepared = new CountDownLatch(1);
        final java.util.concurrent.Semaphore monitored = new java.util.concurrent.Semaphore(0);
        volatile boolean isOn;

        Hanging(Call where) {
            this(where, free);
        }

        Hanging(Call where, CountDownLatch until) {
            this(where, until, false);
        }

        /** @param isInChannel whether an interrupt lasts until it is set free */
        Hanging(Call where, CountDownLatch until, boolean isInChannel) {
            this.where = where;
            this.until = until;
            this.isInChannel = isInChannel;
        }

        private void hangIf(Call call) {
            if (isOn && call == where && isInChannel) {
                new LateChannel(this::hang, this::hang).read();
            } else if (isOn && call == where) {
                hang();
            }
        }

        private void hang() {
            while (isOn && until.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
                Thread.interrupted();
            }
        }

        @Override
        public Optional<Duration> budget(Call call) {
            return Optional.of(Duration.ofMillis(100));
        }

        @Override
        public void prepare(PrepareContext context) {
            prepared.countDown();
            hangIf(Call.PREPARE);
        }

        @Override
        public void start(StartContext context) {
            told.add("start");
            hangIf(Call.START);
        }

        @Override
        public void stop(StopContext context) {
            told.add("stop");
            hangIf(Call.STOP);
        }

        @Override
        public void quiesce(StopContext context) {
            hangIf(Call.QUIESCE);
        }

        @Override
        public Health monitor() {
            monitored.release();
            hangIf(Call.MONITOR);
            return Health.healthy();
        }

        @Override
        public Presence probe() {
            hangIf(Call.PROBE);
            return Presence.ABSENT;
        }

        @Override
        public Eligibility eligibility() {
            hangIf(Call.ELIGIBILITY);
            return Eligibility.eligible();
        }

        @Override
        public boolean kill() {
            hangIf(Call.KILL);
            return false;
        }

        @Override
        public void unprepare() {
            hangIf(Call.UNPREPARE);
        }

        @Override
        public void retire() {
            hangIf(Call.RETIRE);
        }
    }

    /** Nothing ends anything here. */
    private final class Uncovered implements Lane.Cover {
        @Override
        public Coverage coverage(String group, List<Subject> subjects) {
            return new Coverage(
                    group,
                    subjects.stream()
                            .map(subject ->
                                    new Coverage.Item(subject.name(), false, Enforcement.COOPERATIVE, "nothing does"))
                            .toList());
        }

        @Override
        public void enter(String group, Incarnation holder, List<Subject> subjects) {
            throwPlanned();
        }

        @Override
        public Lane.Standing standing(String group, long token) {
            return Lane.Standing.MAY_ACT;
        }

        @Override
        public void leave(String group) {
            throwPlanned();
        }

        private void throwPlanned() {
            Error planned = coverThrows.getAndSet(null);
            if (planned != null) {
                throw planned;
            }
        }
    }
}
