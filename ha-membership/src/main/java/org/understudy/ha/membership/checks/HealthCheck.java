package org.understudy.ha.membership.checks;

import java.time.Duration;

/**
 * Asks once whether something works.
 *
 * <p><b>Threads.</b> A check may block, but not for longer than its time-out. The checks of this package may be used by any number of threads at
 * once, keep nothing between two calls and leave no connection, process or thread behind, unless their page says otherwise. A check of
 * your own is called by one thread at a time as long as one {@link HealthMonitor} has it.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface HealthCheck {
    /**
     * Asks.
     *
     * @param timeout for everything together: connecting, talking, comparing; more than zero
     * @return three-valued; {@link CheckResult#late} if the time did not suffice
     * @throws InterruptedException if the caller is interrupted; the call then ends at once and leaves nothing behind
     */
    CheckResult check(Duration timeout) throws InterruptedException;
}
