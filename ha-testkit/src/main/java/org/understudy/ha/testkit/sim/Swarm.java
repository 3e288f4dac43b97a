package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/** What a seed draws about its world before anything happens: each run is of another kind. Pure. */
final class Swarm {

    private static final int WIRED_PER_MILLE = 150;

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

    /** Whether messages pass through the real frames and states through the real file format. */
    static boolean isWired(long seed) {
        return SimRandom.happens(SimRandom.hash(seed, 'w', 1, 0), WIRED_PER_MILLE);
    }

    /** Whether the application says that it may form at every start, or only at the first. */
    static boolean formsAlways(long seed) {
        return SimRandom.happens(SimRandom.hash(seed, 'w', 2, 0), 500);
    }

    static List<NodeId> nodes(Size size) {
        List<NodeId> ids = new ArrayList<>();
        for (int i = 1; i <= size.nodes(); i++) {
            boolean isWitness = size.hasWitness() && i == size.nodes();
            ids.add(NodeId.of(isWitness ? "witness" : "serv" + i));
        }
        return List.copyOf(ids);
    }

    static List<SimGroup> groups(int count, List<NodeId> owners) {
        List<SimGroup> groups = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int round = i / 4;
            String suffix = round == 0 ? "" : Integer.toString(round + 1);
            List<NodeId> preferred = new ArrayList<>(owners);
            Collections.rotate(preferred, -(round + (i % 4 == 1 ? 1 : 0)));
            groups.add(
                    switch (i % 4) {
                        case 0 -> address(i, "files" + suffix, preferred);
                        case 1 -> address(i, "mail" + suffix, preferred);
                        case 2 ->
                            new SimGroup(i, "volume" + suffix, preferred, false, false, List.of(), round % 2 == 1);
                        default -> new SimGroup(i, "leader" + suffix, List.of(), true, true, List.of(), false);
                    });
        }
        return List.copyOf(groups);
    }

    private static SimGroup address(int index, String name, List<NodeId> preferred) {
        return new SimGroup(index, name, preferred, false, true, List.of("address " + name), false);
    }
}
