package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends looks that take too long. There are thousands in a second and hardly one does, so they get no timer each: somebody looks when the first of
 * those that were under way has used up its budget, and every {@value #EVERY_MILLIS} ms while one has. All that is in steps of
 * {@value #EVERY_MILLIS} ms, and their budgets are that much longer at most.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing blocks.
 */
public final class CallWatch {

    private static final Logger LOG = LoggerFactory.getLogger(CallWatch.class);
    private static final long EVERY_MILLIS = 100;
    /** So much later than its budget a look is ended at most, if nothing keeps the timers. */
    static final Duration LATE_AT_MOST = Duration.ofMillis(EVERY_MILLIS);

    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(EVERY_MILLIS);
    private static final long NEVER = Long.MAX_VALUE;

    private final ScheduledExecutorService timers;
    private final Set<UserCall> calls = ConcurrentHashMap.newKeySet();
    private final long origin = System.nanoTime();
    /** When somebody looks next, since the origin. */
    private final AtomicLong planned = new AtomicLong(NEVER);

    public CallWatch(ScheduledExecutorService timers) {
        this.timers = timers;
    }

    void begin(UserCall call) {
        calls.add(call);
        planBy(call.deadlineNanos());
    }

    void end(UserCall call) {
        calls.remove(call);
    }

    private void planBy(long nanos) {
        long at = nanos - origin;
        long wanted = at + EVERY_NANOS - 1 - Math.floorMod(at + EVERY_NANOS - 1, EVERY_NANOS);
        for (long before = planned.get(); wanted < before; before = planned.get()) {
            if (planned.compareAndSet(before, wanted)) {
                plan(wanted);
                return;
            }
        }
    }

    private void plan(long at) {
        try {
            timers.schedule(this::look, at - (System.nanoTime() - origin), TimeUnit.NANOSECONDS);
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
        // From here on whoever begins plans anew.
        planned.set(NEVER);
        long now = System.nanoTime();
        try {
            calls.forEach(call -> lookAt(call, now));
        } finally {
            calls.forEach(call -> {
                if (!call.isGivenUp()) {
                    planBy(now - call.deadlineNanos() < 0 ? call.deadlineNanos() : now + 1);
                }
            });
        }
    }
}
