package org.understudy.ha.testkit.sim.check;

import java.util.List;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Who believes to own which name. Checks ONE_NAME_OWNER: beside somebody who owns a name exclusively nobody owns it.
 *
 * <p>A node believes from the moment it is told so until it is told otherwise or withdraws the name, while its process is there and the lease
 * last published holds, whether or not the process runs.
 */
public final class NameOwners {

    private final Court court;
    private final List<NodeId> ids;
    private final Ownership ownership;
    private final List<TreeMap<String, Boolean>> believed;

    public NameOwners(Court court, List<NodeId> ids, Ownership ownership) {
        this.court = court;
        this.ids = ids;
        this.ownership = ownership;
        this.believed = ids.stream().map(id -> new TreeMap<String, Boolean>()).toList();
    }

    /** A node is told that it owns a name. */
    public void held(int node, String name, boolean isExclusive) {
        believed.get(node).put(name, isExclusive);
        check(node);
    }

    /** A node owns a name no more. */
    public void over(int node, String name) {
        believed.get(node).remove(name);
    }

    /** The process has ended. */
    public void reset(int node) {
        believed.get(node).clear();
    }

    /** The lease of a node lasts longer than before. */
    public void renewed(int node) {
        check(node);
    }

    private void check(int node) {
        if (believed.get(node).isEmpty() || !isValid(node)) {
            return;
        }
        believed.get(node).forEach((name, isExclusive) -> {
            court.looked(Checker.ONE_NAME_OWNER);
            for (int other = 0; other < ids.size(); other++) {
                Boolean theirs = believed.get(other).get(name);
                if (other != node && theirs != null && isValid(other) && (isExclusive || theirs)) {
                    court.violated(
                            Checker.ONE_NAME_OWNER,
                            ids.get(node) + (isExclusive ? " exclusively" : "") + " and " + ids.get(other)
                                    + (theirs ? " exclusively" : "") + " both own " + name);
                }
            }
        });
    }

    private boolean isValid(int node) {
        return court.now() < ownership.enforcedUntil(node);
    }
}
