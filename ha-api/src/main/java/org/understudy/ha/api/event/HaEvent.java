package org.understudy.ha.api.event;

import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Membership;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Stall;

/** What a listener is told. Each event carries the whole new state of its subject. */
public sealed interface HaEvent {

    /** This node's own state changed. */
    record NodeChanged(NodeState state, String reason) implements HaEvent {}

    /** Who can be reached changed. */
    record ViewChanged(Membership.View view) implements HaEvent {}

    /** A majority answers again, or no longer. */
    record QuorumChanged(boolean isQuorate) implements HaEvent {}

    /** A group's status changed. */
    record GroupChanged(GroupStatus status) implements HaEvent {}

    /** Something an operator should look at; the sentence says what and what to do. */
    record Alarm(String subject, String sentence) implements HaEvent {}

    /** A resource of a group tells something about this start; see {@link org.understudy.ha.api.spi.ManagedResource.StartContext#report}. */
    record Reported(String group, String sentence) implements HaEvent {}

    /**
     * What the cluster survives changed: a node, a group, a coverage or a place of a group. Computed some seconds after the change; see
     * {@link org.understudy.ha.api.HaNode#assumptions()}.
     */
    record AssumptionsChanged(Assumptions assumptions) implements HaEvent {}

    /**
     * Something took more than half of what the lease allows, or all of it. Told once when it begins and once when the margin is
     * used up; again only after a minute without.
     *
     * @param what its name in {@link org.understudy.ha.api.Stalls#all()}
     * @param stall as measured until now
     * @param isMarginUsedUp whether it took all; for {@code tick} and {@code pause} the lease is in doubt then, for {@code lease}
     *     this node is stopping what it runs
     * @param sentence what happened and what to do
     */
    record StallNoticed(String what, Stall stall, boolean isMarginUsedUp, String sentence) implements HaEvent {}

    /**
     * A decision was made or learned, see {@link org.understudy.ha.api.HaNode#history()}. Each is told once; a listener that is more than a
     * thousand behind misses some, as their numbers show.
     */
    record Decided(Decision decision) implements HaEvent {}
}
