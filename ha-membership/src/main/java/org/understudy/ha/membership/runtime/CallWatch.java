package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends looks that take too long. There are thousands in a second and hardly one does, so they get no timer each: while any is under way somebody
 * looks every {@value #EVERY_MILLIS} ms, and their budgets are that much longer at most.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing blocks.
 */
public final class CallWatch {

    private static final Logger LOG = LoggerFactory.getLogger(CallWatch.class);
    private static final long EVERY_MILLIS = 100;
    /** So much later than its budget a look is ended at most, if nothing keeps the timers. */
    static final Duration LATE_AT_MOST = Duration.ofMillis(EVERY_MILLIS);

    private final ScheduledExecutorService timers;
    private final Set<UserCall> calls = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean isPlanned = new AtomicBoolean();

    public CallWatch(ScheduledExecutorService timers) {
        this.timers = timers;
    }

    void begin(UserCall call) {
        calls.add(call);
        if (!isPlanned.get() && isPlanned.compareAndSet(false, true)) {
            plan();
        }
    }

    void end(UserCall call) {
        calls.remove(call);
    }

    private void plan() {
        try {
            timers.schedule(this::look, EVERY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("the node is closed");
        }
    }

    /** What is told of one that is given up may throw: the others are looked at all the same. */
    private static void lookAt(UserCall call, long now) {
        try {
            call.look(now);
        } catch (Exception | Error e) {
            try {
                LOG.warn("{} could not be ended in order", call.name(), e);
            } catch (Exception | Error again) {
                e.addSuppressed(again);
            }
        }
    }

    private void look() {
        try {
            long now = System.nanoTime();
            calls.forEach(call -> lookAt(call, now));
        } finally {
            isPlanned.set(false);
            if (!calls.isEmpty() && isPlanned.compareAndSet(false, true)) {
                plan();
            }
        }
    }
}
