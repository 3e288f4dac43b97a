package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.recovery.Ask;

/** A past fact for {@link NodeMachine}. */
public sealed interface Input {

    /** Time has passed. */
    record Tick() implements Input {}

    /** A message arrived. */
    record Received(NodeId from, Message message) implements Input {}

    /** The fact with this number, and all before it, are on disk. */
    record Persisted(long number) implements Input {}

    /** Who can be reached, the coordinator first. */
    record ViewChanged(List<NodeId> members) implements Input {
        public ViewChanged {
            members = List.copyOf(members);
        }
    }

    /** The boot clock and another clock disagree, or something else makes this node doubt its sense of time. */
    record ClockDoubted(String why) implements Input {}

    /** A last will arrived; not verified yet. */
    record WillArrived(byte[] datagram) implements Input {}

    /**
     * A group was registered here, with what the first probe found and the rules by which a node is chosen for it. One of this name that was
     * withdrawn and has not stopped yet stays withdrawn: whoever registers it again waits for that.
     */
    record GroupOffered(String group, Candidacy candidacy, Placement placement) implements Input {

        /** Without rules. */
        public GroupOffered(String group, Candidacy candidacy) {
            this(group, candidacy, Placement.NONE);
        }
    }

    /**
     * What this node says of a group that it offers is not what it was: what ends it without us, or how well its role would be here. A group that is
     * not offered, or not any more, stays so.
     */
    record CandidacyChanged(String group, Candidacy candidacy) implements Input {}

    /** A group is not offered any more. */
    record GroupWithdrawn(String group) implements Input {}

    /** What this node could run changed. */
    record EligibilityChanged(String group, boolean isEligible, String whyNot) implements Input {}

    /** A later probe before the first grant. */
    record Probed(String group, Presence presence, String detail) implements Input {}

    /**
     * A start returned.
     *
     * @param resource which one failed; empty if none did, or nobody knows
     */
    record StartEnded(String group, long token, Optional<Severity> failure, String resource, String why)
            implements Input {
        public StartEnded(String group, long token, Optional<Severity> failure, String why) {
            this(group, token, failure, "", why);
        }
    }

    /**
     * What {@link Effect.PrepareGroup} asked for is done, or failed.
     *
     * @param resource which one failed; empty if none did
     */
    record PrepareEnded(String group, long token, Optional<Severity> failure, String resource, String why)
            implements Input {}

    /** A stop returned; {@code isStopped} only if it is certain. */
    record StopEnded(String group, long token, boolean isStopped, String why) implements Input {}

    /**
     * A running group failed, or (without a severity) ended by itself.
     *
     * @param resource which one failed; empty if none did, or nobody knows
     */
    record GroupEnded(String group, long token, Optional<Severity> failure, String resource, String why)
            implements Input {
        public GroupEnded(String group, long token, Optional<Severity> failure, String why) {
            this(group, token, failure, "", why);
        }
    }

    /** A look at a group that had ended by itself, and that nobody stopped since, found nothing wrong. */
    record GroupMended(String group, long token) implements Input {}

    /** A running group must be given back whatever operators have said: soon something else ends it, and more than it. */
    record GroupEnding(String group, long token, String why) implements Input {}

    /** Whoever runs the group here gives it away; once it has stopped others come first, this long and at least one lease. */
    record GroupResigned(String group, long token, long holdNanos) implements Input {}

    /** Somebody here asks for a move. */
    record MoveWanted(long request, String group, NodeId to) implements Input {}

    /** An operator here wants the failures of a group on a node forgotten. */
    record ClearWanted(long request, String group, NodeId node) implements Input {}

    /** An operator here asks for something. */
    record OperationWanted(long request, Operation operation) implements Input {}

    /** An operator here says that the majority is lost for good and this node is to go on alone, in a new generation. */
    record ForceWanted(long request, String who, String why) implements Input {}

    /** An operator here vouches that this node's disk is not an older copy. */
    record VouchWanted(long request, String who, String why) implements Input {}

    /** The application asks something of the core services. */
    record Asked(Ask ask) implements Input {}

    /** The application closes the node. */
    record LeaveWanted() implements Input {}
}
