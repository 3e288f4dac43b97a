package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends looks that take too long. There are thousands in a second and hardly one does, so they get no timer each: somebody looks when the first of
 * those that were under way has used up its budget, and every {@value #EVERY_MILLIS} ms while one has. All that is in steps of
 * {@value #EVERY_MILLIS} ms, and their budgets are that much longer at most. One timer is wanted at any time; one that an earlier deadline has
 * overtaken is cancelled, and does nothing if it runs all the same.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing blocks.
 */
public final class CallWatch {

    private static final Logger LOG = LoggerFactory.getLogger(CallWatch.class);
    private static final long EVERY_MILLIS = 100;
    /** So much later than its budget a look is ended at most, if nothing keeps the timers. */
    static final Duration LATE_AT_MOST = Duration.ofMillis(EVERY_MILLIS);

    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(EVERY_MILLIS);

    private final ScheduledExecutorService timers;
    private final Set<UserCall> calls = ConcurrentHashMap.newKeySet();
    private final long origin = System.nanoTime();
    /** The next look; whatever else is queued is not wanted any more. */
    private final AtomicReference<Plan> planned = new AtomicReference<>(Plan.NONE);

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
        for (Plan before = planned.get(); wanted < before.at; before = planned.get()) {
            Plan plan = new Plan(wanted);
            if (planned.compareAndSet(before, plan)) {
                before.cancel();
                schedule(plan);
                return;
            }
        }
    }

    private void schedule(Plan plan) {
        boolean isScheduled = false;
        try {
            plan.timer =
                    timers.schedule(() -> look(plan), plan.at - (System.nanoTime() - origin), TimeUnit.NANOSECONDS);
            isScheduled = true;
        } catch (RejectedExecutionException e) {
            LOG.trace("the node is closed");
        } finally {
            if (!isScheduled) {
                // Whoever begins next tries again.
                planned.compareAndSet(plan, Plan.NONE);
            }
        }
        if (planned.get() != plan) {
            plan.cancel();
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

    private void look(Plan plan) {
        // From here on whoever begins plans anew.
        if (!planned.compareAndSet(plan, Plan.NONE)) {
            return;
        }
        long now = System.nanoTime();
        try {
            calls.forEach(call -> lookAt(call, now));
        } finally {
            planNext(now);
        }
    }

    /** Once, by the first of them: each that plans for itself leaves behind what the one before it planned. */
    private void planNext(long now) {
        calls.stream()
                .filter(call -> !call.isGivenUp())
                .map(call -> now - call.deadlineNanos() < 0 ? call.deadlineNanos() : now + 1)
                .min(Comparator.comparingLong(nanos -> nanos - origin))
                .ifPresent(this::planBy);
    }

    /** A look to come. Told from others by identity. */
    private static final class Plan {
        private static final Plan NONE = new Plan(Long.MAX_VALUE);

        /** Since the origin. */
        private final long at;

        private volatile @Nullable Future<?> timer;

        private Plan(long at) {
            this.at = at;
        }

        private void cancel() {
            Future<?> known = timer;
            if (known != null) {
                known.cancel(false);
            }
        }
    }
}
