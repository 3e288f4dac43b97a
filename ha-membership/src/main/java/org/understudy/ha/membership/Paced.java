package org.understudy.ha.membership;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Runs one thing on the loop whenever somebody asks for it, however often they ask: at once if it has not run for a while, else when that
 * while has passed. So whoever asks in a tight loop never has more than one of it wait there. What is asked for while it runs, it runs for
 * again.
 *
 * <p><b>Concurrency.</b> Any thread may ask; never blocks.
 */
final class Paced {

    private final long apartNanos;
    private final LongSupplier nanoTime;
    private final Executor loop;
    private final LoopTimer timer;
    private final Runnable action;
    private final AtomicBoolean isWaiting = new AtomicBoolean();
    private volatile long ranAt;

    /**
     * @param apartNanos from one run to the next at least
     * @param loop runs something on the loop soon
     */
    Paced(long apartNanos, LongSupplier nanoTime, Executor loop, LoopTimer timer, Runnable action) {
        this.apartNanos = apartNanos;
        this.nanoTime = nanoTime;
        this.loop = loop;
        this.timer = timer;
        this.action = action;
        this.ranAt = nanoTime.getAsLong() - apartNanos;
    }

    void ask() {
        if (isWaiting.compareAndSet(false, true)) {
            long left = apartNanos - (nanoTime.getAsLong() - ranAt);
            if (left <= 0) {
                loop.execute(this::run);
            } else {
                timer.later(left, this::run);
            }
        }
    }

    private void run() {
        ranAt = nanoTime.getAsLong();
        // Before it runs: what comes to wait meanwhile may be too late for this run.
        isWaiting.set(false);
        action.run();
    }
}
