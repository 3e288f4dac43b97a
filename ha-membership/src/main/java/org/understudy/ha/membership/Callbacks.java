package org.understudy.ha.membership;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * The thread on which what callers wait for is completed: their continuations are user code and belong neither on the loop nor on the timers.
 *
 * <p><b>Concurrency.</b> Any thread; nothing blocks. Nothing is refused: once this is closed, whoever would complete something does so itself, so
 * that nobody who asked beside the close waits for ever.
 */
final class Callbacks implements Executor, AutoCloseable {

    private static final long END_MILLIS = 500;

    private final ThreadPoolExecutor thread;

    Callbacks(NamedThreads threads) {
        this.thread = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                threads.named("callbacks"),
                (completion, closed) -> completion.run());
        // Made here with the host's factory, not by the first decision on the loop.
        thread.prestartCoreThread();
    }

    @Override
    public void execute(Runnable completion) {
        thread.execute(completion);
    }

    /** What waits is completed all the same; waits for that, {@value #END_MILLIS} ms at most. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
