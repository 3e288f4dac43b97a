package org.understudy.ha.iptakeover.core;

import java.time.Duration;
import java.util.List;

/**
 * When to announce which addresses. The first round begins with the start; a single frame may be lost, a switch port may still be
 * learning, and Linux ignores some forms while its entry is younger than a second, so it is repeated.
 *
 * <p>After these rounds all addresses are refreshed for as long as they are held, if wanted: a switch forgets a port it has not heard for
 * its ageing time, long before a router forgets the hardware address behind it.
 *
 * <p>A round of many addresses goes out in bursts of {@value #BURST_MAX} addresses, one a millisecond, because switches and neighbours
 * have short queues.
 */
public final class AnnouncementSchedule {
    /** Most addresses at once. */
    public static final int BURST_MAX = 100;

    /** How long switches usually keep a port they do not hear any more (IEEE 802.1Q). */
    public static final Duration SWITCH_AGEING = Duration.ofSeconds(300);

    private static final long MILLI = 1_000_000;
    /** Between two bursts. */
    public static final long BURST_NANOS = MILLI;

    /** Rounds after the first, in nanoseconds. */
    static final List<Long> REPEATS =
            List.of(10 * MILLI, 50 * MILLI, 100 * MILLI, 300 * MILLI, 1_000 * MILLI, 2_000 * MILLI, 5_000 * MILLI);

    private static final long REFRESH_NANOS_MAX = 60_000 * MILLI;
    private static final int TRIES_PER_AGEING = 3;
    /** No refresh. */
    private static final long NEVER = Long.MAX_VALUE;

    private final int count;
    private final long refreshNanos;
    private long startNanos;
    private int nextRepeat;
    /** Of the present round; the number of addresses once it is complete. */
    private int sent;

    private long nextBurstNanos;
    private long roundNanos;

    /** The addresses from one index to before another. */
    public record Burst(int from, int to) {
        public boolean isEmpty() {
            return from == to;
        }
    }

    /**
     * Some rounds and nothing after them.
     *
     * @param startNanos when the first burst is sent
     * @param count of addresses
     */
    public AnnouncementSchedule(long startNanos, int count) {
        this(startNanos, count, NEVER);
    }

    /**
     * @param startNanos when the first burst is sent
     * @param count of addresses
     * @param refreshNanos between two rounds after the first ones, positive; see {@link #refreshNanos(Duration)}
     */
    public AnnouncementSchedule(long startNanos, int count, long refreshNanos) {
        if (refreshNanos <= 0) {
            throw new IllegalArgumentException("a refresh comes after a positive time, not " + refreshNanos + " ns");
        }
        this.count = count;
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
     * Begins the rounds anew: after the link came up, the bond changed its port, the gate opened again or a rival was heard.
     *
     * @param nowNanos when the first burst is sent
     */
    public void restart(long nowNanos) {
        startNanos = nowNanos;
        nextBurstNanos = nowNanos;
        roundNanos = nowNanos;
        nextRepeat = 0;
        sent = 0;
    }

    /** One more round now, without the rounds after it; none if one is under way. */
    public void once(long nowNanos) {
        if (sent == count) {
            sent = 0;
            nextBurstNanos = nowNanos;
            roundNanos = nowNanos;
        }
    }

    /** What to announce now; it counts as announced. Rounds that were missed meanwhile count as one. */
    public Burst next(long nowNanos) {
        if (sent == count) {
            boolean isRefresh = nextRepeat == REPEATS.size() && nowNanos - roundNanos >= refreshNanos;
            while (nextRepeat < REPEATS.size() && nowNanos - startNanos >= REPEATS.get(nextRepeat)) {
                nextRepeat++;
                sent = 0;
            }
            if (isRefresh) {
                sent = 0;
            }
            if (sent == 0) {
                roundNanos = nowNanos;
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
     * @return {@link Long#MAX_VALUE} when all is sent and nothing is refreshed
     */
    public long delayNanos(long nowNanos) {
        if (sent < count) {
            return Math.max(0, nextBurstNanos - nowNanos);
        }
        if (nextRepeat < REPEATS.size()) {
            return Math.max(0, startNanos + REPEATS.get(nextRepeat) - nowNanos);
        }
        return refreshNanos == NEVER ? NEVER : Math.max(0, refreshNanos - (nowNanos - roundNanos));
    }
}
