package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.assumptions.Outlooks;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.check.SimGroup;

/** What is said of single and double faults, laid beside what the real machines do about them in simulated worlds. */
@Tag("simulated")
class OutlooksHoldTest {
    private static final long STRUCK = 8_000 * World.MILLI;
    private static final long LOOKED = STRUCK + 7_000 * World.MILLI;
    private static final long LASTS = LOOKED - STRUCK + World.MILLI;
    private static final long HEALED = LOOKED + World.MILLI;
    /** Files, mail, two volumes of which the second goes on without a majority, two leaders. */
    private static final int GROUPS = 8;

    private final Map<Fate, Integer> compared = new EnumMap<>(Fate.class);

    @Test
    void every_single_and_every_double_fault_of_three_nodes() {
        List<Fault> faults = faults(3);
        for (int i = 0; i < faults.size(); i++) {
            play(new Size(3, false, GROUPS), i + 1, List.of(faults.get(i)));
            for (int j = 0; j < faults.size(); j++) {
                if (i != j) {
                    long later = List.of(0L, 1L, 3L, 300L, 1015L, 2500L).get((i + j) % 6) * World.MILLI;
                    play(new Size(3, false, GROUPS), i + 1, List.of(faults.get(i), later(faults.get(j), later)));
                }
            }
        }
        assertThat(compared).containsOnlyKeys(Fate.GOES_ON, Fate.MOVES, Fate.STOPS);
        assertThat(compared.values()).allMatch(count -> count > 50);
    }

    @Test
    void some_double_faults_of_five_nodes_and_a_pair_with_a_witness() {
        for (Size size : List.of(new Size(5, false, GROUPS), new Size(3, true, GROUPS))) {
            List<Fault> faults = faults(size.nodes());
            for (int i = 0; i < faults.size(); i++) {
                int j = (i * 7 + 3) % faults.size();
                if (i != j) {
                    long later = (i % 3) * 1_200 * World.MILLI;
                    play(size, i + 1, List.of(faults.get(i), later(faults.get(j), later)));
                }
            }
        }
        assertThat(compared.get(Fate.MOVES)).isGreaterThan(10);
    }

    private static List<Fault> faults(int nodes) {
        List<Fault> faults = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            for (Kind kind : List.of(Kind.CRASH, Kind.POWER_OFF, Kind.PAUSE, Kind.ISOLATE)) {
                faults.add(new Fault(STRUCK, kind, node, (node + 1) % nodes, 0, LASTS, 7));
            }
            for (int other = node + 1; other < nodes; other++) {
                faults.add(new Fault(STRUCK, Kind.CUT_PAIR, node, other, 0, LASTS, 7));
            }
        }
        return faults;
    }

    private static Fault later(Fault fault, long by) {
        return new Fault(STRUCK + by, fault.kind(), fault.node(), fault.other(), fault.group(), fault.lengthNanos(), 7);
    }

    private static org.understudy.ha.api.Fault named(Fault fault, List<NodeId> ids) {
        NodeId node = ids.get(fault.node());
        return switch (fault.kind()) {
            case CRASH -> org.understudy.ha.api.Fault.of(org.understudy.ha.api.Fault.Kind.PROCESS_KILLED, node);
            case POWER_OFF -> org.understudy.ha.api.Fault.of(org.understudy.ha.api.Fault.Kind.NODE_LOST, node);
            case PAUSE -> org.understudy.ha.api.Fault.of(org.understudy.ha.api.Fault.Kind.NODE_PAUSED, node);
            case ISOLATE -> org.understudy.ha.api.Fault.of(org.understudy.ha.api.Fault.Kind.CUT_OFF, node);
            case CUT_PAIR -> org.understudy.ha.api.Fault.linkCut(node, ids.get(fault.other()));
            default -> throw new IllegalArgumentException("no name for " + fault);
        };
    }

    private static Optional<ClusterRecord> newest(World world) {
        return world.nodes().stream()
                .flatMap(node -> node.machine().flatMap(NodeMachine::learned).stream())
                .max((a, b) -> Long.compare(a.number(), b.number()));
    }

    private void play(Size size, long seed, List<Fault> faults) {
        World world = new World(
                seed, WorldOptions.standard().sized(size).healingAt(HEALED).scripted(faults));
        List<GroupOutlook> said = new ArrayList<>();
        List<ClusterRecord> before = new ArrayList<>();
        List<String> broken = new ArrayList<>();
        world.at(STRUCK - World.MILLI, () -> {
            ClusterRecord record = newest(world).orElseThrow();
            before.add(record);
            org.understudy.ha.api.Fault[] wanted =
                    faults.stream().map(f -> named(f, world.ids())).toArray(org.understudy.ha.api.Fault[]::new);
            new Assumptions(Outlooks.of(record, World.TIMING), List.of(), List.of(), List.of())
                    .outlook(wanted)
                    .ifPresent(o -> said.addAll(o.groups()));
        });
        world.at(LOOKED, () -> {
            for (GroupOutlook outlook : said) {
                compare(world, outlook, before.get(0)).ifPresent(broken::add);
            }
        });

        RunReport report = world.run();

        assertThat(report.violation()).isEmpty();
        assertThat(said).as("of " + faults).isNotEmpty();
        assertThat(broken).as("after " + faults + ", seed " + seed).isEmpty();
    }

    /** What is wrong with a sentence; empty if it holds. */
    private Optional<String> compare(World world, GroupOutlook said, ClusterRecord before) {
        SimGroup group = world.groups().stream()
                .filter(g -> g.name().equals(said.group()))
                .findFirst()
                .orElseThrow();
        List<NodeId> acting = new ArrayList<>();
        for (int node = 0; node < world.ids().size(); node++) {
            boolean isPaused = world.nodes()
                    .get(node)
                    .process()
                    .filter(SimProcess::isPaused)
                    .isPresent();
            if (world.ownership().acts(group, node) && !isPaused) {
                acting.add(world.ids().get(node));
            }
        }
        List<ProofKind> proofs = newest(world).orElseThrow().grant(said.group()).stream()
                .filter(g ->
                        g.token() > before.grant(said.group()).orElseThrow().token())
                .map(g -> g.proof())
                .toList();
        boolean holds = switch (said.fate()) {
            case GOES_ON -> acting.equals(said.mayRunOn());
            case MOVES ->
                acting.size() == 1
                        && said.mayRunOn().containsAll(acting)
                        && said.proofs().containsAll(proofs);
            case STOPS -> acting.isEmpty();
            case MAY_STOP -> true;
        };
        if (said.fate() != Fate.MAY_STOP) {
            compared.merge(said.fate(), 1, Integer::sum);
        }
        return holds ? Optional.empty() : Optional.of(said + " and runs on " + acting + " by " + proofs);
    }
}
