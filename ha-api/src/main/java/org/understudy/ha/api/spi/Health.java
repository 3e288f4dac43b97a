package org.understudy.ha.api.spi;

import java.util.Objects;

/**
 * What a monitor found.
 *
 * @param severity where to go from here if {@code state} is {@link State#FAILED}
 * @param reason one sentence; empty when healthy
 */
public record Health(State state, Severity severity, String reason) {

    public Health {
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(severity, "severity");
        Objects.requireNonNull(reason, "reason");
    }

    /** The verdict. */
    public enum State {
        HEALTHY,
        /** Works, but somebody should look. Nothing moves because of it. */
        DEGRADED,
        FAILED,
        NOT_RUNNING
    }

    public static Health healthy() {
        return new Health(State.HEALTHY, Severity.SOFT, "");
    }

    public static Health degraded(String reason) {
        return new Health(State.DEGRADED, Severity.SOFT, reason);
    }

    public static Health failed(Severity severity, String reason) {
        return new Health(State.FAILED, severity, reason);
    }

    public static Health notRunning() {
        return new Health(State.NOT_RUNNING, Severity.SOFT, "not running");
    }

    /** Whether the resource needs recovery. */
    public boolean isBad() {
        return state == State.FAILED || state == State.NOT_RUNNING;
    }
}
