package org.understudy.ha.api.spi;

import java.util.Set;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

/**
 * A resource of which several copies run, one of them promoted: a database with replicas, for example. {@link #start} lands in the role
 * <em>unpromoted</em>. In a group that is {@code Group.Builder.promotable()} the library starts the copies, and promotes one of them under a
 * grant of its own: the promise "at most one node" is about the promoted role.
 *
 * <p>{@link #promote} and {@link #demote} follow the rules of {@link ManagedResource}: one call at a time together with all others of the group,
 * idempotent, with a budget each. A failed {@code promote} is always followed by {@code demote}; where that fails too, by {@code stop}.
 * {@link #monitor()} speaks for the role that the resource should have: a promoted one that finds itself unpromoted says FAILED, and is demoted,
 * stopped and started again.
 *
 * @since 0.1.0
 */
public interface PromotableResource extends ManagedResource {

    /**
     * Makes the copy of this node the promoted one. Returning means: it is. The token in the context is that of the promotion, and not that of
     * the start.
     *
     * @throws ResourceException if it may not be
     * @throws InterruptedException if it was cancelled or ran out of budget; its role is then unknown
     */
    void promote(StartContext context) throws ResourceException, InterruptedException;

    /**
     * Makes the copy of this node an unpromoted one; it goes on running. Returning normally means: certainly not promoted, and another node may
     * promote its own. Throw if in doubt: the library tries again, then stops the copy, and at last blocks the group rather than risk two.
     *
     * @throws ResourceException if it may still be promoted
     * @throws InterruptedException if the budget ran out; its role is then unknown
     */
    void demote(StopContext context) throws ResourceException, InterruptedException;

    /**
     * How good a successor this copy is, or that it must not be promoted now. Local and quick; asked about twice a second while the copy runs
     * here unpromoted. What was told last decides when the promoted one is gone, so it is at most some three seconds old; an end or a beginning of
     * eligibility is told at once. Each change that is told is a write of the cluster record: give it in coarse steps.
     *
     * @return eligible with the value 0 by default
     */
    default Score score() {
        return Score.of(0);
    }

    /**
     * What must end for the copy to be surely promoted no more. {@link #scope()} by default. Every proof heeds it: the end of the process
     * proves a role of scope {@link Scope#PROCESS} over; one of scope {@link Scope#NODE} for which {@link #remains()} names nothing
     * only the start of another kernel; one of scope {@link Scope#EXTERNAL} nothing about its host.
     */
    default Scope promotedScope() {
        return scope();
    }

    /**
     * What ends the promoted role at the end of the lease although our code does not run; see {@link #enforcements()}, which it is by
     * default. Asked when the group is registered.
     */
    default Set<Enforcement> promotedEnforcements() {
        return enforcements();
    }
}
