package org.understudy.ha.api.spi;

import org.understudy.ha.api.Lease;

/**
 * A lease with the instants a kernel enforcement needs, all in nanoseconds of the boot clock of this host (the clock that
 * counts suspend, {@link HostPort#bootNanos()}). Safe from any thread; never blocks.
 */
public interface EnforcedLease extends Lease {

    /** The boot clock this lease is measured on. */
    long nowNanos();

    /**
     * When the newest renewal that a majority acknowledged was <em>sent</em>; 0 once the grant is over. It stays as it was while
     * the node doubts its sense of time and {@link #isValid()} is false: then nothing may be prolonged, and the old end stands. An enforcement may be prolonged only if this
     * is recent: with a kernel time-out T, a freshness limit β and a worst lateness, 2·T + β + lateness must not exceed
     * {@link #lengthNanos()}.
     */
    long confirmedNanos();

    /** How long after {@link #confirmedNanos()} the lease ends on this clock: L·(1−ρ)/(1+ρ) − guard. */
    long lengthNanos();
}
