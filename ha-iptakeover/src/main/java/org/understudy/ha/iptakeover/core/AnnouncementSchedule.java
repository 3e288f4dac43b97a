package org.understudy.ha.iptakeover.core;

import java.util.List;

/**
 * When to repeat the announcement of an address. The first goes out with the start; a single frame may be lost, a switch port
 * may still be learning, and Linux ignores some forms while its entry is younger than a second, so it is repeated.
 */
public final class AnnouncementSchedule {
    private static final long MILLI = 1_000_000;

    /** After the first, in nanoseconds. */
    static final List<Long> REPEATS =
            List.of(10 * MILLI, 50 * MILLI, 100 * MILLI, 300 * MILLI, 1_000 * MILLI, 2_000 * MILLI, 5_000 * MILLI);

    private final long startNanos;
    private int next;

    /**
     * @param startNanos when the first announcement was sent
     */
    public AnnouncementSchedule(long startNanos) {
        this.startNanos = startNanos;
    }

    /** Whether to announce now. Announcements that were missed meanwhile count as one. */
    public boolean isDue(long nowNanos) {
        boolean due = false;
        while (next < REPEATS.size() && nowNanos - startNanos >= REPEATS.get(next)) {
            next++;
            due = true;
        }
        return due;
    }

    /**
     * Nanoseconds until the next announcement.
     *
     * @return {@link Long#MAX_VALUE} when all are sent
     */
    public long delayNanos(long nowNanos) {
        return next == REPEATS.size() ? Long.MAX_VALUE : Math.max(0, startNanos + REPEATS.get(next) - nowNanos);
    }
}
