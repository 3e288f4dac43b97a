package org.understudy.ha.iptakeover.core;

/**
 * Which addresses to renew now, so that each is renewed once a round. They are renewed a slice at a time, the slices spread evenly over
 * the round: waking for one address costs as much as waking for all of a slice, and in IPv6 the kernel looks at all addresses of the
 * host for each, so that more at once would hold up whatever else the thread has to do.
 */
public final class RenewalRound {
    /** So many at most in one go, so that it is asked in between whether the gate is still open. */
    static final int SLICE_MAX = 25;

    private final int count;
    private final int slices;
    private final long roundNanos;
    private final long startNanos;
    /** Slices so far. */
    private long renewed;

    /**
     * @param count of addresses
     * @param roundNanos in which each is renewed once
     * @param startNanos when all of them were new
     */
    public RenewalRound(int count, long roundNanos, long startNanos) {
        this.count = count;
        this.slices = (count + SLICE_MAX - 1) / SLICE_MAX;
        this.roundNanos = roundNanos;
        this.startNanos = startNanos;
    }

    /** The addresses from one index to before another. */
    public record Slice(int from, int to) {
        static final Slice NONE = new Slice(0, 0);

        public boolean isEmpty() {
            return from == to;
        }
    }

    /** What is due now; it counts as renewed. What a stall left behind by more than a round is renewed once. */
    public Slice next(long nowNanos) {
        long elapsed = nowNanos - startNanos;
        // In parts, because slices times nanoseconds overflows after some weeks.
        long due = elapsed / roundNanos * slices + elapsed % roundNanos * slices / roundNanos;
        renewed = Math.max(renewed, due - slices);
        if (renewed >= due) {
            return Slice.NONE;
        }
        int slice = (int) (renewed % slices);
        renewed++;
        return new Slice((int) ((long) slice * count / slices), (int) ((slice + 1L) * count / slices));
    }

    /** Nanoseconds until {@link #next} has something; 0 if it has. */
    public long delayNanos(long nowNanos) {
        long next = renewed + 1;
        // In parts, rounded up, as above.
        long due = next / slices * roundNanos + (next % slices * roundNanos + slices - 1) / slices;
        return Math.max(0, due - (nowNanos - startNanos));
    }
}
