package org.understudy.ha.iptakeover.core;

/**
 * Which addresses to renew now, so that each is renewed once a round and the work is spread evenly over it: a renewal is an event
 * for every listener of the host, and for IPv6 the kernel looks at all addresses of the host each time.
 */
public final class RenewalRound {
    /** So many at most in one go, so that the gate is prolonged in between. */
    static final int SLICE_MAX = 25;

    private final int count;
    private final long roundNanos;
    private final long startNanos;
    private long renewed;

    /**
     * @param count of addresses
     * @param roundNanos in which each is renewed once
     * @param startNanos when all of them were new
     */
    public RenewalRound(int count, long roundNanos, long startNanos) {
        this.count = count;
        this.roundNanos = roundNanos;
        this.startNanos = startNanos;
    }

    /** The addresses from one index to before another. */
    public record Slice(int from, int to) {
        public boolean isEmpty() {
            return from == to;
        }
    }

    /** What is due now; it counts as renewed. What a stall left behind by more than a round is renewed once. */
    public Slice next(long nowNanos) {
        long elapsed = nowNanos - startNanos;
        // In parts, because count times nanoseconds overflows after some weeks.
        long due = elapsed / roundNanos * count + elapsed % roundNanos * count / roundNanos;
        renewed = Math.max(renewed, due - count);
        int from = (int) (renewed % count);
        int to = (int) Math.min(Math.min(from + due - renewed, from + SLICE_MAX), count);
        renewed += to - from;
        return new Slice(from, to);
    }
}
