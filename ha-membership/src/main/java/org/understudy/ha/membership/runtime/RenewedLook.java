package org.understudy.ha.membership.runtime;

import java.util.function.Supplier;

/**
 * A look that is made again and again until it is ended. One that hangs is not made again by itself, so it is planned anew when it is given
 * up; never after the end, however late that is. Thread-safe.
 */
final class RenewedLook {

    private final Supplier<Rounds.Entry> plan;
    private Rounds.Entry planned;
    private boolean isEnded;

    /** @param plan plans the look; must not block */
    RenewedLook(Supplier<Rounds.Entry> plan) {
        this.plan = plan;
        this.planned = plan.get();
    }

    /** The look that was under way is given up. */
    synchronized void renew() {
        if (!isEnded) {
            planned.cancel();
            planned = plan.get();
        }
    }

    synchronized void end() {
        isEnded = true;
        planned.cancel();
    }
}
