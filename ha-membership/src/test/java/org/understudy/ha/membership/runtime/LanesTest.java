package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.loop.NamedThreads;

@Timeout(60)
class LanesTest {

    private final Set<Thread> made = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
    private final LanePool pool = new LanePool(new NamedThreads(this::make, NodeId.of("here")), timers);
    private final CountDownLatch forever = new CountDownLatch(1);
    private final CountDownLatch factory = new CountDownLatch(1);
    private volatile boolean isOutOfThreads;
    private volatile boolean isFactoryStuck;

    private Thread make(Runnable body) {
        if (isOutOfThreads) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        if (isFactoryStuck) {
            await(factory);
        }
        Thread thread = new Thread(body);
        made.add(thread);
        return thread;
    }

    @AfterEach
    void nothing_stays_behind() throws InterruptedException {
        forever.countDown();
        factory.countDown();
        timers.shutdownNow();
        pool.close();
        for (Thread thread : made) {
            thread.join();
        }
        assertThatThrownBy(() -> pool.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    private void hang() {
        await(forever);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- the pool ------------------------------------------------------------------------------------------------

    @Test
    void calls_that_hang_keep_no_other_from_running() throws InterruptedException {
        IntStream.range(0, 20).forEach(i -> pool.execute(this::hang));
        CountDownLatch ran = new CountDownLatch(1);
        pool.execute(ran::countDown);
        ran.await();
        assertThat(made).hasSize(22);
    }

    @Test
    void calls_one_after_the_other_need_few_threads() throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            CountDownLatch ran = new CountDownLatch(1);
            pool.execute(ran::countDown);
            ran.await();
        }
        // Two, and one more each time that whoever gives the next call is held up.
        assertThat(made).hasSizeLessThan(20);
    }

    @Test
    void without_further_threads_calls_wait_for_one_another() throws InterruptedException {
        isOutOfThreads = true;
        CountDownLatch ran = new CountDownLatch(2);
        pool.execute(ran::countDown);
        pool.execute(ran::countDown);
        ran.await();
        assertThat(made).hasSize(1);
    }

    @Test
    void a_thread_that_could_not_be_made_is_made_as_soon_as_it_can_be() throws InterruptedException {
        isOutOfThreads = true;
        pool.execute(this::hang);
        CountDownLatch stopped = new CountDownLatch(1);
        pool.execute(stopped::countDown);
        isOutOfThreads = false;
        stopped.await();
    }

    @Test
    void whoever_gives_a_task_never_waits_for_the_factory_of_the_host() throws InterruptedException {
        isFactoryStuck = true;
        CountDownLatch given = new CountDownLatch(100);
        Thread loop = new Thread(() -> IntStream.range(0, 100).forEach(i -> {
            pool.execute(() -> {});
            given.countDown();
        }));
        loop.start();
        given.await();
        factory.countDown();
    }

    @Test
    void a_task_that_fails_or_leaves_an_interrupt_harms_no_other() throws InterruptedException {
        pool.execute(() -> {
            throw new AssertionError("planned");
        });
        pool.execute(() -> Thread.currentThread().interrupt());
        SynchronousQueue<Boolean> seen = new SynchronousQueue<>();
        for (int i = 0; i < 10; i++) {
            pool.execute(() -> offer(seen, Thread.currentThread().isInterrupted()));
            assertThat(seen.take()).isFalse();
        }
    }

    private static void offer(SynchronousQueue<Boolean> queue, boolean value) {
        try {
            queue.put(value);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- one lane ------------------------------------------------------------------------------------------------

    @Test
    void a_lane_runs_one_task_at_a_time_and_in_order() throws InterruptedException {
        LaneQueue lane = new LaneQueue(pool, "lane-test");
        List<Integer> order = new CopyOnWriteArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(500);
        for (int i = 0; i < 500; i++) {
            int number = i;
            assertThat(lane.execute(() -> {
                        order.add(inside.incrementAndGet() == 1 ? number : -1);
                        inside.decrementAndGet();
                        done.countDown();
                    }))
                    .isTrue();
            lane.tryRun(() -> {
                if (inside.incrementAndGet() != 1) {
                    order.add(-2);
                }
                inside.decrementAndGet();
            });
        }
        done.await();
        assertThat(order)
                .containsExactlyElementsOf(IntStream.range(0, 500).boxed().toList());
        assertThat(lane.awaitIdle(60_000)).isTrue();
    }

    @Test
    void what_is_queued_while_a_task_runs_on_another_thread_is_run_after_it() throws InterruptedException {
        LaneQueue lane = new LaneQueue(pool, "lane-test");
        CountDownLatch ran = new CountDownLatch(1);
        AtomicBoolean wasEarly = new AtomicBoolean();
        assertThat(lane.tryRun(() -> {
                    assertThat(lane.execute(ran::countDown)).isTrue();
                    assertThat(lane.tryRun(() -> {})).isFalse();
                    wasEarly.set(ran.getCount() == 0);
                }))
                .isTrue();
        ran.await();
        assertThat(wasEarly).isFalse();
    }

    @Test
    void a_lane_that_is_closed_at_once_interrupts_its_call_and_drops_the_rest() throws InterruptedException {
        LaneQueue lane = new LaneQueue(pool, "lane-test");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicBoolean isRestRun = new AtomicBoolean();
        lane.execute(() -> {
            begun.countDown();
            try {
                forever.await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        lane.execute(() -> isRestRun.set(true));
        begun.await();
        assertThat(lane.awaitIdle(0)).isFalse();
        AtomicInteger lastRuns = new AtomicInteger();
        lane.closeNow(lastRuns::incrementAndGet);
        interrupted.await();
        assertThat(lane.awaitIdle(60_000)).isTrue();
        assertThat(isRestRun).isFalse();
        assertThat(lastRuns).hasValue(1);
        lane.closeNow(lastRuns::incrementAndGet);
        assertThat(lane.awaitIdle(60_000)).isTrue();
        assertThat(lastRuns).as("once").hasValue(1);
        assertThat(lane.execute(() -> isRestRun.set(true))).isFalse();
        assertThat(lane.tryRun(() -> isRestRun.set(true))).isFalse();
        assertThat(isRestRun).isFalse();
    }

    @Test
    void an_interrupt_that_lasts_holds_up_neither_whoever_closes_the_lane_nor_who_asks_it()
            throws InterruptedException {
        LaneQueue lane = new LaneQueue(pool, "lane-test");
        CountDownLatch reads = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        LateChannel channel = new LateChannel(
                () -> {
                    reads.countDown();
                    while (interrupted.getCount() > 0) {
                        LockSupport.parkNanos(1_000_000);
                        Thread.interrupted();
                    }
                },
                () -> {
                    closing.countDown();
                    await(forever);
                });
        lane.execute(channel::read);
        reads.await();
        lane.closeNow(() -> {});
        closing.await();
        assertThat(lane.execute(() -> {})).isFalse();
        assertThat(lane.awaitIdle(0)).isFalse();
        interrupted.countDown();
        forever.countDown();
        assertThat(lane.awaitIdle(60_000)).isTrue();
    }

    @Test
    void a_lane_that_is_closed_still_does_what_it_was_given() throws InterruptedException {
        LaneQueue lane = new LaneQueue(pool, "lane-test");
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        lane.execute(() -> await(first));
        lane.execute(second::countDown);
        lane.close();
        first.countDown();
        second.await();
        assertThat(lane.execute(() -> {})).isFalse();
    }

    // ---- rounds --------------------------------------------------------------------------------------------------

    @Test
    void a_look_that_hangs_delays_no_other() throws InterruptedException {
        Rounds rounds = new Rounds(pool, timers);
        Duration often = Duration.ofMillis(1);
        CountDownLatch hung = new CountDownLatch(3);
        for (int i = 0; i < 3; i++) {
            rounds.every(often, () -> {
                hung.countDown();
                hang();
            });
        }
        hung.await();
        CountDownLatch looks = new CountDownLatch(50);
        Rounds.Entry entry = rounds.every(often, looks::countDown);
        looks.await();
        entry.cancel();
    }

    @Test
    void a_look_that_fails_is_repeated_and_one_that_is_cancelled_is_not() throws InterruptedException {
        Rounds rounds = new Rounds(pool, timers);
        CountDownLatch looks = new CountDownLatch(3);
        rounds.every(Duration.ofMillis(2), () -> {
            looks.countDown();
            throw new IllegalStateException("planned");
        });
        AtomicInteger cancelledLooks = new AtomicInteger();
        rounds.every(Duration.ofDays(1), cancelledLooks::incrementAndGet).cancel();
        Rounds.Entry second = rounds.every(Duration.ofMillis(30), cancelledLooks::incrementAndGet);
        second.cancel();
        looks.await();
        CountDownLatch later = new CountDownLatch(30);
        rounds.every(Duration.ofMillis(2), later::countDown);
        assertThat(later.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(cancelledLooks).hasValue(0);
    }

    /** Each look ends, so there is always progress; and yet one thread would need 400 ms for all. */
    @Test
    void slow_looks_are_shared_among_as_many_threads_as_it_takes() throws InterruptedException {
        Rounds rounds = new Rounds(pool, timers);
        CountDownLatch atOnce = new CountDownLatch(4);
        ThreadLocal<Boolean> isCounted = ThreadLocal.withInitial(() -> false);
        IntStream.range(0, 100)
                .forEach(i -> rounds.every(Duration.ofMillis(50), () -> {
                    if (!isCounted.get()) {
                        isCounted.set(true);
                        atOnce.countDown();
                    }
                    LockSupport.parkNanos(4_000_000);
                }));
        atOnce.await();
    }

    @Test
    void many_looks_are_made_by_few_threads() throws InterruptedException {
        Rounds rounds = new Rounds(pool, timers);
        CountDownLatch looks = new CountDownLatch(5_000);
        IntStream.range(0, 500).forEach(i -> rounds.every(Duration.ofMillis(10), looks::countDown));
        looks.await();
        assertThat(made).hasSizeLessThan(50);
    }
}
