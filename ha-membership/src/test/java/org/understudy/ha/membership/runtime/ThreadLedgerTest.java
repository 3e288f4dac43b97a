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
        ledger.end();

        Thread left = made(next);

        assertThat(leftBy(maker)).isEmpty();
        assertThat(leftBy(next)).containsExactly(left);
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
            other.end();
        }
        return new WeakReference<>(maker);
    }

    private List<Thread> leftBy(Maker maker) {
        maker.end();
        return ledger.leftBy(maker);
    }

    private Thread made(Maker maker) {
        ledger.begin(maker);
        try {
            Thread thread = start();
            living.add(thread);
            return thread;
        } finally {
            ledger.end();
        }
    }

    private Thread start() {
        Thread thread = new Thread(
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "made");
        thread.setDaemon(true);
        thread.start();
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
