package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.Input;

/** How the resources of a lane start and stop: the order, the budgets, and whatever they throw, say or leave behind. */
class LaneStartAndStopTest extends LaneFixture {

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
                LaneStartAndStopTest.<RuntimeException>sneak(thrown.get(number.getAndIncrement()));
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

    @Test
    void whatever_ends_a_start_outside_the_calls_is_a_failed_start() throws Exception {
        Told app = new Told("app");
        Lane lane = lane(group(app));
        coverThrows.set(new AssertionError("planned"));
        lane.start(LIFE, 1, ProofKind.NEVER);
        Input.StartEnded failed = next(Input.StartEnded.class);
        assertThat(failed.failure()).contains(Severity.HARD);
        assertThat(failed.why()).contains("its start failed", "planned");
        lane.stop(1, failed.why());
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        running(lane, 2);
    }

    @Test
    void a_resource_that_cannot_say_whether_it_ends_with_its_threads_is_started_all_the_same() throws Exception {
        Lane lane = lane(group(new Good() {
            @Override
            public boolean endsWithItsThreads() {
                throw new NoClassDefFoundError("planned");
            }
        }));
        running(lane, 1);
    }

    @Test
    void a_stop_that_fails_outside_the_calls_is_no_stop_and_is_tried_again() throws Exception {
        Told app = new Told("app");
        Lane lane = lane(group(app));
        running(lane, 1);
        coverThrows.set(new AssertionError("planned"));
        lane.stop(1, "asked to move");
        Input.StopEnded failed = next(Input.StopEnded.class);
        assertThat(failed.isStopped()).isFalse();
        assertThat(failed.why()).contains("its stop failed", "planned");
        assertThat(unstopped.poll(60, TimeUnit.SECONDS)).isEqualTo(failed.why());
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(app.told).containsExactly("start app", "quiesce app", "stop app", "stop app");
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable e) throws T {
        throw (T) e;
    }

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
}
