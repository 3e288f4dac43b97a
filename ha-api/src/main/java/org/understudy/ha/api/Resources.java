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
     * The status of every group this node knows of, in order of names; of a group in copies one for each copy, by number, after the one
     * for its promoted role. Never blocks. Leader elections are not listed here; in events they appear as groups called
     * {@code election:<name>}.
     */
    List<GroupStatus> status();

    /**
     * The status of one group: of a promotable one the promoted role; of any other in copies the copy that is here, else the first that
     * runs nowhere, else the first.
     *
     * @throws LifecycleException if this node knows no such group
     */
    GroupStatus status(String group);

    /**
     * The status of every part of one group: one for a group that runs on one node at a time.
     *
     * @throws LifecycleException if this node knows no such group
     */
    List<GroupStatus> parts(String group);

    /**
     * What ends the group here when its lease is over and this process does not run; of a promotable one what ends the promoted role. Changes
     * when an enforcer is lost or comes back. Never blocks.
     *
     * @throws LifecycleException if the group is not registered on this node
     */
    Coverage coverage(String group);

    /**
     * Asks the holder to stop the group and another node to start it; of a promotable one to demote its copy, and another node to promote
     * its own. A request, never a constraint left behind. Refused for any other group in copies: put the node on standby instead.
     *
     * <p>The new holder has still to start it, and that may fail: {@link GroupStatus#atHolder()} says how it goes on.
     *
     * @param limit how long to wait for the decision, more than nothing and at most a day
     * @return completes with the result: {@link MoveResult.Outcome#DONE} once the new holder is granted the group,
     *     {@link MoveResult.Outcome#REFUSED} with the reason, or {@link MoveResult.Outcome#UNKNOWN} when {@code limit} has passed, or this
     *     node closes or steps aside before
     * @throws ConfigurationException if an argument cannot be used, with every reason
     * @throws LifecycleException if the node is closed
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
