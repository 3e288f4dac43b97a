package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls many short looks, each with its own interval, from few threads: those that are due go one after the other on one thread of
 * the pool. Somebody sees whether a round falls behind, a step more than {@value #USUAL_MILLIS} ms after it began at the latest; as long as rounds do, and for
 * {@value #WARY_SECONDS} s after that, every {@value #STEP_MILLIS} ms. The rest of it then goes on on one more thread with each time that it has
 * fallen behind. So a thousand groups cost two wake-ups a tick, and looks that hang or are slow delay the others by no more than that.
 *
 * <p>What names no interval is looked at every {@value #USUAL_MILLIS} ms, and where there is much of it, less often: a millisecond lies between two
 * such looks.
 *
 * <p>The interval is counted from the end of a look to the beginning of the next, rounded up to whole steps of {@value #STEP_MILLIS} ms, or
 * of a tenth of a longer interval, 100 ms at most, so that looks fall together.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing blocks. A look is never run twice at the same time.
 */
public final class Rounds {

    private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);
    private static final long STEP_MILLIS = 5;
    private static final long STEP = TimeUnit.MILLISECONDS.toNanos(STEP_MILLIS);
    /** An interval is rounded up by a part of itself at most. */
    private static final long STEPS = 10;

    private static final long STEP_MAX = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long USUAL_MILLIS = 50;
    private static final long USUAL = TimeUnit.MILLISECONDS.toNanos(USUAL_MILLIS);
    private static final long APART = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long WARY_SECONDS = 10;
    private static final long WARY = TimeUnit.SECONDS.toNanos(WARY_SECONDS);

    private final Executor pool;
    private final ScheduledExecutorService timers;
    private final long origin = System.nanoTime();
    private final Object lock = new Object();
    /** What is due at each step. */
    private final TreeMap<Long, ArrayDeque<Entry>> later = new TreeMap<>();

    private final ArrayDeque<Entry> due = new ArrayDeque<>();
    private int rounds;
    /** How many things are looked at in the entries that name no interval. */
    private int usual;

    /** A round was asked for and has not begun: the pool is short of threads. */
    private boolean isAsked;

    private long ended;
    private long endedAtTick;
    private long nextTick = Long.MAX_VALUE;
    /** Until when it is looked often whether rounds fall behind. */
    private long waryUntil;

    private @Nullable Future<?> planned;

    public Rounds(Executor pool, ScheduledExecutorService timers) {
        this.pool = pool;
        this.timers = timers;
    }

    /** Something that is looked at again and again. */
    public final class Entry {
        /** 0 for the usual one. */
        private final long interval;

        private final int things;
        private final Runnable look;
        private long due;
        private boolean isCancelled;

        private Entry(long interval, int things, Runnable look) {
            this.interval = interval;
            this.things = things;
            this.look = look;
        }

        /** Not looked at any more; a look that is under way goes on. */
        public void cancel() {
            synchronized (lock) {
                if (isCancelled) {
                    return;
                }
                isCancelled = true;
                usual -= interval == 0 ? things : 0;
                later.computeIfPresent(due, (at, entries) -> {
                    entries.remove(this);
                    return entries.isEmpty() ? null : entries;
                });
            }
        }

        /** Holding the lock. */
        private long interval() {
            return interval > 0 ? interval : Math.max(USUAL, usual * APART);
        }
    }

    /** Looks for the first time after one interval. */
    public Entry every(Duration interval, Runnable look) {
        return every(interval, 1, look);
    }

    /**
     * Looks for the first time after one interval.
     *
     * @param interval zero for the usual one
     * @param things how many a look looks at
     */
    public Entry every(Duration interval, int things, Runnable look) {
        Entry entry = new Entry(interval.toNanos(), things, look);
        synchronized (lock) {
            usual += interval.isZero() ? things : 0;
            putBack(entry);
        }
        return entry;
    }

    private long now() {
        return System.nanoTime() - origin;
    }

    /** Holding the lock. */
    private void putBack(Entry entry) {
        if (entry.isCancelled) {
            return;
        }
        entry.due = dueAfter(now(), entry.interval());
        later.computeIfAbsent(entry.due, due -> new ArrayDeque<>()).add(entry);
        tickBy(entry.due);
    }

    private static long dueAfter(long now, long interval) {
        long step = Math.min(interval, Math.max(STEP, Math.min(interval / STEPS, STEP_MAX)));
        long at = now + interval + step - 1;
        return at - at % step;
    }

    /** Holding the lock. */
    private void tickBy(long at) {
        if (at >= nextTick) {
            return;
        }
        nextTick = at;
        if (planned != null) {
            planned.cancel(false);
        }
        try {
            planned = timers.schedule(this::tick, at - now(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("the node is closed");
        }
    }

    private void tick() {
        synchronized (lock) {
            long now = now();
            if (now < nextTick) {
                // Too late to be cancelled when an earlier one was planned.
                return;
            }
            nextTick = Long.MAX_VALUE;
            if (!due.isEmpty()) {
                waryUntil = now + WARY;
            }
            while (!later.isEmpty() && later.firstKey() <= now) {
                due.addAll(later.pollFirstEntry().getValue());
            }
            if (!due.isEmpty()) {
                boolean isLate = now - due.peek().due > 2 * STEP;
                if (rounds == 0 || ended == endedAtTick || isLate) {
                    begin();
                }
                endedAtTick = ended;
                // Usually that is when the first of them is due again, so one tick does for both.
                tickBy(now < waryUntil ? now + STEP : dueAfter(now, USUAL));
            }
            if (!later.isEmpty()) {
                tickBy(later.firstKey());
            }
        }
    }

    /** Holding the lock. */
    private void begin() {
        if (isAsked) {
            return;
        }
        rounds++;
        isAsked = true;
        try {
            pool.execute(this::round);
        } catch (RejectedExecutionException e) {
            rounds--;
            isAsked = false;
            LOG.trace("the node is closed");
        }
    }

    private void round() {
        synchronized (lock) {
            isAsked = false;
        }
        for (Entry entry = next(); entry != null; entry = next()) {
            try {
                entry.look.run();
            } catch (RuntimeException | Error e) {
                LanePool.report("a look failed", e);
            } finally {
                synchronized (lock) {
                    ended++;
                    putBack(entry);
                }
            }
        }
    }

    private @Nullable Entry next() {
        synchronized (lock) {
            Entry entry = due.poll();
            while (entry != null && entry.isCancelled) {
                entry = due.poll();
            }
            if (entry == null) {
                rounds--;
            }
            return entry;
        }
    }
}
