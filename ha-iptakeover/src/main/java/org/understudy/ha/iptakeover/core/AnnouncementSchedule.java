package org.understudy.ha.iptakeover.core;

import java.time.Duration;
import java.util.List;

/**
 * When to repeat the announcement of an address. The first goes out with the start; a single frame may be lost, a switch port
 * may still be learning, and Linux ignores some forms while its entry is younger than a second, so a burst follows.
 *
 * <p>After the burst it is refreshed for as long as the address is held, if wanted: a switch forgets a port it has not heard for its
 * ageing time, long before a router forgets the hardware address behind it.
 */
public final class AnnouncementSchedule {
    private static final long MILLI = 1_000_000;

    /** After the first, in nanoseconds. */
    static final List<Long> REPEATS =
            List.of(10 * MILLI, 50 * MILLI, 100 * MILLI, 300 * MILLI, 1_000 * MILLI, 2_000 * MILLI, 5_000 * MILLI);

    /** How long switches usually keep a port they do not hear any more (IEEE 802.1Q). */
    public static final Duration SWITCH_AGEING = Duration.ofSeconds(300);

    private static final long REFRESH_NANOS_MAX = 60_000 * MILLI;
    private static final int TRIES_PER_AGEING = 3;

    /** No refresh. */
    private static final long NEVER = Long.MAX_VALUE;

    private final long refreshNanos;
    private long startNanos;
    private int next;
    /** Of the refresh after the burst. */
    private long lastNanos;

    /**
     * A burst and nothing after it.
     *
     * @param startNanos when the first announcement was sent
     */
    public AnnouncementSchedule(long startNanos) {
        this(startNanos, NEVER);
    }

    /**
     * @param startNanos when the first announcement was sent
     * @param refreshNanos between two announcements after the burst, positive; see {@link #refreshNanos(Duration)}
     */
    public AnnouncementSchedule(long startNanos, long refreshNanos) {
        if (refreshNanos <= 0) {
            throw new IllegalArgumentException("a refresh comes after a positive time, not " + refreshNanos + " ns");
        }
        this.refreshNanos = refreshNanos;
        restart(startNanos);
    }

    /**
     * How often to refresh: a third of the ageing time, so that two lost frames in a row do no harm, and once a minute at least.
     *
     * @param switchAgeing of the segment's switches, positive; {@link #SWITCH_AGEING} unless somebody changed it
     */
    public static long refreshNanos(Duration switchAgeing) {
        // Seconds first: a long ageing time does not fit into nanoseconds.
        return switchAgeing.getSeconds() >= TRIES_PER_AGEING * REFRESH_NANOS_MAX / 1_000_000_000
                ? REFRESH_NANOS_MAX
                : switchAgeing.toNanos() / TRIES_PER_AGEING;
    }

    /**
     * Begins the burst anew: after the link came up, the bond changed its port, the gate opened again or a rival was heard.
     *
     * @param nowNanos when the first announcement of the new burst was sent
     */
    public void restart(long nowNanos) {
        startNanos = nowNanos;
        lastNanos = nowNanos;
        next = 0;
    }

    /** Whether to announce now. Announcements that were missed meanwhile count as one. */
    public boolean isDue(long nowNanos) {
        boolean due = false;
        while (next < REPEATS.size() && nowNanos - startNanos >= REPEATS.get(next)) {
            next++;
            due = true;
        }
        if (next == REPEATS.size() && nowNanos - lastNanos >= refreshNanos) {
            due = true;
        }
        if (due) {
            lastNanos = nowNanos;
        }
        return due;
    }

    /**
     * Nanoseconds until the next announcement.
     *
     * @return {@link Long#MAX_VALUE} when all are sent and none is refreshed
     */
    public long delayNanos(long nowNanos) {
        if (next < REPEATS.size()) {
            return Math.max(0, startNanos + REPEATS.get(next) - nowNanos);
        }
        return refreshNanos == NEVER ? NEVER : Math.max(0, refreshNanos - (nowNanos - lastNanos));
    }
}
