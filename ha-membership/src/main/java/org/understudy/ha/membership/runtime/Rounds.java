package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
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
 * the pool, and the rest of a round goes on on one more thread with each {@value #STEP_MILLIS} ms in which it falls behind. So a
 * thousand groups cost a few wake-ups a tick, and looks that hang or are slow delay the others by no more than that.
 *
 * <p>The interval is counted from the end of a look to the beginning of the next, rounded up to whole steps of at most
 * {@value #STEP_MILLIS} ms so that looks fall together.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing blocks. A look is never run twice at the same time.
 */
public final class Rounds {

    private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);
    private static final long STEP_MILLIS = 5;
    private static final long STEP = TimeUnit.MILLISECONDS.toNanos(STEP_MILLIS);

    private final Executor pool;
    private final ScheduledExecutorService timers;
    private final long origin = System.nanoTime();
    private final Object lock = new Object();
    private final PriorityQueue<Entry> later = new PriorityQueue<>(Comparator.comparingLong(entry -> entry.due));
    private final ArrayDeque<Entry> due = new ArrayDeque<>();
    private int rounds;
    /** A round was asked for and has not begun: the pool is short of threads. */
    private boolean isAsked;

    private long ended;
    private long endedAtTick;
    private long nextTick = Long.MAX_VALUE;
    private @Nullable Future<?> planned;

    public Rounds(Executor pool, ScheduledExecutorService timers) {
        this.pool = pool;
        this.timers = timers;
    }

    /** Something that is looked at again and again. */
    public final class Entry {
        private final long interval;
        private final Runnable look;
        private long due;
        private boolean isCancelled;

        private Entry(long interval, Runnable look) {
            this.interval = interval;
            this.look = look;
        }

        /** Not looked at any more; a look that is under way goes on. */
        public void cancel() {
            synchronized (lock) {
                isCancelled = true;
                later.remove(this);
            }
        }
    }

    /** Looks for the first time after one interval. */
    public Entry every(Duration interval, Runnable look) {
        Entry entry = new Entry(interval.toNanos(), look);
        synchronized (lock) {
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
        long step = Math.min(STEP, entry.interval);
        long at = now() + entry.interval;
        entry.due = at + step - 1 - (at + step - 1) % step;
        later.add(entry);
        tickBy(entry.due);
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
            for (Entry first = later.peek(); first != null && first.due <= now; first = later.peek()) {
                due.add(later.remove());
            }
            if (!due.isEmpty()) {
                boolean isLate = now - due.peek().due > 2 * STEP;
                if (rounds == 0 || ended == endedAtTick || isLate) {
                    begin();
                }
                endedAtTick = ended;
                tickBy(now + STEP);
            }
            if (!later.isEmpty()) {
                tickBy(later.peek().due);
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
