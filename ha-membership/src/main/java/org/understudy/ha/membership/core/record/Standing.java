package org.understudy.ha.membership.core.record;

/**
 * How a barrier stands, as each of its members has it in its session; the same for all but {@code claim}.
 *
 * <p>Numbers are those of records: a view is the number of the record that made it, and its phases are counted from there. A phase
 * passes in a later record than it began in, so no phase of a view reaches the number of the next view: a phase is never used twice.
 *
 * @param view since which record the members are these
 * @param phase the one that is open; that of the view if none has passed in it
 * @param passed the newest phase that has passed, in this view or before; 0 for none
 */
public record Standing(BarrierClaim claim, long view, long phase, long passed) {

    /** How many phases have passed in this view. */
    public int passes() {
        return (int) (phase - view);
    }

    /** Whether this member has entered the phase that is open. */
    public boolean hasEntered() {
        return claim.entered() == phase;
    }

    public Standing withClaim(BarrierClaim newest) {
        return new Standing(newest, view, phase, passed);
    }
}
