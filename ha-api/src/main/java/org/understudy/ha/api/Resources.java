package org.understudy.ha.api;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.understudy.ha.api.config.Group;

/** The groups of this node. */
public interface Resources {

    /**
     * Makes this node a candidate for a group. Each node that may run the group registers it with the same name and the same
     * preferred nodes, and with its own resource objects. Returns at once; the group starts where and when the cluster grants it.
     *
     * @throws ConfigurationException if the group cannot work on this node, with every reason; also if it demands enforcement and
     *     is not {@linkplain Coverage covered} here
     * @throws LifecycleException if the name is registered already or the node is closed
     */
    void register(Group group);

    /**
     * The status of every group this node knows of, in order of names. Never blocks. Leader elections are not listed here; in
     * events they appear as groups called {@code election:<name>}.
     */
    List<GroupStatus> status();

    /**
     * The status of one group.
     *
     * @throws LifecycleException if this node knows no such group
     */
    GroupStatus status(String group);

    /**
     * What ends the group here when its lease is over and this process does not run. Changes when an enforcer is lost or comes
     * back. Never blocks.
     *
     * @throws LifecycleException if the group is not registered on this node
     */
    Coverage coverage(String group);

    /**
     * Asks the holder to stop the group and another node to start it. A request, never a constraint left behind.
     *
     * @return completes with the result: {@link MoveResult.Outcome#DONE} once the new holder is granted the group,
     *     {@link MoveResult.Outcome#REFUSED} with the reason, or {@link MoveResult.Outcome#UNKNOWN} when {@code limit} has passed
     */
    CompletionStage<MoveResult> move(String group, NodeId to, Duration limit);

    /**
     * Result of a move.
     *
     * @param reason one sentence
     */
    record MoveResult(Outcome outcome, String reason) {
        /** Three-valued: a time-out is unknown. */
        public enum Outcome {
            DONE,
            REFUSED,
            UNKNOWN
        }
    }
}
