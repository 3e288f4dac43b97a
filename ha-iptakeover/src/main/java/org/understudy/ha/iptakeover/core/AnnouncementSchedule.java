package org.understudy.ha.iptakeover.core;

import java.util.List;

/**
 * When to announce which addresses. The first round begins with the start; a single frame may be lost, a switch port may still be
 * learning, and Linux ignores some forms while its entry is younger than a second, so it is repeated.
 *
 * <p>A round of many addresses goes out in bursts of {@value #BURST_MAX} addresses, one a millisecond, because switches and neighbours
 * have short queues.
 */
public final class AnnouncementSchedule {
    private static final long MILLI = 1_000_000;

    /** Addresses in one burst. */
    public static final int BURST_MAX = 100;
    /** From one burst to the next, in nanoseconds. */
    public static final long BURST_NANOS = MILLI;

    /** After the first round, in nanoseconds. */
    static final List<Long> REPEATS =
            List.of(10 * MILLI, 50 * MILLI, 100 * MILLI, 300 * MILLI, 1_000 * MILLI, 2_000 * MILLI, 5_000 * MILLI);

    private final long startNanos;
    private final int count;
    private int nextRepeat;
    /** Of the present round; the number of addresses once it is complete. */
    private int sent;

    private long nextBurstNanos;

    /** The addresses from one index to before another. */
    public record Burst(int from, int to) {
        public boolean isEmpty() {
            return from == to;
        }
    }

    /**
     * @param startNanos when the first burst is sent
     * @param count of addresses
     */
    public AnnouncementSchedule(long startNanos, int count) {
        this.startNanos = startNanos;
        this.count = count;
        this.nextBurstNanos = startNanos;
    }

    /** What to announce now; it counts as announced. Rounds that were missed meanwhile count as one. */
    public Burst next(long nowNanos) {
        if (sent == count) {
            while (nextRepeat < REPEATS.size() && nowNanos - startNanos >= REPEATS.get(nextRepeat)) {
                nextRepeat++;
                sent = 0;
            }
        }
        if (sent == count || nowNanos - nextBurstNanos < 0) {
            return new Burst(0, 0);
        }
        int from = sent;
        sent = Math.min(count, from + BURST_MAX);
        nextBurstNanos = nowNanos + BURST_NANOS;
        return new Burst(from, sent);
    }

    /**
     * Nanoseconds until there is something to announce.
     *
     * @return {@link Long#MAX_VALUE} when all is sent
     */
    public long delayNanos(long nowNanos) {
        if (sent < count) {
            return Math.max(0, nextBurstNanos - nowNanos);
        }
        return nextRepeat == REPEATS.size()
                ? Long.MAX_VALUE
                : Math.max(0, startNanos + REPEATS.get(nextRepeat) - nowNanos);
    }
}
