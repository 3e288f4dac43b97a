package org.understudy.ha.api.config;

import java.time.Duration;

/**
 * The times a cluster runs on. All nodes of a cluster must use the same.
 *
 * @param lease how long the acceptors wait, on their own clocks, after the last renewal they acknowledged (L)
 * @param renewEvery how often a session is renewed
 * @param driftPerMille ρ, the largest rate error of any clock, in thousandths
 * @param guard how late a timer of this host may come before the node doubts itself; taken off the holder's end of the lease
 */
public record Timing(Duration lease, Duration renewEvery, int driftPerMille, Duration guard) {

    /** One second of lease, renewed every 100 ms, clocks within 1 %, guard 20 ms. */
    public static Timing standard() {
        return new Timing(Duration.ofSeconds(1), Duration.ofMillis(100), 10, Duration.ofMillis(20));
    }

    /** The standard proportions for another lease between 500 ms and 60 s. */
    public static Timing withLease(Duration lease) {
        return new Timing(lease, lease.dividedBy(10), 10, lease.dividedBy(50));
    }

    public long leaseNanos() {
        return lease.toNanos();
    }

    /** How long after sending a renewal the holder may rely on it: L·(1−ρ)/(1+ρ) − guard. */
    public long holderNanos() {
        return Math.multiplyExact(leaseNanos(), 1000L - driftPerMille) / (1000L + driftPerMille) - guard.toNanos();
    }

    /**
     * How long after sending a renewal the holder begins to stop by itself, unless a later one was acknowledged: two renewal
     * intervals before its end, at most a quarter of the whole.
     */
    public long stepDownNanos() {
        return holderNanos() - Math.min(holderNanos() / 4, 2 * renewEvery.toNanos());
    }

    /** How long an acceptor waits in silence before it agrees to a session's removal: L·(1+ρ). */
    public long acceptorNanos() {
        return Math.multiplyExact(leaseNanos(), 1000L + driftPerMille) / 1000L;
    }
}
