package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.spi.ManagedResource.Call;

@Timeout(60)
class CallWatchTest {
    private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
    private final CallWatch watch = new CallWatch(timers);

    @AfterEach
    void nothing_stays_behind() {
        timers.shutdownNow();
        boolean isOver = false;
        while (!isOver) {
            try {
                isOver = timers.awaitTermination(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                // Meant for a call of the test.
                isOver = false;
            }
        }
        Thread.interrupted();
    }

    @Test
    void a_look_that_cannot_be_ended_in_order_keeps_no_other_from_being_ended() {
        CountDownLatch broken = new CountDownLatch(1);
        watch.begin(call(Duration.ofMillis(1), () -> {
            broken.countDown();
            throw new AssertionError("planned");
        }));
        assertThat(awaits(broken)).isTrue();

        CountDownLatch beside = new CountDownLatch(1);
        CountDownLatch later = new CountDownLatch(1);
        watch.begin(call(Duration.ofMillis(1), beside::countDown));
        assertThat(awaits(beside)).isTrue();
        watch.begin(call(Duration.ofMillis(1), later::countDown));
        assertThat(awaits(later)).isTrue();
    }

    @Test
    void however_many_looks_take_long_one_timer_waits_for_them() {
        timers.setRemoveOnCancelPolicy(true);
        for (int hours = 20; hours > 0; hours--) {
            watch.begin(call(Duration.ofHours(hours), () -> {}));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(timers.getQueue()).as("after %d looks", i).hasSize(1);
            lookNow();
        }
    }

    @Test
    void a_timer_that_an_earlier_deadline_has_overtaken_plans_nothing() {
        watch.begin(call(Duration.ofHours(2), () -> {}));
        Runnable overtaken = timers.getQueue().peek();
        watch.begin(call(Duration.ofHours(1), () -> {}));

        overtaken.run();

        lookNow();
        assertThat(timers.getQueue()).filteredOn(timer -> timer != overtaken).hasSize(1);
    }

    @Test
    void a_timer_that_could_not_be_had_keeps_no_later_look_from_being_ended() {
        boolean[] isFull = {true};
        ScheduledThreadPoolExecutor full = new ScheduledThreadPoolExecutor(1) {
            @Override
            public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
                if (isFull[0]) {
                    throw new RejectedExecutionException("planned");
                }
                return super.schedule(command, delay, unit);
            }
        };
        try {
            CallWatch other = new CallWatch(full);
            other.begin(call(Duration.ofMinutes(1), () -> {}));
            isFull[0] = false;

            other.begin(call(Duration.ofHours(1), () -> {}));
            assertThat(full.getQueue()).hasSize(1);
        } finally {
            full.shutdownNow();
        }
    }

    /** As if the time of the timer that is first had come. */
    private void lookNow() {
        Runnable first = timers.getQueue().peek();
        assertThat(timers.remove(first)).isTrue();
        first.run();
    }

    private static UserCall call(Duration budget, Runnable onGivenUp) {
        return new UserCall(Runnable::run, null, "app", Call.MONITOR, 0, budget, () -> {}, onGivenUp);
    }

    /** The calls have this thread for theirs, and are interrupted. */
    private static boolean awaits(CountDownLatch latch) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (latch.getCount() > 0 && System.nanoTime() < end) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            Thread.interrupted();
        }
        return latch.getCount() == 0;
    }
}
