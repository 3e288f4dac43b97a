package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.testkit.sim.check.SimGroup;

/** With which rules, and in which form, each node registers the groups when it starts the next time. */
final class Registrations {

    private final List<SimGroup> groups;
    private final List<TreeMap<String, Placement>> rules = new ArrayList<>();
    /** Groups in copies that a node registers whole. */
    private final List<TreeSet<String>> whole = new ArrayList<>();
    /** Groups that a node does not register. */
    private final List<TreeSet<String>> withdrawn = new ArrayList<>();

    Registrations(List<SimGroup> groups, int nodes) {
        this.groups = groups;
        for (int node = 0; node < nodes; node++) {
            rules.add(new TreeMap<>());
            whole.add(new TreeSet<>());
            withdrawn.add(new TreeSet<>());
        }
    }

    /** The rules with which a node registers a group; empty if it does not register it. */
    Optional<Placement> of(SimGroup group, int node) {
        boolean isPart = group.isTwin() || group.role() != Role.WHOLE;
        boolean isRegistered = !withdrawn.get(node).contains(group.family())
                && (!isPart || whole.get(node).contains(group.family()) == group.isTwin());
        return isRegistered
                ? Optional.of(rules.get(node).getOrDefault(group.name(), group.placement()))
                : Optional.empty();
    }

    /** Other rules for a group, in all its parts; as at first without luck. */
    void change(SimGroup group, int node, long luck) {
        for (SimGroup each : groups) {
            if (each.family().equals(group.family())) {
                rules.get(node).put(each.name(), luck == 0 ? each.placement() : Arranged.otherwise(each, luck));
            }
        }
    }

    /** Whole in place of copies, or copies in place of whole. */
    void change(SimGroup group, int node, boolean isWhole) {
        if (isWhole) {
            whole.get(node).add(group.family());
        } else {
            whole.get(node).remove(group.family());
        }
    }

    /** Whether a node registers a group at all, in all its parts. */
    void offer(SimGroup group, int node, boolean isOffered) {
        if (isOffered) {
            withdrawn.get(node).remove(group.family());
        } else {
            withdrawn.get(node).add(group.family());
        }
    }

    boolean isWhole(SimGroup group, int node) {
        return whole.get(node).contains(group.family());
    }

    /** Everybody registers everything as the first node does, and nothing is withdrawn. */
    void agree() {
        withdrawn.forEach(TreeSet::clear);
        for (int node = 1; node < rules.size(); node++) {
            rules.set(node, new TreeMap<>(rules.get(0)));
            whole.set(node, new TreeSet<>(whole.get(0)));
        }
    }
}
