package org.understudy.ha.testkit.sim.check;

import java.util.List;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Candidacy;

/**
 * A group of the simulated cluster, or a part of one: what the cluster record knows by one name.
 *
 * @param isExpirable whether the fake kernel ends it with the lease
 * @param remains what stays on the host when the process dies
 * @param keepsRunning whether it goes on without a majority
 * @param placement the rules that it is first registered with
 * @param priorities of each node that could own it, in the order of the nodes; empty if all are alike
 * @param isTwin whether it is the other form of a group in copies: nobody registers it at first
 */
public record SimGroup(
        int index,
        String name,
        List<NodeId> preferred,
        boolean isElection,
        boolean isExpirable,
        List<String> remains,
        boolean keepsRunning,
        Placement placement,
        List<Integer> priorities,
        boolean isTwin) {

    public SimGroup {
        preferred = List.copyOf(preferred);
        remains = List.copyOf(remains);
        priorities = List.copyOf(priorities);
    }

    /** Whole, without rules. */
    public SimGroup(
            int index,
            String name,
            List<NodeId> preferred,
            boolean isElection,
            boolean isExpirable,
            List<String> remains,
            boolean keepsRunning) {
        this(index, name, preferred, isElection, isExpirable, remains, keepsRunning, Placement.NONE, List.of(), false);
    }

    /** What a node that could run it offers. */
    public Candidacy candidacy(int node) {
        return scored(priorities.isEmpty() ? 0 : priorities.get(node));
    }

    /** What a node offers whose score this is. */
    public Candidacy scored(long priority) {
        return new Candidacy(
                preferred, isElection, true, "", Presence.ABSENT, isExpirable, remains, priority, keepsRunning);
    }

    /** What a user calls the group that it is, or is a part of. */
    public String family() {
        return Part.groupOf(name);
    }

    public Role role() {
        return Part.roleOf(name);
    }

    /** Whether its node stops it when no majority answers. */
    public boolean endsWithoutMajority() {
        return isExpirable || !keepsRunning;
    }

    /** Whether something of it may act on when its process is gone: what the kernel holds. */
    public boolean outlivesItsProcess() {
        return isExpirable && !remains.isEmpty();
    }
}
