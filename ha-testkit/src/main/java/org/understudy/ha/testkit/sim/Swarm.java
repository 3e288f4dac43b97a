package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;

/** What a seed draws about its world before anything happens: each run is of another kind. Pure. */
final class Swarm {

    private static final int WIRED_PER_MILLE = 150;
    private static final int OLDER_PER_MILLE = 80;
    private static final int ARRANGED_PER_MILLE = 250;

    private Swarm() {}

    /** Mostly three nodes and four groups, sometimes more. */
    static Size size(long seed) {
        long draw = SimRandom.hash(seed, 'w', 0, 0);
        long kind = SimRandom.scale(draw, 0, 1000);
        int nodes = kind < 800 ? 3 : kind < 920 ? 5 : kind < 980 ? 4 : 9;
        boolean hasWitness = SimRandom.happens(draw + 1, 700);
        int groups = SimRandom.happens(draw + 2, 700) ? 4 : (int) SimRandom.scale(draw + 3, 1, 11);
        return new Size(nodes, hasWitness, groups);
    }

    /** What kind of world it is besides its size. */
    static Traits traits(long seed) {
        boolean isOlder = SimRandom.happens(SimRandom.hash(seed, 'w', 3, 0), OLDER_PER_MILLE);
        return new Traits(
                SimRandom.happens(SimRandom.hash(seed, 'w', 1, 0), WIRED_PER_MILLE),
                SimRandom.happens(SimRandom.hash(seed, 'w', 2, 0), 500),
                isOlder,
                !isOlder && SimRandom.happens(SimRandom.hash(seed, 'w', 4, 0), ARRANGED_PER_MILLE));
    }

    /** One node after the other is upgraded, in any order, slowly or fast. */
    static List<Fault> upgrades(long seed, int nodes, long from, long to) {
        List<Integer> order = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            order.add((int) SimRandom.scale(SimRandom.hash(seed, 'u', node, 0), 0, order.size() + 1), node);
        }
        long begin = SimRandom.scale(SimRandom.hash(seed, 'u', 0, 1), from, to);
        long every = SimRandom.scale(SimRandom.hash(seed, 'u', 0, 2), 0, (to - begin) / nodes);
        List<Fault> upgrades = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            int node = order.get(i);
            long draw = SimRandom.hash(seed, 'u', node, 3);
            upgrades.add(new Fault(
                    wholeMillis(begin + i * every),
                    Fault.Kind.UPGRADE,
                    node,
                    (node + 1) % nodes,
                    0,
                    SimRandom.scale(draw, 50, 2_000) * Timeline.MILLI,
                    SimRandom.scale(draw + 1, 0, 1 << 20)));
        }
        return upgrades;
    }

    private static long wholeMillis(long nanos) {
        return nanos / Timeline.MILLI * Timeline.MILLI;
    }

    static List<NodeId> nodes(Size size) {
        List<NodeId> ids = new ArrayList<>();
        for (int i = 1; i <= size.nodes(); i++) {
            boolean isWitness = size.hasWitness() && i == size.nodes();
            ids.add(NodeId.of(isWitness ? "witness" : "serv" + i));
        }
        return List.copyOf(ids);
    }

    /** The groups of a world, parts of groups each by itself. */
    static List<SimGroup> groups(long seed, Size size, Traits traits) {
        return traits.isArranged() ? Arranged.groups(seed, size) : groups(size);
    }

    private static List<SimGroup> groups(Size size) {
        List<NodeId> owners = nodes(size).subList(0, size.owners());
        List<SimGroup> groups = new ArrayList<>();
        for (int i = 0; i < size.groups(); i++) {
            int round = i / 4;
            String suffix = round == 0 ? "" : Integer.toString(round + 1);
            List<NodeId> preferred = new ArrayList<>(owners);
            Collections.rotate(preferred, -(round + (i % 4 == 1 ? 1 : 0)));
            groups.add(
                    switch (i % 4) {
                        case 0 -> address(i, "files" + suffix, preferred);
                        case 1 -> address(i, "mail" + suffix, preferred);
                        case 2 -> {
                            String name = "volume" + suffix;
                            List<String> remains = round == 0 ? List.of() : List.of("mount " + name);
                            yield new SimGroup(i, name, preferred, false, false, remains, round % 2 == 1);
                        }
                        default -> new SimGroup(i, "leader" + suffix, List.of(), true, true, List.of(), false);
                    });
        }
        return List.copyOf(groups);
    }

    private static SimGroup address(int index, String name, List<NodeId> preferred) {
        return new SimGroup(index, name, preferred, false, true, List.of("address " + name), false);
    }
}
