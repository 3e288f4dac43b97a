package org.understudy.ha.api.event;

import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Membership;
import org.understudy.ha.api.NodeState;

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

    /**
     * What the cluster survives changed: a node, a group, a coverage or a place of a group. Computed some seconds after the change; see
     * {@link org.understudy.ha.api.HaNode#assumptions()}.
     */
    record AssumptionsChanged(Assumptions assumptions) implements HaEvent {}
}
