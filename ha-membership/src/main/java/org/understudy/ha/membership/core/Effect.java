package org.understudy.ha.membership.core;

import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Operator;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.recovery.Told;

/** An order from {@link NodeMachine} to whoever drives it. */
public sealed interface Effect {

    /** Send a message. Never to this node itself: the machine delivers those at once. */
    record Send(org.understudy.ha.api.NodeId to, Message message) implements Effect {}

    /** Start a group. Answer with {@link Input.StartEnded}. */
    record StartGroup(String group, Incarnation holder, long token, ProofKind proof) implements Effect {}

    /** Stop a group whether or not its start has ended; interrupt a start that is under way. Answer with {@link Input.StopEnded}. */
    record StopGroup(String group, long token, String why) implements Effect {}

    /**
     * Another node is about to give this one the group that it holds under this token: make ready what takes time. Answer with {@link
     * Input.PrepareEnded}.
     *
     * @param successor this node's session, which is to hold the next grant
     */
    record PrepareGroup(String group, long token, Incarnation successor) implements Effect {}

    /** It will not be given to this node: what was made ready is not needed. */
    record UnprepareGroup(String group) implements Effect {}

    /** Look again how a running group is, whose failure was let be. */
    record WatchGroup(String group, long token) implements Effect {}

    /**
     * The lease of this node's session, for everybody who asks {@code Lease.isValid()} and for kernel enforcements.
     *
     * @param incarnation empty without a session
     * @param confirmedNanos when the newest renewal acknowledged by a majority was sent; meaningless unless {@code isValid}
     */
    record PublishLease(Optional<Incarnation> incarnation, boolean isValid, long confirmedNanos) implements Effect {}

    /** This node is a new incarnation: tell the guardian. */
    record LiveAs(Incarnation incarnation) implements Effect {}

    /** This node's state changed. */
    record PublishState(NodeState state, String why) implements Effect {}

    /** A newer record is known to be chosen. */
    record PublishRecord(Ballot ballot, ClusterRecord value) implements Effect {}

    /** A move asked for here has been decided. */
    record MoveDecided(long request, boolean isDone, String why) implements Effect {}

    /** What an operator asked for here has been decided. */
    record OperationDecided(long request, boolean isDone, String why) implements Effect {}

    /** The core services tell the application something. */
    record Tell(Told told) implements Effect {}
    /** What an operator here wanted forgotten has been decided. */
    record ClearDecided(long request, Operator.Cleared.Outcome outcome, String why) implements Effect {}

    /** The session has ended in an orderly way: nothing more will be sent. */
    record Left() implements Effect {}
}
