package org.understudy.ha.membership.jgroups;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent to one node: control frames first, then JGroups packets, each lane bounded by count and bytes and
 * dropping its oldest. Old control frames are the worthless ones: every protocol above repeats itself with newer facts.
 *
 * <p>Thread-safe; offering never waits for more than the time another thread needs to add or take one item.
 */
final class Outbox {
    private static final int ITEMS_MAX = 512;
    /** What a peer that comes back must read before it gets news. */
    static final int BYTES_MAX = 2 * Wire.CONTENT_MAX;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Lane control = new Lane();
    private final Lane packets = new Lane();
    private final Counters counters;
    private boolean isClosed;
    private boolean isNudged;

    Outbox(Counters counters) {
        this.counters = counters;
    }

    /** One frame's worth. */
    record Item(byte kind, byte[] content) {}

    void offer(Item item) {
        lock.lock();
        try {
            if (isClosed) {
                counters.dropped(item.kind());
                return;
            }
            (item.kind() == Wire.CONTROL ? control : packets).add(item);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the next item.
     *
     * @param nanos how long to wait for one at most
     * @return null if there was none, or the outbox was closed
     */
    @Nullable
    Item poll(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (control.isEmpty() && packets.isEmpty() && left > 0 && !isClosed) {
                left = changed.awaitNanos(left);
            }
            return control.isEmpty() ? packets.poll() : control.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nudged or closed, whatever is offered meanwhile. */
    void pause(long millis) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!isNudged && !isClosed && left > 0) {
                left = changed.awaitNanos(left);
            }
            isNudged = false;
        } finally {
            lock.unlock();
        }
    }

    /** Ends a pause that lasts, or the next one. */
    void nudge() {
        lock.lock();
        try {
            isNudged = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Drops everything that waits, and counts it. */
    void drain() {
        lock.lock();
        try {
            control.clear();
            packets.clear();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return isClosed;
        } finally {
            lock.unlock();
        }
    }

    /** A bounded queue; the lock is held by the caller. */
    private final class Lane {
        private final ArrayDeque<Item> items = new ArrayDeque<>();
        private int bytes;

        boolean isEmpty() {
            return items.isEmpty();
        }

        void add(Item item) {
            items.addLast(item);
            bytes += item.content().length;
            while (items.size() > ITEMS_MAX || bytes > BYTES_MAX) {
                counters.dropped(remove().kind());
            }
        }

        @Nullable
        Item poll() {
            return items.isEmpty() ? null : remove();
        }

        private Item remove() {
            Item oldest = items.removeFirst();
            bytes -= oldest.content().length;
            return oldest;
        }

        void clear() {
            items.forEach(item -> counters.dropped(item.kind()));
            items.clear();
            bytes = 0;
        }
    }
}
