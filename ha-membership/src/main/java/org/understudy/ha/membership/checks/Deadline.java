package org.understudy.ha.membership.checks;

import java.net.SocketTimeoutException;
import java.time.Duration;

/** The end of one check. Time-outs of sockets hold for one read each; this one holds for all of them together. */
final class Deadline {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final long givenNanos;
    private final long startNanos;
    private volatile long budgetNanos;

    private Deadline(long budgetNanos, long startNanos) {
        this.givenNanos = budgetNanos;
        this.budgetNanos = budgetNanos;
        this.startNanos = startNanos;
    }

    static Deadline in(Duration timeout) {
        if (timeout.isZero() || timeout.isNegative() || timeout.compareTo(HealthMonitor.TIME_MAX) > 0) {
            throw new IllegalArgumentException(
                    "a check's time-out is more than zero and at most " + HealthMonitor.TIME_MAX + ", not " + timeout);
        }
        return new Deadline(timeout.toNanos(), System.nanoTime());
    }

    long leftNanos() {
        return budgetNanos - (System.nanoTime() - startNanos);
    }

    boolean isOver() {
        return leftNanos() <= 0;
    }

    /** Rounded up, so that a wait of that length ends after the deadline. */
    int leftMillis() {
        return (int) Math.max(0, (leftNanos() + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }

    /**
     * For the next read.
     *
     * @throws SocketTimeoutException if there is no time left
     */
    int nextMillis() throws SocketTimeoutException {
        int left = leftMillis();
        if (left == 0) {
            throw new SocketTimeoutException("no time left");
        }
        return left;
    }

    /** From now at most that much is left. */
    void hasten(Duration rest) {
        budgetNanos = Math.min(budgetNanos, System.nanoTime() - startNanos + rest.toNanos());
    }

    /** What was given, for messages. */
    String budget() {
        return givenNanos / NANOS_PER_MILLI + " ms";
    }
}
