package org.understudy.ha.membership.core.record;

import java.util.List;

/**
 * What a member of a barrier says.
 *
 * @param entered the phase it has entered last; 0 for none
 * @param attempt grows when the member wants everybody to begin anew
 * @param rungs of the recovery ladder, those that this member climbs, in order; empty for any other barrier
 * @param trouble why it begins anew or does not go on, one sentence; empty normally
 */
public record BarrierClaim(long entered, long attempt, List<Rung> rungs, String trouble) {

    /** A member that has entered nothing yet. */
    public static final BarrierClaim MEMBER = new BarrierClaim(0, 0, List.of(), "");

    public BarrierClaim {
        rungs = List.copyOf(rungs);
    }

    public BarrierClaim withEntered(long phase) {
        return new BarrierClaim(phase, attempt, rungs, trouble);
    }

    /** Whether this member takes part on the same terms: if not, the members agree on nothing they began together. */
    public boolean isSameMember(BarrierClaim other) {
        return attempt == other.attempt && rungs.equals(other.rungs);
    }
}
