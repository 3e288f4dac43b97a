package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.enforcement.core.Subject;

/** Lanes with resources that break every rule they can, beside one that keeps them; the test is the loop. */
@Timeout(120)
class LaneTest {
    private static final NodeId HERE = NodeId.of("here");
    private static final Incarnation LIFE = new Incarnation(HERE, 1);
    private static final long LENGTH = TimeUnit.HOURS.toNanos(1);

    private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
    private final NamedThreads threads = new NamedThreads(NodeConfig.PLAIN_THREADS, HERE);
    private final LanePool pool = new LanePool(threads, timers);
    private final LeaseBoard leases = new LeaseBoard(System::nanoTime, LENGTH);
    private final BlockingQueue<Input> inputs = new LinkedBlockingQueue<>();
    private final BlockingQueue<HaEvent> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> unstopped = new LinkedBlockingQueue<>();
    private final CountDownLatch free = new CountDownLatch(1);
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
                new SoftStates(group -> true, message -> {}),
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

    // ---- the rules -----------------------------------------------------------------------------------------------

    @Test
    void resources_start_in_order_are_quiesced_before_the_first_stops_and_stop_in_reverse() throws Exception {
        Told first = new Told("first");
        Told second = new Told("second", first.told);
        Lane lane = lane(group(first, second));
        running(lane, 1);
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(first.told)
                .containsExactly(
                        "start first", "start second", "quiesce second", "quiesce first", "stop second", "stop first");
    }

    @Test
    void after_a_failure_and_without_a_lease_nothing_is_quiesced() throws Exception {
        Told app = new Told("app");
        Lane lane = lane(group(app));
        running(lane, 1);
        app.health = Health.failed(Severity.SOFT, "broken");
        assertThat(next(Input.GroupEnded.class).resource()).isEqualTo("r0");
        lane.stop(1, "broken");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();

        app.health = Health.healthy();
        running(lane, 2);
        leases.publish(new PublishLease(Optional.of(LIFE), true, System.nanoTime() - LENGTH * 9 / 10));
        lane.stop(2, "the lease is ending");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(app.told).containsExactly("start app", "stop app", "start app", "stop app");
    }

    @Test
    void each_call_has_a_budget_of_its_own_and_knows_what_is_left() throws Exception {
        BlockingQueue<Duration> left = new LinkedBlockingQueue<>();
        Lane lane = lane(group(new Good() {
            @Override
            public Optional<Duration> budget(Call call) {
                return call == Call.START ? Optional.of(Duration.ofHours(5)) : Optional.empty();
            }

            @Override
            public void start(StartContext context) {
                left.add(context.remaining());
                context.report("started");
                assertThat(context.isCancelled()).isFalse();
            }

            @Override
            public void stop(StopContext context) {
                left.add(context.remaining());
                context.alarm("stopped");
            }
        }));
        running(lane, 1);
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(left.take()).isBetween(Duration.ofHours(4), Duration.ofHours(5));
        assertThat(left.take()).isBetween(Duration.ofMillis(1), Duration.ofSeconds(1));
        assertThat(events).contains(new HaEvent.Reported("bad", "started"), new HaEvent.Alarm("bad", "stopped"));
    }

    @Test
    void a_budget_that_cannot_be_is_refused_by_name() {
        Group group = group(new Good() {
            @Override
            public Optional<Duration> budget(Call call) {
                return switch (call) {
                    case START -> Optional.of(Duration.ZERO);
                    case STOP -> Optional.of(Duration.ofDays(2));
                    case MONITOR -> null;
                    case PROBE -> throw new IllegalStateException("planned");
                    default -> Optional.empty();
                };
            }
        });
        assertThatThrownBy(() -> lanes(group))
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly(
                                        "group bad resource r0 budget of PROBE",
                                        "group bad resource r0 budget of START",
                                        "group bad resource r0 budget of MONITOR",
                                        "group bad resource r0 budget of STOP"));
    }

    // ---- throws --------------------------------------------------------------------------------------------------

    @Test
    void whatever_is_thrown_is_a_failure_of_that_resource_and_the_lane_goes_on() throws Exception {
        List<Throwable> thrown = List.of(
                new IllegalStateException("runtime"),
                new StackOverflowError("error"),
                new IOException("checked, though it was not declared"),
                new Throwable("neither"),
                new ResourceException(Severity.HARD, "said so"));
        AtomicInteger number = new AtomicInteger();
        Lane lane = lane(group(new Good() {
            @Override
            public void start(StartContext context) {
                LaneTest.<RuntimeException>sneak(thrown.get(number.getAndIncrement()));
            }
        }));
        for (int i = 0; i < thrown.size(); i++) {
            lane.start(LIFE, i + 1, ProofKind.NEVER);
            Input.StartEnded ended = next(Input.StartEnded.class);
            boolean isHard = i == 1 || i == 3 || i == 4;
            assertThat(ended.failure()).contains(isHard ? Severity.HARD : Severity.SOFT);
            assertThat(ended.resource()).isEqualTo("r0");
            assertThat(ended.why())
                    .startsWith("r0.start: ")
                    .contains(thrown.get(i).getMessage());
            lane.stop(i + 1, "failed");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable e) throws T {
        throw (T) e;
    }

    @Test
    void nothing_where_something_is_due_is_a_failure_or_a_veto() throws Exception {
        Good nothing = new Good() {
            @Override
            public Presence probe() {
                return null;
            }

            @Override
            public Eligibility eligibility() {
                return null;
            }

            @Override
            public Health monitor() {
                return null;
            }
        };
        Lane lane = lanes(group(nothing)).get(0);
        lane.offer(() -> {});
        Input.GroupOffered offer = next(Input.GroupOffered.class);
        assertThat(offer.candidacy().presence()).isEqualTo(Presence.UNKNOWN);
        assertThat(offer.candidacy().whyNot()).isEqualTo("r0: eligibility() gave null");
        running(lane, 1);
        assertThat(next(Input.GroupEnded.class).why()).isEqualTo("r0: monitor() gave null");

        for (Good silent : List.of(
                new Good() {
                    @Override
                    public Scope scope() {
                        return null;
                    }
                },
                new Good() {
                    @Override
                    public Set<Enforcement> enforcements() {
                        return null;
                    }
                },
                new Good() {
                    @Override
                    public List<String> remains() {
                        return null;
                    }
                })) {
            lanes(group(silent)).get(0).offer(() -> {});
            assertThat(next(Input.GroupOffered.class).candidacy().whyNot())
                    .startsWith("a resource does not say what it is");
        }
    }

    // ---- before it comes -----------------------------------------------------------------------------------------

    @Test
    void what_comes_is_made_ready_first_and_started_then() throws Exception {
        Told first = new Told("first");
        Told second = new Told("second", first.told);
        Lane lane = lane(group(first, second));
        lane.prepare(6, LIFE);
        Input.PrepareEnded ready = next(Input.PrepareEnded.class);
        assertThat(ready.token()).isEqualTo(6);
        assertThat(ready.failure()).isEmpty();
        assertThat(first.told).containsExactly("prepare first 6", "prepare second 6");

        running(lane, 7);
        assertThat(first.told).containsExactly("prepare first 6", "prepare second 6", "start first", "start second");
    }

    @Test
    void what_does_not_come_after_all_is_given_back() throws Exception {
        CountDownLatch isGivenBack = new CountDownLatch(1);
        Lane lane = lane(group(new Good() {
            @Override
            public void retire() {
                isGivenBack.countDown();
            }
        }));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        assertThat(isGivenBack.getCount()).isEqualTo(1);

        lane.unprepare();

        assertThat(isGivenBack.await(60, TimeUnit.SECONDS)).isTrue();
        running(lane, 7);
    }

    @Test
    void what_cannot_be_made_ready_says_so_and_nothing_after_it_is_tried() throws Exception {
        Told second = new Told("second");
        Lane lane = lane(group(
                new Good() {
                    @Override
                    public void prepare(PrepareContext context) throws ResourceException {
                        throw new ResourceException(Severity.HARD, "no room for its cache");
                    }
                },
                second));
        lane.prepare(6, LIFE);
        Input.PrepareEnded failed = next(Input.PrepareEnded.class);
        assertThat(failed.failure()).contains(Severity.HARD);
        assertThat(failed.resource()).isEqualTo("r0");
        assertThat(failed.why()).isEqualTo("r0.prepare: no room for its cache");
        assertThat(second.told).isEmpty();
    }

    @Test
    void a_preparation_that_hangs_keeps_the_group_away_until_it_returns() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.PREPARE);
        Lane lane = lane(group(hanging));
        hanging.isOn = true;
        lane.prepare(6, LIFE);
        Input.EligibilityChanged veto = next(Input.EligibilityChanged.class);
        assertThat(veto.isEligible()).isFalse();
        assertThat(veto.whyNot()).contains("r0.prepare does not return");
        assertThat(next(Input.PrepareEnded.class).why()).contains("prepare has not returned after 100 ms");

        hanging.isOn = false;
        assertThat(next(Input.EligibilityChanged.class).isEligible()).isTrue();
        running(lane, 7);
    }

    @Test
    void what_is_granted_behind_a_preparation_that_hangs_fails_to_start_and_counts_as_stopped() throws Exception {
        for (boolean isEarly : List.of(true, false)) {
            CountDownLatch released = new CountDownLatch(1);
            Hanging hanging = new Hanging(ManagedResource.Call.PREPARE, released);
            Lane lane = lane(group(hanging));
            hanging.isOn = true;
            lane.prepare(6, LIFE);
            assertThat(hanging.prepared.await(60, TimeUnit.SECONDS)).isTrue();
            if (!isEarly) {
                assertThat(next(Input.EligibilityChanged.class).isEligible()).isFalse();
            }
            lane.start(LIFE, 7, ProofKind.DIED);
            assertThat(next(Input.StartEnded.class).why()).contains("prepare").contains("although it was interrupted");

            lane.stop(7, "it did not start");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
            hanging.isOn = false;
            released.countDown();
            Input.EligibilityChanged back = next(Input.EligibilityChanged.class);
            assertThat(back.isEligible() || next(Input.EligibilityChanged.class).isEligible())
                    .isTrue();
            assertThat(unstopped).isEmpty();
            running(lane, 8);
            assertThat(hanging.told)
                    .as("no stop of what never began is left to come behind what began since")
                    .containsExactly("start");
            lane.stop(8, "asked to move");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
            lane.retire();
        }
    }

    @Test
    void a_preparation_is_interrupted_when_the_group_does_not_come_after_all() throws Exception {
        CountDownLatch isAtIt = new CountDownLatch(1);
        CountDownLatch isInterrupted = new CountDownLatch(1);
        Lane lane = lane(group(new Good() {
            @Override
            public void prepare(PrepareContext context) throws InterruptedException {
                isAtIt.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    isInterrupted.countDown();
                    throw e;
                }
            }
        }));
        lane.prepare(6, LIFE);
        assertThat(isAtIt.await(60, TimeUnit.SECONDS)).isTrue();
        lane.unprepare();
        assertThat(isInterrupted.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void of_a_promoted_role_nothing_is_made_ready_and_it_may_come_at_once() throws Exception {
        Roles roles = new Roles(Scope.PROCESS) {
            @Override
            public void prepare(PrepareContext context) {
                throw new IllegalStateException("its copy runs already");
            }
        };
        List<Lane> lanes = lanes(
                Group.named("good").copies(2).resource("r0", roles).promotable().build());
        Lane promoted = lanes.stream()
                .filter(lane -> lane.role() == org.understudy.ha.api.Role.PROMOTED)
                .findFirst()
                .orElseThrow();
        promoted.prepare(6, LIFE);
        assertThat(next(Input.PrepareEnded.class).failure()).isEmpty();
    }

    // ---- hangs ---------------------------------------------------------------------------------------------------

    @Test
    void a_monitor_that_hangs_is_left_behind_and_the_group_is_stopped_meanwhile() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.MONITOR);
        Lane lane = lane(group(hanging));
        hanging.isOn = true;
        running(lane, 1);
        Input.GroupEnded ended = next(Input.GroupEnded.class);
        assertThat(ended.failure()).contains(Severity.SOFT);
        assertThat(ended.why()).contains("r0: monitor has not returned").contains("interrupted");
        lane.stop(1, ended.why());
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(events).anyMatch(event -> event.toString().contains("r0.monitor has not returned"));
        assertThat(lane.troubles(Troubles.NONE).hanging()).isEqualTo(1);
        assertThat(next(Input.EligibilityChanged.class).whyNot()).contains("r0.monitor does not return");

        hanging.isOn = false;
        free.countDown();
        assertThat(next(Input.EligibilityChanged.class).isEligible()).isTrue();
        Troubles after = lane.troubles(Troubles.NONE);
        assertThat(after.hanging()).isZero();
        assertThat(after.lateReturns()).isEqualTo(1);
        running(lane, 2);
        assertThat(hanging.monitored.tryAcquire(2, 60, TimeUnit.SECONDS))
                .as("it is looked at again")
                .isTrue();
    }

    @Test
    void a_look_before_the_start_that_hangs_keeps_the_group_away_until_it_returns() throws Exception {
        for (ManagedResource.Call what :
                List.of(ManagedResource.Call.PROBE, ManagedResource.Call.ELIGIBILITY, ManagedResource.Call.MONITOR)) {
            CountDownLatch released = new CountDownLatch(1);
            Hanging hanging = new Hanging(what, released);
            hanging.isOn = true;
            Lane lane = lanes(group(hanging)).get(0);
            lane.offer(lane::markOffered);
            assertThat(next(Input.GroupOffered.class).candidacy().whyNot()).contains("does not return");
            hanging.isOn = false;
            released.countDown();
            assertThat(next(Input.EligibilityChanged.class).isEligible()).isTrue();
            lane.discard();
        }
    }

    @Test
    void a_probe_that_hangs_is_asked_once_and_not_once_for_each_copy() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.PROBE);
        hanging.isOn = true;
        List<Lane> lanes =
                lanes(Group.named("bad").copies(5).resource("r0", hanging).build());
        lanes.forEach(lane -> lane.offer(lane::markOffered));
        for (int i = 0; i < lanes.size(); i++) {
            Input.GroupOffered offer = next(Input.GroupOffered.class);
            assertThat(offer.candidacy().presence()).isEqualTo(Presence.UNKNOWN);
            assertThat(offer.candidacy().whyNot()).contains("r0.probe does not return");
        }
        assertThat(lanes.get(0).troubles(Troubles.NONE).hanging()).isEqualTo(1);
        hanging.isOn = false;
        free.countDown();
        for (Input.Probed probed = next(Input.Probed.class); probed.presence() != Presence.ABSENT; ) {
            probed = next(Input.Probed.class);
        }
    }

    @Test
    void what_the_record_has_forgotten_is_looked_at_as_before_its_first_start() throws Exception {
        AtomicReference<Presence> found = new AtomicReference<>(Presence.ABSENT);
        Lane lane = lane(group(new Good() {
            @Override
            public Presence probe() {
                return found.get();
            }
        }));
        lane.offer(lane::markOffered);
        assertThat(next(Input.GroupOffered.class).candidacy().presence()).isEqualTo(Presence.ABSENT);
        running(lane, 1);
        lane.granted();
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        found.set(Presence.HERE);

        lane.forgotten();

        assertThat(next(Input.Probed.class).presence()).isEqualTo(Presence.HERE);
        found.set(Presence.ABSENT);
        for (Input.Probed probed = next(Input.Probed.class); probed.presence() != Presence.ABSENT; ) {
            probed = next(Input.Probed.class);
        }
    }

    @Test
    void nothing_is_started_while_a_look_into_it_hangs() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.MONITOR);
        hanging.isOn = true;
        Lane lane = lane(group(hanging));
        lane.start(LIFE, 1, ProofKind.NEVER);
        Input.StartEnded ended = next(Input.StartEnded.class);
        assertThat(ended.failure()).contains(Severity.SOFT);
        assertThat(ended.resource()).isEqualTo("r0");
        assertThat(ended.why()).startsWith("r0.monitor does not return");
        assertThat(hanging.told).isEmpty();
        lane.stop(1, ended.why());
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    @Test
    void a_start_that_hangs_has_failed_and_its_late_return_is_ignored_and_counted() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.START);
        hanging.isOn = true;
        Lane lane = lane(group(hanging));
        lane.start(LIFE, 1, ProofKind.NEVER);
        Input.StartEnded ended = next(Input.StartEnded.class);
        assertThat(ended.failure()).contains(Severity.SOFT);
        assertThat(ended.why()).contains("r0.start has not returned");
        lane.stop(1, ended.why());
        assertThat(next(Input.StopEnded.class).isStopped())
                .as("nobody knows what the start will do yet")
                .isFalse();
        assertThat(unstopped.take()).contains("r0.start keeps it from stopping");

        free.countDown();
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(hanging.told).containsExactly("start", "stop");
        assertThat(lane.troubles(Troubles.NONE).lateReturns()).isEqualTo(1);
        assertThat(inputs.stream().filter(Input.StartEnded.class::isInstance).map(Input.StartEnded.class::cast))
                .allMatch(late -> late.failure().isPresent());
    }

    @Test
    void a_stop_that_hangs_is_unknown_and_counts_when_it_returns_at_last() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.STOP);
        Lane lane = lane(group(hanging));
        running(lane, 1);
        hanging.isOn = true;
        lane.stop(1, "asked to move");
        Input.StopEnded unknown = next(Input.StopEnded.class);
        assertThat(unknown.isStopped()).isFalse();
        assertThat(unknown.why()).contains("r0.stop");
        assertThat(unstopped.take()).contains("r0.stop");
        free.countDown();
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    /** Everybody else's calls go on: each group has a lane, and whoever hangs keeps only a thread. */
    @Test
    void one_that_hangs_in_everything_keeps_no_other_group_waiting() throws Exception {
        for (ManagedResource.Call what : ManagedResource.Call.values()) {
            Hanging hanging = new Hanging(what);
            hanging.isOn = true;
            Lane bad = lanes(group(hanging)).get(0);
            bad.offer(bad::markOffered);
            bad.start(LIFE, 1, ProofKind.NEVER);
            bad.stop(1, "asked to move");
        }
        Lane good = lane(Group.named("good").resource("app", new Good()).build());
        good.start(LIFE, 7, ProofKind.NEVER);
        assertThat(nextOf("good", Input.StartEnded.class).failure()).isEmpty();
        good.stop(7, "asked to move");
        assertThat(nextOf("good", Input.StopEnded.class).isStopped()).isTrue();
    }

    /** As a read of a file on a server that does not answer: the interrupt waits for the reader, who never comes. */
    @Test
    void an_interrupt_that_never_ends_keeps_no_budget_from_running_out() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.MONITOR, free, true);
        Lane lane = lane(group(hanging));
        hanging.isOn = true;
        running(lane, 1);
        Input.GroupEnded ended = next(Input.GroupEnded.class);
        assertThat(ended.why()).contains("r0: monitor has not returned");
        lane.stop(1, ended.why());
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();

        Hanging beside = new Hanging(ManagedResource.Call.STOP, free, true);
        Lane other = lane(group(beside));
        running(other, 2);
        beside.isOn = true;
        other.stop(2, "asked to move");
        Input.StopEnded unknown = next(Input.StopEnded.class);
        assertThat(unknown.isStopped()).isFalse();
        assertThat(unknown.why()).contains("r0.stop");
        assertThat(unstopped.take()).contains("r0.stop");
        free.countDown();
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    @Test
    void whoever_holds_what_its_interrupt_needs_still_hears_that_it_is_cancelled() throws Exception {
        ReentrantLock inUse = new ReentrantLock();
        Lane lane = lane(group(new Good() {
            @Override
            public void start(StartContext context) {
                new LateChannel(
                                () -> {
                                    inUse.lock();
                                    while (!context.isCancelled()) {
                                        LockSupport.parkNanos(1_000_000);
                                    }
                                    inUse.unlock();
                                },
                                () -> {
                                    inUse.lock();
                                    inUse.unlock();
                                })
                        .read();
            }
        }));
        lane.start(LIFE, 1, ProofKind.NEVER);
        assertThat(next(Input.StartEnded.class)).isNotNull();
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    // ---- lies ----------------------------------------------------------------------------------------------------

    @Test
    void a_monitor_that_says_it_runs_after_a_stop_is_believed_if_it_can_say_otherwise() throws Exception {
        AtomicInteger stops = new AtomicInteger();
        boolean[] runs = new boolean[1];
        Good liar = new Good() {
            @Override
            public void start(StartContext context) {
                runs[0] = true;
            }

            @Override
            public void stop(StopContext context) {
                // Says that it is stopped, and stops nothing before it was killed.
                stops.incrementAndGet();
            }

            @Override
            public boolean kill() {
                return stops.get() > 2;
            }

            @Override
            public Health monitor() {
                return runs[0] ? Health.healthy() : Health.notRunning();
            }
        };
        Lane lane = lane(group(liar));
        running(lane, 1);
        lane.stop(1, "asked to move");
        Input.StopEnded ended = next(Input.StopEnded.class);
        assertThat(ended.isStopped()).isFalse();
        assertThat(ended.why()).contains("r0: stop says that it is stopped, and its monitor that it runs");
        assertThat(lane.troubles(Troubles.NONE).contradictions()).isEqualTo(2);
        assertThat(events).anyMatch(event -> event instanceof HaEvent.Alarm);
        assertThat(next(Input.StopEnded.class).isStopped())
                .as("tried again, and killed at last")
                .isTrue();
    }

    @Test
    void a_monitor_that_has_never_said_anything_else_is_no_reason_to_doubt_a_stop() throws Exception {
        Lane lane = lane(group(new Good()));
        running(lane, 1);
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(lane.troubles(Troubles.NONE)).isEqualTo(Troubles.NONE);
    }

    // ---- floods --------------------------------------------------------------------------------------------------

    @Test
    void a_flood_of_words_is_cut_to_one_line() throws Exception {
        String flood = "all\nwork and no play ".repeat(100_000);
        Lane lane = lane(group(new Good() {
            @Override
            public void start(StartContext context) throws ResourceException {
                context.alarm(flood);
                throw new ResourceException(Severity.SOFT, flood);
            }
        }));
        lane.start(LIFE, 1, ProofKind.NEVER);
        String why = next(Input.StartEnded.class).why();
        assertThat(why).hasSizeLessThan(400).doesNotContain("\n");
        assertThat(events.poll(1, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        HaEvent.Alarm.class,
                        alarm -> assertThat(alarm.sentence())
                                .hasSizeLessThan(400)
                                .doesNotContain("\n"));
    }

    // ---- parts ---------------------------------------------------------------------------------------------------

    @Test
    void what_the_promoted_role_leaves_behind_is_asked_of_the_role_and_not_of_the_copy() throws Exception {
        assertThat(remainsOfRole(new Roles(Scope.PROCESS))).isEmpty();
        assertThat(remainsOfRole(new Roles(Scope.NODE)))
                .as("the death of a process does not prove it over, a new kernel does")
                .containsExactly(Planner.PROGRAM_PREFIX + "db!promoted/db");
        assertThat(remainsOfRole(new Roles(Scope.EXTERNAL)))
                .as("nothing about the host proves it over")
                .containsExactly(Planner.EXTERNAL_PREFIX + "db!promoted/db");
        Roles named = new Roles(Scope.NODE);
        named.remains = List.of(Planner.PROGRAM_PREFIX + "postgres");
        assertThat(remainsOfRole(named))
                .as("what it names itself is enough")
                .containsExactly(Planner.PROGRAM_PREFIX + "postgres!promoted");
    }

    @Test
    void two_promoted_do_harm_whatever_is_in_front_of_them() {
        Group group = Group.named("db")
                .copies(2)
                .promotable()
                .resourceBehindAddress("db", new Roles(Scope.PROCESS))
                .resourceWithPromoted("address", new Good())
                .build();
        List<Part> parts = Part.of(group, List.of(HERE), HERE);
        assertThat(PartCandidacy.subjects(parts.get(0)))
                .extracting(Subject::mayOverlap)
                .containsExactly(true);
        assertThat(PartCandidacy.subjects(parts.get(2)))
                .extracting(Subject::mayOverlap)
                .containsExactly(false, false);
    }

    /** An older stop has failed, and the copy counted as up again when the role came. */
    @Test
    void a_copy_that_is_stopped_at_last_gives_back_a_role_that_it_was_given_meanwhile() throws Exception {
        Roles roles = new Roles(Scope.PROCESS);
        List<Lane> lanes = lanes(copied(1, roles));
        Lane copy = lanes.get(0);
        Lane role = lanes.get(1);
        running(copy, 5);
        roles.canStop = false;
        copy.stop(4, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isFalse();
        copy.watchAgain(5);
        running(role, 6);
        assertThat(roles.isPromoted).isTrue();
        roles.canStop = true;
        Input.GroupResigned resigned = next(Input.GroupResigned.class);
        assertThat(resigned.group()).isEqualTo(role.name());
        assertThat(resigned.token()).isEqualTo(6);
        role.stop(6, "given up");
        for (int i = 0; i < 2; i++) {
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        }
        assertThat(roles.isPromoted).isFalse();
    }

    @Test
    void nothing_is_promoted_on_a_copy_that_was_asked_to_stop() throws Exception {
        Roles roles = new Roles(Scope.PROCESS);
        List<Lane> lanes = lanes(copied(1, roles));
        Lane copy = lanes.get(0);
        Lane role = lanes.get(1);
        running(copy, 1);
        roles.canStop = false;
        copy.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isFalse();
        role.start(LIFE, 2, ProofKind.NEVER);
        assertThat(next(Input.GroupResigned.class).token()).isEqualTo(2);
        assertThat(roles.isPromoted).isFalse();
        roles.canStop = true;
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    @Test
    void a_stop_has_the_time_of_everything_that_it_may_have_to_do() throws Exception {
        Good address = new Good() {
            @Override
            public Optional<Duration> budget(Call call) {
                return call == Call.STOP ? Optional.of(Duration.ofSeconds(20)) : Optional.empty();
            }
        };
        Group group = Group.named("db")
                .copies(1)
                .promotable()
                .stopBudget(Duration.ofSeconds(1))
                .resource("db", new Roles(Scope.PROCESS))
                .resourceWithPromoted("address", address)
                .build();
        assertThat(lanes(group).get(0).stopBudget())
                .as("two stops of what is with the promoted one come before its own")
                .isGreaterThan(Duration.ofSeconds(40));

        Told silent = new Told("app");
        Lane lane = lanes(group(silent)).get(0);
        Duration before = lane.stopBudget();
        silent.health = Health.notRunning();
        lane.offer(lane::markOffered);
        next(Input.GroupOffered.class);
        assertThat(lane.stopBudget().minus(before))
                .as("its monitor is asked after each stop, and may not return")
                .isGreaterThan(Duration.ofSeconds(2));
    }

    @Test
    void a_copy_says_why_nothing_need_end_it() {
        List<Lane> lanes = lanes(copied(2, new Roles(Scope.PROCESS)));
        assertThat(lanes.get(0).coverage().isComplete()).isTrue();
        assertThat(lanes.get(0).coverage().resources())
                .allMatch(item -> item.reason().contains("need not end with the lease"));
        assertThat(lanes.get(2).coverage().isComplete()).isFalse();
    }

    private List<String> remainsOfRole(Roles roles) throws InterruptedException {
        List<Lane> lanes = lanes(copied(2, roles));
        Lane promoted = lanes.get(lanes.size() - 1);
        promoted.offer(() -> {});
        return nextOf("db!promoted", Input.GroupOffered.class).candidacy().remains();
    }

    @Test
    void threads_that_outlive_the_stop_of_their_resource_are_named_once_and_forgotten_when_they_end() throws Exception {
        CountDownLatch ends = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        ManagedResource leaking = new Good() {
            @Override
            public void start(StartContext context) {
                thread(
                        "leak-1",
                        () -> thread("leak-2", () -> {
                            begun.countDown();
                            awaitIt(ends);
                        }));
                thread("short", () -> {});
                awaitIt(begun);
            }

            private void thread(String name, Runnable body) {
                new Thread(body, name).start();
            }
        };
        ManagedResource tidy = new Good() {
            private final CountDownLatch over = new CountDownLatch(1);

            @Override
            public void start(StartContext context) {
                new Thread(() -> awaitIt(over), "tidy").start();
            }

            @Override
            public void stop(StopContext context) {
                over.countDown();
            }
        };
        Lane lane = lane(group(leaking));
        Lane other = lane(Group.named("other").resource("r0", tidy).build());
        try {
            running(lane, 1);
            running(other, 2);
            assertThat(lane.troubles(Troubles.NONE).leakedThreads()).isEmpty();
            other.stop(2, "asked to move");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
            lane.stop(1, "asked to move");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();

            HaEvent.Alarm alarm = (HaEvent.Alarm) events.take();
            assertThat(alarm.sentence()).contains("r0: leaked threads", "1 thread, \"leak-2\" that it made");
            assertThat(lane.troubles(Troubles.NONE).leakedThreads()).containsExactly("r0: leak-2");
            assertThat(other.troubles(Troubles.NONE).leakedThreads()).isEmpty();
        } finally {
            ends.countDown();
        }
        while (!lane.troubles(Troubles.NONE).leakedThreads().isEmpty()) {
            Thread.onSpinWait();
        }
        assertThat(events).isEmpty();
    }

    // ---- what the tests share ------------------------------------------------------------------------------------

    private static Group group(ManagedResource... resources) {
        Group.Builder builder = Group.named("bad")
                .startBudget(Duration.ofMillis(300))
                .stopBudget(Duration.ofMillis(300))
                .monitorEvery(Duration.ofMillis(2));
        for (int i = 0; i < resources.length; i++) {
            builder.resource("r" + i, resources[i]);
        }
        return builder.build();
    }

    private static Group copied(int copies, ManagedResource resource) {
        return Group.named("db")
                .copies(copies)
                .promotable()
                .startBudget(Duration.ofMillis(300))
                .stopBudget(Duration.ofMillis(300))
                .monitorEvery(Duration.ofMillis(2))
                .resource("db", resource)
                .build();
    }

    private List<Lane> lanes(Group group) {
        return Lane.of(
                group, Part.of(group, List.of(HERE), HERE), false, getClass().getClassLoader(), around);
    }

    /** Offered already. */
    private static void awaitIt(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Lane lane(Group group) throws InterruptedException {
        Lane lane = lanes(group).get(0);
        lane.offer(lane::markOffered);
        next(Input.GroupOffered.class);
        return lane;
    }

    private void running(Lane lane, long token) throws InterruptedException {
        lane.start(LIFE, token, ProofKind.NEVER);
        assertThat(next(Input.StartEnded.class).failure()).isEmpty();
    }

    /** The next input of a kind; others before it are dropped. */
    private <T extends Input> T next(Class<T> kind) throws InterruptedException {
        for (Input input = inputs.poll(60, TimeUnit.SECONDS);
                input != null;
                input = inputs.poll(60, TimeUnit.SECONDS)) {
            if (kind.isInstance(input)) {
                return kind.cast(input);
            }
        }
        throw new AssertionError("no " + kind.getSimpleName() + " within 60 s");
    }

    private <T extends Input> T nextOf(String group, Class<T> kind) throws InterruptedException {
        T input = next(kind);
        while (!input.toString().contains("group=" + group)) {
            input = next(kind);
        }
        return input;
    }

    /** Does nothing, well. */
    private static class Good implements ManagedResource {
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
    private static final class Told extends Good {
        private final String name;
        private final List<String> told;
        private volatile Health health = Health.healthy();

        private Told(String name) {
            this(name, new CopyOnWriteArrayList<>());
        }

        private Told(String name, List<String> told) {
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
    private static class Roles extends Good implements PromotableResource {
        private final Scope promotedScope;
        private volatile List<String> remains = List.of();
        private volatile boolean canStop = true;
        private volatile boolean isPromoted;

        private Roles(Scope promotedScope) {
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
    private final class Hanging implements ManagedResource {
        private final Call where;
        private final CountDownLatch until;
        private final boolean isInChannel;
        private final List<String> told = new CopyOnWriteArrayList<>();
        private final CountDownLatch prepared = new CountDownLatch(1);
        private final java.util.concurrent.Semaphore monitored = new java.util.concurrent.Semaphore(0);
        private volatile boolean isOn;

        private Hanging(Call where) {
            this(where, free);
        }

        private Hanging(Call where, CountDownLatch until) {
            this(where, until, false);
        }

        /** @param isInChannel whether an interrupt lasts until it is set free */
        private Hanging(Call where, CountDownLatch until, boolean isInChannel) {
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
        public void retire() {
            hangIf(Call.RETIRE);
        }
    }

    /** Nothing ends anything here. */
    private static final class Uncovered implements Lane.Cover {
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
            // Nothing to arm.
        }

        @Override
        public Lane.Standing standing(String group, long token) {
            return Lane.Standing.MAY_ACT;
        }

        @Override
        public void leave(String group) {
            // Nothing was armed.
        }
    }
}
