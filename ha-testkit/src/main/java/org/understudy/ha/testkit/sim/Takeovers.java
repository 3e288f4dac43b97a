package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.sim.RunReport.Start;
import org.understudy.ha.testkit.sim.check.SimGroup;

/** Who began to act for what, and how long nobody did after a fault at the owner. */
final class Takeovers {

    private final World world;
    private final long[] ownerLostAt;
    private final List<Long> gaps = new ArrayList<>();
    private final List<Start> starts = new ArrayList<>();

    Takeovers(World world, int groups) {
        this.world = world;
        this.ownerLostAt = new long[groups];
    }

    /** A fault hits a node that acts for something. */
    void ownerHit(int node) {
        for (SimGroup group : world.groups()) {
            if (group.isExpirable() && world.ownership().acts(group, node)) {
                ownerLostAt[group.index()] = world.now();
            }
        }
    }

    /** A group acts from now on. */
    void began(SimGroup group, int node, long token, ProofKind proof) {
        if (ownerLostAt[group.index()] > 0) {
            gaps.add(world.now() - ownerLostAt[group.index()]);
            ownerLostAt[group.index()] = 0;
        }
        starts.add(new Start(world.now(), group.name(), world.ids().get(node), token, proof));
        for (int other = 0; other < world.ids().size(); other++) {
            boolean isSilent = world.ownership().isClaimed(group, other)
                    && !world.ownership().acts(group, other);
            if (other != node && isSilent) {
                NodeId before = world.ids().get(other);
                world.tell(group.name(), () -> "had ended with the lease of " + before);
            }
        }
        world.tell(group.name(), () -> "runs on " + world.ids().get(node) + ", token " + token + ", proof " + proof);
    }

    List<Long> gaps() {
        return List.copyOf(gaps);
    }

    List<Start> starts() {
        return List.copyOf(starts);
    }

    /** Who acts for each group that has somebody now. */
    SortedMap<String, NodeId> owners() {
        TreeMap<String, NodeId> owners = new TreeMap<>();
        for (SimGroup group : world.groups()) {
            int owner = world.ownership().owner(group);
            if (owner >= 0) {
                owners.put(group.name(), world.ids().get(owner));
            }
        }
        return Collections.unmodifiableSortedMap(owners);
    }
}
