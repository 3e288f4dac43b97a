package org.understudy.ha.api;

import java.time.Duration;

/**
 * How long one thing took, against what it may take. A value; see {@link Stalls} for what each one means.
 *
 * @param last the newest, or the one that still lasts
 * @param worstOfMinute the longest of the last minute, which is counted in steps of five seconds
 * @param worst the longest since the node was started
 * @param margin what it may take without consequence
 * @since 0.1.0
 */
public record Stall(Duration last, Duration worstOfMinute, Duration worst, Duration margin) {

    /** How much of the margin the worst of the last minute used up: 1.0 is all of it. */
    public double share() {
        return (double) worstOfMinute.toNanos() / margin.toNanos();
    }

    /** For logs: {@code 3.1 ms, worst of a minute 12.0 ms, worst 45.2 ms, of 20.0 ms}. */
    @Override
    public String toString() {
        return millis(last) + ", worst of a minute " + millis(worstOfMinute) + ", worst " + millis(worst) + ", of "
                + millis(margin);
    }

    private static String millis(Duration duration) {
        long tenths = duration.toNanos() / 100_000;
        return tenths / 10 + "." + tenths % 10 + " ms";
    }
}
