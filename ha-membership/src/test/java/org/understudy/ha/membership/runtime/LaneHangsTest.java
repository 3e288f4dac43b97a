package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Input;

/** Resources that do not return, and what comes of it when they do at last. */
class LaneHangsTest extends LaneFixture {

    @Test
    void a_monitor_that_hangs_is_not_called_again_while_its_group_is_let_be() throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.MONITOR);
        Lane lane = lane(group(hanging));
        running(lane, 5);
        hanging.isOn = true;
        assertThat(next(Input.GroupEnded.class).why()).contains("r0: monitor has not returned");
        hanging.monitored.drainPermits();
        assertThat(hanging.monitored.tryAcquire(100, TimeUnit.MILLISECONDS)).isFalse();

        free.countDown();
        assertThat(next(Input.GroupMended.class).token()).isEqualTo(5);
    }

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
    void of_a_monitor_that_hangs_at_the_first_look_and_of_those_after_it_it_is_known_that_they_are_not_heard()
            throws Exception {
        Hanging hanging = new Hanging(ManagedResource.Call.MONITOR);
        hanging.isOn = true;
        Told teller = new Told("app");
        teller.health = Health.notRunning();
        Lane lane = lane(group(teller, hanging, teller));
        assertThat(lane.unheardMonitors()).containsExactly("r1", "r2");
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
    void a_look_that_is_given_up_after_its_lane_has_ended_is_not_made_again() throws Exception {
        for (ManagedResource.Call what : List.of(ManagedResource.Call.ELIGIBILITY, ManagedResource.Call.MONITOR)) {
            CountDownLatch released = new CountDownLatch(1);
            Hanging hanging = new Hanging(what, released);
            Lane lane = lane(group(hanging));
            hanging.isOn = true;
            if (what == ManagedResource.Call.MONITOR) {
                running(lane, 1);
            }
            String call = "r0." + what.name().toLowerCase(Locale.ROOT);
            while (!lane.progress(Duration.ZERO).contains(call)) {
                Thread.onSpinWait();
            }
            lane.discard();
            lane.awaitEnd(60_000);
            hanging.isOn = false;
            released.countDown();
            while (isAnythingPlanned()) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /** Asked on the thread of the timers, so that nothing is between two plans. */
    private boolean isAnythingPlanned() throws Exception {
        return timers.submit(() -> !timers.getQueue().isEmpty()).get();
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
        assertUnknownUntilItReturns();
    }

    private void assertUnknownUntilItReturns() throws InterruptedException {
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
        assertUnknownUntilItReturns();
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
}
