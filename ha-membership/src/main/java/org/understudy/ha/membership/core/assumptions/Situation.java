package org.understudy.ha.membership.core.assumptions;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** Who lives, who votes and who hears whom while some faults last. */
final class Situation {

    /** What a node is while it lasts; the worst of its faults. */
    enum Vitals {
        UP,
        /** Its process stands still. */
        PAUSED,
        /** Its process lives, has stepped aside and stopped what it ran; it can neither vote nor make a word durable. */
        ASIDE,
        /** Its process is gone, and its guardian says so. */
        KILLED,
        /** Its process is gone, and nobody says so. */
        GONE
    }

    private final List<Fault> faults;
    private final ClusterRecord record;
    private final Map<Fault.Kind, TreeSet<NodeId>> struck = new EnumMap<>(Fault.Kind.class);
    private final List<Fault> cuts = new ArrayList<>();
    private final TreeSet<NodeId> absent;
    private final Map<NodeId, Vitals> vitals = new TreeMap<>();
    private final Map<NodeId, List<AcceptorId>> hearing = new TreeMap<>();

    /**
     * @param record whose acceptors vote
     * @param absent nodes that are not in the cluster at all
     * @param faults what lasts. A lost disk is one whose loss is felt; leave it out for one that nothing is written to
     */
    Situation(ClusterRecord record, Collection<NodeId> absent, Collection<Fault> faults) {
        this.record = record;
        this.faults = List.copyOf(faults);
        this.absent = new TreeSet<>(absent);
        for (Fault fault : faults) {
            if (fault.kind() == Fault.Kind.LINK_CUT) {
                cuts.add(fault);
            } else {
                struck.computeIfAbsent(fault.kind(), k -> new TreeSet<>())
                        .add(fault.nodes().get(0));
            }
        }
    }

    /** What lasts. */
    List<Fault> faults() {
        return faults;
    }

    /** Whether everybody who hears a majority knows the same. */
    boolean isSeenAlike() {
        return cuts.isEmpty();
    }

    /** Every way these faults can be felt: a lost disk hurts when something has to be written to it, or not yet. */
    static List<List<Fault>> ways(List<Fault> faults) {
        List<List<Fault>> ways = new ArrayList<>(List.of(List.of()));
        for (Fault fault : faults) {
            List<List<Fault>> longer = new ArrayList<>();
            for (List<Fault> way : ways) {
                List<Fault> with = new ArrayList<>(way);
                with.add(fault);
                longer.add(with);
                if (fault.kind() == Fault.Kind.DISK_LOST) {
                    longer.add(way);
                }
            }
            ways = longer;
        }
        return ways;
    }

    Vitals vitals(NodeId node) {
        return vitals.computeIfAbsent(node, this::diagnose);
    }

    private Vitals diagnose(NodeId node) {
        boolean isKilled = is(Fault.Kind.PROCESS_KILLED, node);
        if (absent.contains(node)
                || is(Fault.Kind.NODE_LOST, node)
                || (isKilled && is(Fault.Kind.GUARDIAN_LOST, node))) {
            return Vitals.GONE;
        }
        if (isKilled) {
            return Vitals.KILLED;
        }
        if (is(Fault.Kind.NODE_PAUSED, node)) {
            return Vitals.PAUSED;
        }
        return is(Fault.Kind.DISK_LOST, node) ? Vitals.ASIDE : Vitals.UP;
    }

    boolean isUp(NodeId node) {
        return vitals(node) == Vitals.UP;
    }

    boolean isCutOff(NodeId node) {
        return is(Fault.Kind.CUT_OFF, node);
    }

    /** Whether the network carries from one host to another and back. */
    boolean connects(NodeId one, NodeId other) {
        return one.equals(other)
                || (!isCutOff(one)
                        && !isCutOff(other)
                        && cuts.stream()
                                .noneMatch(c ->
                                        c.nodes().contains(one) && c.nodes().contains(other)));
    }

    /** Acceptors that vote and hear a node. */
    List<AcceptorId> hearing(NodeId node) {
        return hearing.computeIfAbsent(node, this::listen);
    }

    private List<AcceptorId> listen(NodeId node) {
        List<AcceptorId> all = new ArrayList<>();
        for (AcceptorId acceptor : record.voters().all()) {
            if (isUp(acceptor.node()) && isUp(node) && connects(acceptor.node(), node)) {
                all.add(acceptor);
            }
        }
        return all;
    }

    /** Whether a node goes on renewing its session, and may have a record chosen. */
    boolean hasMajority(NodeId node) {
        return record.voters().isQuorum(hearing(node));
    }

    /** The acceptors' nodes that hear a majority: each of them may plan. */
    List<NodeId> planners() {
        return record.voters().all().stream()
                .map(AcceptorId::node)
                .filter(this::hasMajority)
                .toList();
    }

    private boolean is(Fault.Kind kind, NodeId node) {
        return struck.containsKey(kind) && struck.get(kind).contains(node);
    }
}
