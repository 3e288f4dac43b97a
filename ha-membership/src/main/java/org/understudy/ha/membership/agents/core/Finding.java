package org.understudy.ha.membership.agents.core;

import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;

/**
 * What a look at a service found.
 *
 * @param isDegraded whether it is active, and somebody should look
 * @param severity where to go from here, if it is not as it should be
 * @param sentence what was seen; not empty unless all is well
 */
public record Finding(State state, boolean isDegraded, Severity severity, String sentence) {

    /** The states of a service. Each of them is an answer but the last. */
    public enum State {
        RUNNING,
        /** Running in the role that at most one instance may have. */
        PROMOTED,
        /** On its way to another state. */
        CHANGING,
        /** Certainly. */
        STOPPED,
        /** Not as it should be, and something of it may be active. */
        FAILED,
        /** The same, in the role that at most one instance may have. */
        FAILED_PROMOTED,
        /** There is no answer: nothing follows from it, neither that it runs nor that it does not. */
        UNKNOWN
    }

    private static Finding soft(State state, String sentence) {
        return new Finding(state, false, Severity.SOFT, sentence);
    }

    public static Finding running() {
        return soft(State.RUNNING, "");
    }

    public static Finding promoted() {
        return soft(State.PROMOTED, "");
    }

    public static Finding stopped(String sentence) {
        return soft(State.STOPPED, sentence);
    }

    public static Finding changing(String sentence) {
        return soft(State.CHANGING, sentence);
    }

    public static Finding failed(Severity severity, String sentence) {
        return new Finding(State.FAILED, false, severity, sentence);
    }

    public static Finding failedPromoted(String sentence) {
        return soft(State.FAILED_PROMOTED, sentence);
    }

    public static Finding unknown(Severity severity, String sentence) {
        return new Finding(State.UNKNOWN, false, severity, sentence);
    }

    /** The same, and somebody should look. */
    public Finding degraded(String why) {
        return new Finding(state, true, severity, sentence.isEmpty() ? why : sentence + "; " + why);
    }

    /** Whether it certainly does not run. */
    public boolean isStopped() {
        return state == State.STOPPED;
    }

    /** The role that goes with it. */
    public Role role() {
        return switch (state) {
            case RUNNING -> Role.UNPROMOTED;
            case PROMOTED, FAILED_PROMOTED -> Role.PROMOTED;
            case STOPPED -> Role.STOPPED;
            case CHANGING, FAILED -> Role.FAILED;
            case UNKNOWN -> Role.UNKNOWN;
        };
    }

    /** What it means where nobody has started it. */
    public Presence presence() {
        return switch (state) {
            case RUNNING, PROMOTED, CHANGING, FAILED_PROMOTED -> Presence.HERE;
            case STOPPED -> Presence.ABSENT;
            case FAILED, UNKNOWN -> Presence.UNKNOWN;
        };
    }

    /**
     * What it means where it was started.
     *
     * @param isPromoted which of the two roles it should have
     */
    public Health health(boolean isPromoted) {
        return switch (state) {
            case RUNNING -> isPromoted ? wrong("it runs, but not as promoted") : well();
            case PROMOTED -> isPromoted ? well() : wrong("it runs as promoted, and nobody promoted it");
            case CHANGING -> Health.degraded(sentence);
            case STOPPED ->
                new Health(Health.State.NOT_RUNNING, Severity.SOFT, sentence.isEmpty() ? "not running" : sentence);
            case FAILED, FAILED_PROMOTED, UNKNOWN -> Health.failed(severity, sentence);
        };
    }

    private Health well() {
        return isDegraded ? Health.degraded(sentence) : Health.healthy();
    }

    private Health wrong(String what) {
        return Health.failed(Severity.SOFT, sentence.isEmpty() ? what : what + "; " + sentence);
    }
}
