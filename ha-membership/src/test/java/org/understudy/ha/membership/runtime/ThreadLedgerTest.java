package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.membership.runtime.ThreadLedger.Maker;

@Timeout(60)
class ThreadLedgerTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final List<Thread> living = new CopyOnWriteArrayList<>();
    private final ThreadLedger ledger = new ThreadLedger(() -> living);

    @AfterEach
    void nothing_stays_behind() {
        end.countDown();
    }

    @Test
    void what_a_resource_made_and_did_not_end_is_its() {
        Maker maker = new Maker();

        Thread left = made(maker);

        assertThat(leftBy(maker)).containsExactly(left);
    }

    @Test
    void a_worker_of_the_common_pool_is_nobodys() throws Exception {
        Maker maker = new Maker();
        living.add(onCommonPool(Thread::currentThread));

        Thread left = made(maker);

        assertThat(leftBy(maker)).containsExactly(left);
    }

    @Test
    void the_thread_that_waits_for_delays_is_nobodys() {
        Maker maker = new Maker();
        CompletableFuture<Void> late = new CompletableFuture<Void>().orTimeout(1, TimeUnit.HOURS);
        try {
            List<Thread> waiting = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().endsWith("elayScheduler"))
                    .toList();
            assertThat(waiting).isNotEmpty();
            living.addAll(waiting);

            Thread left = made(maker);

            assertThat(leftBy(maker)).containsExactly(left);
        } finally {
            late.cancel(false);
        }
    }

    @Test
    void what_is_made_on_the_common_pool_is_nobodys_and_takes_nobodys_blame() throws Exception {
        Maker maker = new Maker();
        onCommonPool(() -> made(maker));
        Maker next = new Maker();
        ledger.begin(next);
        ledger.end(next);

        Thread left = made(next);

        assertThat(leftBy(maker)).isEmpty();
        assertThat(leftBy(next)).containsExactly(left);
    }

    @Test
    void a_thread_that_came_while_another_was_called_too_may_be_of_either_and_is_said_of_none() {
        Maker slow = new Maker();
        Maker quick = new Maker();
        ledger.begin(slow);
        elsewhere(() -> made(quick));
        Thread own = start();
        living.add(own);
        ledger.end(slow);

        assertThat(leftBy(quick)).isEmpty();
        assertThat(leftBy(slow)).as("nobody else was called any more").containsExactly(own);
    }

    @Test
    void a_thread_that_inherits_nothing_is_not_said_of_whoever_is_called_meanwhile_or_next() {
        Maker secret = new Maker();
        ledger.begin(secret);
        living.add(start(false));
        ledger.end(secret);
        Maker next = new Maker();
        Thread left = made(next);
        assertThat(leftBy(next)).containsExactly(left);

        Maker slow = new Maker();
        ledger.begin(slow);
        living.add(start());
        elsewhere(() -> {
            ledger.begin(secret);
            living.add(start(false));
            ledger.end(secret);
        });
        ledger.end(slow);
        assertThat(leftBy(slow)).isEmpty();
    }

    @Test
    void a_thread_is_not_said_of_one_that_was_called_later_than_it_was_begun() {
        Maker secret = new Maker();
        ledger.begin(secret);
        Thread late = unstarted(true);
        living.add(start());
        elsewhere(() -> made(new Maker()));
        Maker next = new Maker();
        elsewhere(() -> {
            ledger.begin(next);
            living.add(start());
            late.start();
            living.add(late);
            ledger.end(next);
        });
        ledger.end(secret);

        assertThat(leftBy(next)).isEmpty();
    }

    /** On another lane. */
    private static void elsewhere(Runnable call) {
        Thread thread = new Thread(null, call, "lane", 0, false);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_thread_that_goes_on_for_ever_holds_nothing_of_this_library() {
        WeakReference<Maker> held = forgotten();

        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (held.get() != null && System.nanoTime() - until < 0) {
            System.gc();
        }

        assertThat(held.get()).isNull();
        assertThat(end.getCount()).as("it goes on").isEqualTo(1);
    }

    /** Of a thread that lives on, and of which the ledger does not know. */
    private WeakReference<Maker> forgotten() {
        Maker maker = new Maker();
        ThreadLedger other = new ThreadLedger(List::of);
        other.begin(maker);
        try {
            start();
        } finally {
            other.end(maker);
        }
        return new WeakReference<>(maker);
    }

    private List<Thread> leftBy(Maker maker) {
        return ledger.leftBy(maker);
    }

    private Thread made(Maker maker) {
        ledger.begin(maker);
        try {
            Thread thread = start();
            living.add(thread);
            return thread;
        } finally {
            ledger.end(maker);
        }
    }

    private Thread start() {
        return start(true);
    }

    private Thread start(boolean inherits) {
        Thread thread = unstarted(inherits);
        thread.start();
        return thread;
    }

    private Thread unstarted(boolean inherits) {
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "made",
                0,
                inherits);
        thread.setDaemon(true);
        return thread;
    }

    /** Not by the caller, as a task of the pool may be that somebody waits for. */
    private static <T> T onCommonPool(Supplier<T> work) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        ForkJoinPool.commonPool().execute(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return result.get(30, TimeUnit.SECONDS);
    }
}
