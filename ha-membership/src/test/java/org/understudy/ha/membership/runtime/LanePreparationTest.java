package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.Input;

/** What a lane makes ready for while another node still runs it. */
class LanePreparationTest extends LaneFixture {

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
    void no_timer_outlives_what_it_limits() throws Exception {
        timers.setRemoveOnCancelPolicy(true);
        Lane lane = lane(Group.named("slow")
                .startBudget(Duration.ofHours(1))
                .stopBudget(Duration.ofHours(1))
                .monitorEvery(Duration.ofMillis(2))
                .resource("r0", new Good())
                .build());
        for (int i = 1; i <= 20; i++) {
            lane.prepare(10 * i, LIFE);
            if (i % 2 == 0) {
                next(Input.PrepareEnded.class);
            } else {
                lane.unprepare();
            }
            running(lane, 10 * i + 1);
            lane.stop(10 * i + 1, "planned");
            next(Input.StopEnded.class);
        }
        // What was done for the last stop is over before this begins.
        running(lane, 1_000);

        assertThat(timers.getQueue()).noneMatch(timer -> ((Delayed) timer).getDelay(TimeUnit.MINUTES) > 1);
    }

    @Test
    void what_does_not_come_after_all_is_given_back_and_nothing_else_the_last_first() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Lane lane = lane(group(new GivingBack("first ", told), new GivingBack("second ", told)));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        assertThat(told).containsExactly("first prepare", "second prepare");
        told.clear();

        lane.unprepare();
        awaitTurn(lane);
        assertThat(told).containsExactly("second unprepare", "first unprepare");
        lane.unprepare();
        awaitTurn(lane);
        assertThat(told).as("nothing is made ready any more").hasSize(2);
        told.clear();

        lane.prepare(7, LIFE);
        next(Input.PrepareEnded.class);
        running(lane, 8);
        lane.stop(8, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        awaitTurn(lane);
        assertThat(told).as("a start has used what was made ready for it").noneMatch(one -> one.endsWith("unprepare"));
        told.clear();

        lane.prepare(9, LIFE);
        next(Input.PrepareEnded.class);
        lane.retire();
        assertThat(lane.awaitRetired(60_000)).isTrue();
        lane.awaitEnd(60_000);
        assertThat(told)
                .as("the group is given up here")
                .containsExactly("first prepare", "second prepare", "first retire", "second retire");
    }

    @Test
    void a_resource_that_knows_only_retire_keeps_nothing_of_a_preparation_that_is_withdrawn() throws Exception {
        CountDownLatch isGivenBack = new CountDownLatch(1);
        Lane lane = lane(group(new Good() {
            @Override
            public Optional<Duration> budget(Call call) {
                return Optional.of(call).filter(Call.RETIRE::equals).map(retire -> Duration.ofSeconds(59));
            }

            @Override
            public void retire() {
                isGivenBack.countDown();
                awaitIt(free);
            }
        }));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        assertThat(isGivenBack.getCount()).isEqualTo(1);

        lane.unprepare();

        assertThat(isGivenBack.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(lane.progress(Duration.ZERO))
                .as("it has the time that the resource wants for the call")
                .contains("r0.unprepare")
                .endsWith("of its budget of 59 s");
        free.countDown();
        running(lane, 7);
    }

    @Test
    void a_giving_back_that_fails_changes_nothing() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Lane lane = lane(group(new GivingBack("first ", told), new GivingBack("second ", told) {
            @Override
            public void unprepare() {
                super.unprepare();
                throw new IllegalStateException("planned");
            }
        }));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        told.clear();
        lane.unprepare();
        awaitTurn(lane);
        running(lane, 7);
        assertThat(told).containsExactly("second unprepare", "first unprepare", "first start", "second start");
    }

    @Test
    void what_was_made_ready_for_a_start_that_was_cancelled_before_it_was_called_is_given_back() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Lane lane = lane(group(new GivingBack(told)));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        leases.publish(new PublishLease(Optional.of(LIFE), false, System.nanoTime()));
        lane.start(LIFE, 7, ProofKind.RELEASED);
        awaitCall(lane, ManagedResource.Call.START);
        lane.stop(7, "doubt");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        awaitTurn(lane);
        assertThat(told).containsExactly("prepare", "stop", "unprepare");
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
    void what_uses_up_its_time_to_make_ready_is_not_tried_again_at_once() throws Exception {
        Lane lane = lane(group(new Good() {
            @Override
            public void prepare(PrepareContext context) throws InterruptedException {
                free.await();
            }
        }));
        lane.prepare(6, LIFE);
        Input.PrepareEnded failed = next(Input.PrepareEnded.class);
        assertThat(failed.failure()).contains(Severity.HARD);
        assertThat(failed.resource()).isEqualTo("r0");
        assertThat(failed.why()).isEqualTo("r0.prepare was interrupted after at most 300 ms");
    }

    @Test
    void what_fails_only_once_its_time_is_up_has_used_it_up_all_the_same() throws Exception {
        Lane lane = lane(group(new Good() {
            @Override
            public void prepare(PrepareContext context) throws ResourceException {
                try {
                    free.await();
                } catch (InterruptedException e) {
                    throw new ResourceException(Severity.SOFT, "nobody answered", e);
                }
            }
        }));
        lane.prepare(6, LIFE);
        Input.PrepareEnded failed = next(Input.PrepareEnded.class);
        assertThat(failed.failure()).contains(Severity.HARD);
        assertThat(failed.why()).isEqualTo("r0.prepare: nobody answered");
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
    void a_giving_back_that_hangs_keeps_the_group_away_until_it_returns() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.UNPREPARE);
        Lane lane = lane(group(hanging));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        hanging.isOn = true;
        lane.unprepare();
        Input.EligibilityChanged veto = next(Input.EligibilityChanged.class);
        assertThat(veto.isEligible()).isFalse();
        assertThat(veto.whyNot()).contains("r0.unprepare does not return");
        assertThat(lane.troubles(Troubles.NONE).hanging()).isEqualTo(1);

        hanging.isOn = false;
        assertThat(next(Input.EligibilityChanged.class).isEligible()).isTrue();
        assertThat(lane.troubles(Troubles.NONE).hanging()).isZero();
        running(lane, 7);
    }

    @Test
    void a_giving_back_that_hangs_says_nothing_of_a_group_that_has_been_let_go_of() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.RETIRE);
        Lane lane = lane(group(hanging));
        hanging.isOn = true;
        lane.retire();
        while (events.isEmpty()) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(events.toString()).contains("r0.retire has not returned");
        timers.submit(() -> {}).get();
        assertThat(inputs)
                .as("another group may have come under its name")
                .noneMatch(Input.EligibilityChanged.class::isInstance);
    }

    @Test
    void what_is_granted_behind_what_hangs_and_is_no_start_fails_to_start_and_counts_as_stopped() throws Exception {
        for (ManagedResource.Call what : List.of(ManagedResource.Call.PREPARE, ManagedResource.Call.UNPREPARE)) {
            for (boolean isEarly : List.of(true, false)) {
                CountDownLatch released = new CountDownLatch(1);
                Hanging hanging = new Hanging(what, released);
                Lane lane = lane(group(hanging));
                hanging.isOn = true;
                lane.prepare(6, LIFE);
                if (what == ManagedResource.Call.UNPREPARE) {
                    next(Input.PrepareEnded.class);
                    lane.unprepare();
                }
                awaitCall(lane, what);
                if (!isEarly) {
                    assertThat(next(Input.EligibilityChanged.class).isEligible())
                            .isFalse();
                }
                lane.start(LIFE, 7, ProofKind.DIED);
                assertThat(next(Input.StartEnded.class).why())
                        .contains(what.name().toLowerCase(Locale.ROOT))
                        .contains("although it was interrupted");

                lane.stop(7, "it did not start");
                assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
                hanging.isOn = false;
                released.countDown();
                Input.EligibilityChanged back = next(Input.EligibilityChanged.class);
                assertThat(back.isEligible()
                                || next(Input.EligibilityChanged.class).isEligible())
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
    }

    /** The giving back has no turn yet when the group is granted and stopped. */
    @Test
    void a_start_that_never_began_counts_as_stopped_though_a_giving_back_hangs_before_its_stop() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.UNPREPARE);
        Lane lane = lane(group(hanging));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        hanging.isOn = true;
        CountDownLatch turn = keepTurn(lane);
        lane.unprepare();
        lane.start(LIFE, 7, ProofKind.DIED);
        lane.stop(7, "doubt");
        turn.countDown();
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(unstopped).isEmpty();

        hanging.isOn = false;
        Input.EligibilityChanged back = next(Input.EligibilityChanged.class);
        assertThat(back.isEligible() || next(Input.EligibilityChanged.class).isEligible())
                .isTrue();
        running(lane, 8);
        assertThat(hanging.told).containsExactly("start");
    }

    @Test
    void a_preparation_of_one_copy_that_hangs_keeps_every_copy_away() throws Exception {
        for (boolean isEarly : List.of(true, false)) {
            CountDownLatch released = new CountDownLatch(1);
            Hanging hanging = new Hanging(ManagedResource.Call.PREPARE, released);
            List<Lane> lanes = copies(hanging);
            hanging.isOn = true;
            lanes.get(0).prepare(6, LIFE);
            awaitCall(lanes.get(0), ManagedResource.Call.PREPARE);
            if (!isEarly) {
                for (Lane lane : lanes) {
                    Input.EligibilityChanged veto = nextOf(lane.name(), Input.EligibilityChanged.class);
                    assertThat(veto.isEligible()).isFalse();
                    assertThat(veto.whyNot()).contains("r0.prepare does not return");
                }
            }
            lanes.get(1).start(LIFE, 8, ProofKind.DIED);
            Input.StartEnded failed = nextOf(lanes.get(1).name(), Input.StartEnded.class);
            assertThat(failed.token()).isEqualTo(8);
            assertThat(failed.why()).contains("prepare").contains("although it was interrupted");
            lanes.get(1).stop(8, "it did not start");
            assertThat(nextOf(lanes.get(1).name(), Input.StopEnded.class).isStopped())
                    .isTrue();
            assertThat(unstopped).isEmpty();
            hanging.isOn = false;
            released.countDown();
            lanes.get(0).unprepare();
            Input.EligibilityChanged back = nextOf(lanes.get(1).name(), Input.EligibilityChanged.class);
            assertThat(back.isEligible()
                            || nextOf(lanes.get(1).name(), Input.EligibilityChanged.class)
                                    .isEligible())
                    .isTrue();
            running(lanes.get(1), 9);
            assertThat(hanging.told).containsExactly("start");
            lanes.forEach(Lane::discard);
        }
    }

    @Test
    void a_copy_that_is_stopped_before_it_began_gives_nothing_back_that_is_made_ready_for_another() throws Exception {
        CountDownLatch isLoaded = new CountDownLatch(1);
        List<String> told = new CopyOnWriteArrayList<>();
        List<Lane> lanes = copies(new GivingBack(told) {
            @Override
            public void prepare(PrepareContext context) {
                super.prepare(context);
                awaitIt(isLoaded);
            }
        });
        lanes.get(0).prepare(6, LIFE);
        awaitCall(lanes.get(0), ManagedResource.Call.PREPARE);
        lanes.get(1).start(LIFE, 8, ProofKind.DIED);
        lanes.get(1).stop(8, "doubt");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        isLoaded.countDown();
        assertThat(next(Input.PrepareEnded.class).failure()).isEmpty();
        awaitTurn(lanes.get(0));
        running(lanes.get(0), 9);
        assertThat(told).containsExactly("prepare", "start");
    }

    @Test
    void what_was_made_ready_and_is_stopped_before_it_began_is_given_back() throws Exception {
        for (boolean isCopy : List.of(false, true)) {
            List<String> told = new CopyOnWriteArrayList<>();
            Lane lane = isCopy ? copies(new GivingBack(told)).get(0) : lane(group(new GivingBack(told)));
            lane.prepare(6, LIFE);
            next(Input.PrepareEnded.class);
            CountDownLatch turn = keepTurn(lane);
            lane.start(LIFE, 7, ProofKind.RELEASED);
            lane.stop(7, "doubt");
            turn.countDown();
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
            awaitTurn(lane);
            assertThat(told).first().isEqualTo("prepare");
            assertThat(told).last().isEqualTo("unprepare");
            assertThat(told).doesNotContain("start");

            running(lane, 8);
            lane.stop(8, "asked to move");
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
            awaitTurn(lane);
            assertThat(told).as("a start has used what was made ready for it").containsOnlyOnce("unprepare");
        }
    }

    @Test
    void what_was_made_ready_for_a_start_that_failed_before_its_turn_is_given_back_after_the_stop() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Lane lane = lane(group(
                new Good() {
                    @Override
                    public void start(StartContext context) throws ResourceException {
                        throw new ResourceException(Severity.SOFT, "planned");
                    }
                },
                new GivingBack(told)));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        lane.start(LIFE, 7, ProofKind.RELEASED);
        assertThat(next(Input.StartEnded.class).resource()).isEqualTo("r0");
        lane.stop(7, "it did not start");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        awaitTurn(lane);
        assertThat(told).containsExactly("prepare", "stop", "unprepare");
    }

    @Test
    void a_giving_back_after_a_stop_that_hangs_does_not_hold_its_answer() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.UNPREPARE);
        Lane lane = lane(group(hanging));
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        hanging.isOn = true;
        CountDownLatch turn = keepTurn(lane);
        lane.start(LIFE, 7, ProofKind.RELEASED);
        lane.stop(7, "doubt");
        turn.countDown();
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(next(Input.EligibilityChanged.class).whyNot()).contains("r0.unprepare does not return");
        assertThat(unstopped).isEmpty();
    }

    @Test
    void what_could_not_be_made_ready_is_not_called_ready() throws Exception {
        NodeId there = NodeId.of("there");
        Lane lane = lane(group(new Good() {
            @Override
            public void prepare(PrepareContext context) throws ResourceException {
                if (context.token().value() == 6) {
                    throw new ResourceException(Severity.HARD, "no room for its cache");
                }
            }
        }));
        assertThat(lane.preparing(there)).isEmpty();
        lane.prepare(6, LIFE);
        next(Input.PrepareEnded.class);
        assertThat(lane.preparing(there))
                .contains("it could not be made ready here and still runs on there: r0.prepare: no room for its cache");
        lane.unprepare();
        assertThat(lane.preparing(there)).isEmpty();
        lane.prepare(7, LIFE);
        next(Input.PrepareEnded.class);
        assertThat(lane.preparing(there))
                .contains("it is ready to come here, and stops on there as soon as that has heard so");
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
    void a_preparation_that_is_taken_back_while_its_call_begins_is_not_made() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Lane lane = lane(group(new GivingBack(told)));
        beforeTimer.set(lane::unprepare);
        lane.prepare(6, LIFE);
        awaitTurn(lane);
        awaitTurn(lane);
        assertThat(beforeTimer.get()).isNull();
        assertThat(told).doesNotContain("prepare");
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

    /** Two, offered already. */
    private List<Lane> copies(ManagedResource resource) throws InterruptedException {
        List<Lane> lanes = lanes(Group.named("bad")
                .copies(2)
                .startBudget(Duration.ofMillis(300))
                .stopBudget(Duration.ofMillis(300))
                .resource("r0", resource)
                .build());
        for (Lane lane : lanes) {
            lane.offer(lane::markOffered);
            next(Input.GroupOffered.class);
        }
        return lanes;
    }

    /** Nothing of the lane has a turn until the latch is opened. */
    private static CountDownLatch keepTurn(Lane lane) {
        CountDownLatch has = new CountDownLatch(1);
        CountDownLatch until = new CountDownLatch(1);
        lane.offer(() -> {
            has.countDown();
            awaitIt(until);
        });
        awaitIt(has);
        return until;
    }

    /** Everything that was told before has been done. */
    private static void awaitTurn(Lane lane) {
        keepTurn(lane).countDown();
    }

    private static void awaitCall(Lane lane, ManagedResource.Call what) {
        while (!lane.progress(Duration.ZERO).contains("r0." + what.name().toLowerCase(Locale.ROOT))) {
            Thread.onSpinWait();
        }
    }

    /** Says what became of what it makes ready. */
    private static class GivingBack extends Good {
        private final String name;
        private final List<String> told;

        GivingBack(List<String> told) {
            this("", told);
        }

        GivingBack(String name, List<String> told) {
            this.name = name;
            this.told = told;
        }

        @Override
        public void prepare(PrepareContext context) {
            told.add(name + "prepare");
        }

        @Override
        public void start(StartContext context) {
            told.add(name + "start");
        }

        @Override
        public void stop(StopContext context) {
            told.add(name + "stop");
        }

        @Override
        public void unprepare() {
            told.add(name + "unprepare");
        }

        @Override
        public void retire() {
            told.add(name + "retire");
        }
    }
}
