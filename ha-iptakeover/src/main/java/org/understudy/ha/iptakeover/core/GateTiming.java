package org.understudy.ha.iptakeover.core;

import org.understudy.ha.api.ConfigurationException;

/**
 * The times of an address gate, derived from the length of the lease.
 *
 * <p><b>The bound.</b> The kernel counts its time-out from the call, not from the lease. Let a confirmation be sent at time 0.
 * A caller checks it at the latest at β; it may then stall, but its call is refused once what it builds on (the arming
 * or the previous opening, made before the check) has expired, at the latest at β + T; what the call then grants
 * lasts T more. An expiry may be noticed late, twice. So the address is mute at 2·T + β + lateness, and that must not exceed
 * the length of the lease.
 *
 * @param timeoutMillis T: how long one opening lasts
 * @param freshNanos β: how old the newest confirmation may be when it is used
 * @param refreshNanos how often an open gate is prolonged
 * @param lengthNanos the lease, from the sending of a confirmed renewal to its end
 */
public record GateTiming(long timeoutMillis, long freshNanos, long refreshNanos, long lengthNanos) {
    /**
     * What two expiries of the kernel may be late together. A set element is compared with the kernel's tick counter when a packet
     * looks it up, so each is late by less than two ticks of at most 10 ms, rounding included, less one by rounding down.
     */
    public static final long LATENESS_NANOS = 20_000_000;

    /** Below this a time-out is lost in the tick of the kernel and in pauses of the JVM. */
    static final long TIMEOUT_MILLIS_MIN = 60;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /**
     * How long a dead owner's address stays, mute behind its gate, is weighed here against an event for every listener of the host. Below 3
     * s whole seconds and the lateness of the kernel, up to half a second, would weigh too much.
     */
    private static final int VALID_SECONDS_MIN = 6;

    /**
     * Each renewal is an event for every listener of the host. For IPv6 the kernel also looks at all addresses of the host each time,
     * 0.3 ms for a thousand and 1.4 ms for four thousand of them.
     */
    static final int RENEWALS_PER_SECOND_MAX = 25;

    /**
     * @throws IllegalArgumentException if the bound does not hold
     */
    public GateTiming {
        long bound = 2 * timeoutMillis * NANOS_PER_MILLI + freshNanos + LATENESS_NANOS;
        if (timeoutMillis < 1 || freshNanos < 1 || refreshNanos < 1 || bound > lengthNanos) {
            throw new IllegalArgumentException(
                    "2*T + beta + lateness = " + bound + " ns, the lease has " + lengthNanos);
        }
    }

    /**
     * Divides a lease: T is 35 % and β 27 % of what is left after the lateness; an open gate is prolonged three times per T, so a
     * stall of two thirds of T shows nowhere. A lease of 0.96 s gives T = 329 ms, β = 254 ms, a refresh every 110 ms, and 27 ms in reserve.
     *
     * @param lengthNanos {@code EnforcedLease.lengthNanos()}
     * @throws ConfigurationException if the lease is too short
     */
    public static GateTiming forLease(long lengthNanos) {
        long budget = lengthNanos - LATENESS_NANOS;
        long timeoutMillis = budget / 100 * 35 / NANOS_PER_MILLI;
        if (timeoutMillis < TIMEOUT_MILLIS_MIN) {
            long leastMillis = (TIMEOUT_MILLIS_MIN * 100 + 34) / 35 + LATENESS_NANOS / NANOS_PER_MILLI + 1;
            throw new ConfigurationException(
                    "lease",
                    lengthNanos / NANOS_PER_MILLI + " ms",
                    "is too short for the kernel to end a floating address in time: after margins it must last at"
                            + " least "
                            + leastMillis + " ms; make the lease longer");
        }
        return new GateTiming(timeoutMillis, budget / 100 * 27, timeoutMillis * NANOS_PER_MILLI / 3, lengthNanos);
    }

    /**
     * How long an address itself stands without being renewed: three leases, at least 6 s, and longer for more than 50 addresses. A third of it passes between two renewals, and one lease at most from the last of them to
     * the end of the lease, so it never ends while the gate is open.
     *
     * @param addresses behind the gate
     */
    public int validSeconds(int addresses) {
        long seconds = (3 * lengthNanos + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND;
        long paced = 3L * ((addresses + RENEWALS_PER_SECOND_MAX - 1) / RENEWALS_PER_SECOND_MAX);
        return (int) Math.max(VALID_SECONDS_MIN, Math.max(paced, Math.min(seconds, Integer.MAX_VALUE)));
    }

    /** In which time each of so many addresses is renewed once. */
    public long renewalNanos(int addresses) {
        return validSeconds(addresses) * NANOS_PER_SECOND / 3;
    }
}
