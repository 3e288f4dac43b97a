package org.understudy.ha.api;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.understudy.ha.api.config.Placement;

/**
 * Says why groups are where they are, and where they would go. Everything is computed in this process from the newest cluster record that
 * this node knows, by the planner that decides; nothing is asked of another node and nothing changes. Any thread; a call takes milliseconds.
 *
 * @since 0.1.0
 */
public interface Advisor {

    /**
     * Why a group is where it is, or why it runs nowhere: what proved its last owner over, which node was chosen and why, what keeps it from
     * the nodes that it prefers, and what it is about to do.
     *
     * @throws LifecycleException if this node knows no such group
     */
    Explanation explain(String group);

    /**
     * Why a group is not on a node: everything that is against it.
     *
     * @throws LifecycleException if this node knows no such group, or that node never was one of this cluster
     */
    Explanation whyNot(String group, NodeId node);

    /**
     * What would become of every group if all of that happened at once, once it has settled: nodes stop what they are told to stop, and what is
     * started runs.
     *
     * @throws LifecycleException if a change names a node that is not in the cluster now, or a group that this node does not know
     * @throws ConfigurationException if a new group has the name of one that is there
     */
    Forecast whatIf(Change... changes);

    /**
     * One sentence, and what it rests on.
     *
     * @param sentence of a group in copies one for each part
     * @param holder who stands granted it; of a group in copies the promoted role, or else the first copy, and so below
     * @param proof why the grant before that was over
     * @param candidates every node in the cluster now, and whether it could run the group as things stand
     */
    record Explanation(
            String group,
            String sentence,
            Optional<Incarnation> holder,
            Optional<ProofKind> proof,
            List<Candidate> candidates) {
        public Explanation {
            candidates = List.copyOf(candidates);
        }
    }

    /**
     * A node as a place for a group.
     *
     * @param reason why it could not run it; empty if it could
     * @param score of the copy there for the promoted role: the highest is promoted; empty for anything else
     */
    record Candidate(NodeId node, boolean isPossible, String reason, OptionalLong score) {}

    /** Something that could happen. */
    sealed interface Change {

        /** A node's process ends, and is proved or waited out as far as it can be. */
        record NodeLost(NodeId node) implements Change {}

        /** A node is put on standby. */
        record Standby(NodeId node) implements Change {}

        /** A group, a node or everything is put into maintenance. */
        record Maintenance(Target target) implements Change {}

        /** A group is registered on every node that may own resources and is there now. */
        record NewGroup(String name, List<NodeId> preferred, Placement placement) implements Change {
            public NewGroup {
                preferred = List.copyOf(preferred);
            }
        }
    }

    /**
     * What would become of the groups.
     *
     * @param outcomes every group, by name
     */
    record Forecast(String sentence, List<Outcome> outcomes) {
        public Forecast {
            outcomes = List.copyOf(outcomes);
        }
    }

    /**
     * What would become of one group.
     *
     * @param before where it is now
     * @param after where it would be
     * @param reason why it would be nowhere, or by which proof it would have moved; empty if nothing would change
     */
    record Outcome(String group, Optional<NodeId> before, Optional<NodeId> after, String reason) {

        /** Whether it would be elsewhere than now, or nowhere. */
        public boolean isChange() {
            return !before.equals(after);
        }
    }
}
