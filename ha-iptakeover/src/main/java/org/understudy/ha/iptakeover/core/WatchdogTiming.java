package org.understudy.ha.iptakeover.core;

import java.util.Optional;
import org.understudy.ha.api.spi.Enforcer.Terms;

/**
 * The times of a watchdog, which counts whole seconds from each feeding, under a lease.
 *
 * <p><b>The bound.</b> Let a confirmation be sent at time 0. Whoever feeds checks at the latest at β that it is fresh, and may then stall
 * before the call. The feeding before it lasts T at the most, so after β + T the host is reset and the call never made; if it is
 * made in time it lasts T more. With the grain e of such devices the host is gone at β + 2·T + e, and that must not exceed the
 * lease. The opening of the device has no feeding before it: it is checked again afterwards.
 *
 * <p><b>Stopping first.</b> A reset spares nobody, so the groups behind it are asked to stop when the confirmation is half of β old:
 * β/2 + T less one interval of feeding is left for that.
 *
 * @param timeoutSeconds T
 * @param freshNanos β: up to which age of the newest confirmation the device is fed
 * @param standDownNanos at which age the groups behind it are asked to stop
 * @param feedNanos how often it is fed
 */
public record WatchdogTiming(int timeoutSeconds, long freshNanos, long standDownNanos, long feedNanos) {
    /** e: devices count in seconds, and some round up. */
    static final long GRAIN_NANOS = 1_000_000_000L;

    private static final long SECOND_NANOS = 1_000_000_000L;
    /** Fewer confirmations within β and an ordinary loss of packets would stop groups. */
    private static final int RENEWALS_MIN = 4;

    private static final int LENGTH_PER_TIMEOUT = 5;
    private static final int FEEDINGS_PER_TIMEOUT = 4;

    /** The time-out to ask the device for: a fifth of the lease in whole seconds, so that a pause of the JVM does not reset the host. */
    public static int wantedSeconds(Terms terms) {
        return (int) Math.max(1, budget(terms) / LENGTH_PER_TIMEOUT / SECOND_NANOS);
    }

    /**
     * @param actualSeconds the time-out the device has taken
     * @return empty if the bound does not hold
     */
    public static Optional<WatchdogTiming> of(Terms terms, int actualSeconds) {
        long timeout = actualSeconds * SECOND_NANOS;
        long fresh = budget(terms) - 2 * timeout - GRAIN_NANOS;
        return actualSeconds < 1 || fresh < RENEWALS_MIN * terms.renewNanos()
                ? Optional.empty()
                : Optional.of(new WatchdogTiming(actualSeconds, fresh, fresh / 2, timeout / FEEDINGS_PER_TIMEOUT));
    }

    /** How long a lease has to last, after its margins, for that time-out of the device, in nanoseconds. */
    public static long lengthNeeded(Terms terms, int actualSeconds) {
        return 2 * actualSeconds * SECOND_NANOS
                + GRAIN_NANOS
                + RENEWALS_MIN * terms.renewNanos()
                + terms.latenessNanos();
    }

    public boolean isFresh(long confirmedNanos, long now) {
        return now - confirmedNanos <= freshNanos;
    }

    public boolean mustStandDown(long confirmedNanos, long now) {
        return now - confirmedNanos >= standDownNanos;
    }

    private static long budget(Terms terms) {
        return terms.lengthNanos() - terms.latenessNanos();
    }
}
