package org.understudy.ha.membership.agents.core;

/**
 * Which role an instance has, and what is to be done next so that it certainly stops. An action that has begun leaves the role unknown
 * until its end is known; of an unknown role it is asked before anything is done, because an agent may refuse to stop what is promoted.
 *
 * <p>A stop is believed only if a look afterwards says so too: an agent that ends with success and leaves the service running is not rare,
 * and two owners follow from it.
 *
 * <p>Not thread-safe.
 */
public final class RoleMachine {
    private final boolean isPromotable;
    private Role role = Role.UNKNOWN;
    private boolean isStopDue;
    private boolean isLookedAt;
    private boolean isDemoted;
    private boolean isStopSaid;
    private boolean isStopSeen;

    /** What is to be done next. */
    public enum Step {
        LOOK,
        DEMOTE,
        STOP,
        /** It is certainly stopped. */
        DONE,
        /** It may still run. */
        DOUBT
    }

    public RoleMachine(boolean isPromotable) {
        this.isPromotable = isPromotable;
    }

    public Role role() {
        return role;
    }

    /** An action begins: from here on anything may be. */
    public void began() {
        role = Role.UNKNOWN;
        isStopSeen = false;
    }

    /** An action has ended with that status. */
    public void ended(OcfAction action, OcfExit exit) {
        switch (action) {
            case START -> role = after(exit, exit.isDone(action) ? Role.UNPROMOTED : Role.UNKNOWN);
            case PROMOTE -> role = after(exit, exit.isDone(action) ? Role.PROMOTED : Role.UNKNOWN);
            case DEMOTE -> role = after(exit, exit.isDone(action) ? Role.UNPROMOTED : Role.UNKNOWN);
            case STOP -> {
                isStopSaid = exit.isDone(action);
                role = after(exit, exit.isDone(action) ? Role.STOPPED : Role.UNKNOWN);
            }
            default -> throw new IllegalArgumentException(action + " changes no role");
        }
    }

    private static Role after(OcfExit exit, Role otherwise) {
        return switch (exit) {
            case NOT_RUNNING -> Role.STOPPED;
            case RUNNING_PROMOTED, DEGRADED_PROMOTED, FAILED_PROMOTED -> Role.PROMOTED;
            default -> otherwise;
        };
    }

    /** Somebody looked. */
    public void found(Finding finding) {
        role = finding.role();
        isLookedAt = true;
        isStopSeen = isStopSaid && finding.isStopped();
    }

    /** It is to be stopped, whatever was before. */
    public void stopping() {
        isStopDue = true;
        isLookedAt = false;
        isDemoted = false;
        isStopSaid = false;
        isStopSeen = false;
    }

    /** What is to be done next after {@link #stopping()}. Each answer is to be followed, and its outcome told, before the next. */
    public Step next() {
        if (isStopSaid) {
            return afterStop();
        }
        if (isStopDue && isPromotable && role == Role.UNKNOWN && !isLookedAt) {
            return Step.LOOK;
        }
        if (isPromotable && role == Role.PROMOTED && !isDemoted) {
            // Also after a stop that found out: then one more is due.
            isDemoted = true;
            isStopDue = true;
            return Step.DEMOTE;
        }
        if (!isStopDue) {
            return Step.DOUBT;
        }
        isStopDue = false;
        isLookedAt = false;
        return Step.STOP;
    }

    private Step afterStop() {
        if (!isLookedAt) {
            return Step.LOOK;
        }
        return isStopSeen ? Step.DONE : Step.DOUBT;
    }
}
