package org.understudy.ha.testkit.sim.clock;

/**
 * A node's boot clock: an offset and a rate that differs a little from real time.
 *
 * @param offsetNanos what it shows at real time 0
 * @param ratePpm how much faster than real time it runs, in millionths
 */
public record SimClock(long offsetNanos, long ratePpm) {

    private static final long MILLION = 1_000_000L;

    /** What this clock shows at a real time. */
    public long local(long real) {
        return offsetNanos + real + Math.floorDiv(real * ratePpm, MILLION);
    }

    /** The first real time at which this clock shows at least {@code local}. */
    public long real(long local) {
        long target = local - offsetNanos;
        long guess = (long) (target / (1.0 + ratePpm / (double) MILLION)) - 2;
        while (local(guess) < local) {
            guess++;
        }
        return guess;
    }
}
