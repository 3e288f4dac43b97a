package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
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
