package org.understudy.ha.membership.enforcement.core;

import java.util.OptionalLong;

/**
 * The killer's side of an enforcement: an absolute deadline that only confirmed renewals of the same incarnation move. Pure.
 *
 * <p><b>Why a renewal that is read late may still count.</b> The deadline it carries was confirmed by a majority for the same
 * incarnation, so as long as that deadline is ahead nobody else was granted anything, whenever it is read. A renewal of another
 * incarnation says nothing about what the one in force may still be running: it is not taken until that one was disarmed.
 *
 * <p><b>Why a first order that comes too late does not kill.</b> It was not acknowledged, so nothing that relies on it was started.
 */
public final class KillDeadline {

    private enum State {
        DISARMED,
        ARMED,
        ACTING
    }

    /** What became of an order. */
    public enum Answer {
        /** This deadline or a later one is in force. */
        ARMED,
        /** Another incarnation is in force. */
        OTHER_INCARNATION,
        /** Its deadline has passed: not taken if nothing was armed, else the act is due. */
        TOO_LATE;

        public boolean isArmed() {
            return this == ARMED;
        }
    }

    private State state = State.DISARMED;
    private long incarnation;
    private long deadline;
    private long worstLateness;

    public Answer arm(long orderedIncarnation, long orderedDeadline, long now) {
        if (state == State.DISARMED) {
            if (orderedDeadline <= now) {
                return Answer.TOO_LATE;
            }
            state = State.ARMED;
            incarnation = orderedIncarnation;
            deadline = orderedDeadline;
            return Answer.ARMED;
        }
        if (orderedIncarnation != incarnation) {
            return Answer.OTHER_INCARNATION;
        }
        if (state == State.ARMED) {
            deadline = Math.max(deadline, orderedDeadline);
        }
        return state == State.ARMED && now < deadline ? Answer.ARMED : Answer.TOO_LATE;
    }

    /** Everything that incarnation held is certainly stopped. True also after the deadline, as long as the act has not begun. */
    public void disarm(long stoppedIncarnation) {
        if (state == State.ARMED && stoppedIncarnation == incarnation) {
            state = State.DISARMED;
        }
    }

    /** The instant to act at; empty if there is none. */
    public OptionalLong deadline() {
        return state == State.ARMED ? OptionalLong.of(deadline) : OptionalLong.empty();
    }

    public boolean isDue(long now) {
        return state == State.ARMED && now >= deadline;
    }

    /**
     * Begins the act if it is due; from then on nothing takes it back.
     *
     * @return whether to kill now
     */
    public boolean act(long now) {
        if (!isDue(now)) {
            return false;
        }
        state = State.ACTING;
        return true;
    }

    /** The killer wanted to wake at one instant and woke at another. */
    public void woke(long wantedNanos, long now) {
        worstLateness = Math.max(worstLateness, now - wantedNanos);
    }

    /** The worst lateness since this was asked last. */
    public long takeWorstLateness() {
        long worst = worstLateness;
        worstLateness = 0;
        return worst;
    }
}
