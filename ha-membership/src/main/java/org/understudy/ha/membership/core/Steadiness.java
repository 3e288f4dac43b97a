package org.understudy.ha.membership.core;

import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * Since when nodes could have run the groups that go home by themselves, as far as this node has seen: in one session, without a veto, off
 * standby, and without having had the group meanwhile. Nothing of it is kept, so it begins anew with each process. Pure.
 */
final class Steadiness {

    private final TreeMap<String, TreeMap<NodeId, Since>> counted = new TreeMap<>();

    private record Since(Incarnation who, long at, long due) {}

    /** Looks at the newest record. */
    void learn(long now, ClusterRecord record) {
        counted.keySet().retainAll(record.groups().keySet());
        record.groups().forEach((name, group) -> {
            Failback failback = group.rules().placement().failback();
            TreeMap<NodeId, Since> present = new TreeMap<>();
            if (failback.mode() == Failback.Mode.WHEN_STABLE && group.isGranted()) {
                long stable = failback.stable().toNanos();
                for (NodeId node : betterThanPresent(record, name, group)) {
                    Incarnation who = record.sessions().get(node).incarnation();
                    Since before = counted.getOrDefault(name, present).get(node);
                    boolean isNew = before == null || !before.who.equals(who);
                    long at = isNew ? now : before.at;
                    present.put(node, new Since(who, at, at + stable));
                }
            }
            if (present.isEmpty()) {
                counted.remove(name);
            } else {
                counted.put(name, present);
            }
        });
    }

    /** Nodes that could run it now and that it prefers to the one where it is. */
    private static List<NodeId> betterThanPresent(ClusterRecord record, String name, GroupRecord group) {
        NodeId holder = group.grant().map(Grant::holder).orElseThrow().node();
        Session session = record.sessions().get(holder);
        Candidacy own = session == null ? null : session.candidacies().get(name);
        List<NodeId> preferred = own == null ? List.of() : own.preferred();
        int rank = preferred.indexOf(holder);
        return preferred.subList(0, rank < 0 ? preferred.size() : rank).stream()
                .filter(node -> !record.standby().contains(node)
                        && isEligible(record.sessions().get(node), name))
                .toList();
    }

    private static boolean isEligible(@org.jspecify.annotations.Nullable Session session, String name) {
        Candidacy candidacy = session == null ? null : session.candidacies().get(name);
        return candidacy != null && candidacy.isEligible();
    }

    /** For each group the nodes that it could go home to now. */
    SortedMap<String, SortedSet<NodeId>> steady(long now) {
        TreeMap<String, SortedSet<NodeId>> steady = new TreeMap<>();
        counted.forEach((name, nodes) -> nodes.forEach((node, since) -> {
            if (since.due <= now) {
                steady.computeIfAbsent(name, n -> new TreeSet<>()).add(node);
            }
        }));
        return steady;
    }

    /** When that becomes more. */
    long nextDeadlineNanos(long now) {
        long next = Long.MAX_VALUE;
        for (TreeMap<NodeId, Since> nodes : counted.values()) {
            for (Since since : nodes.values()) {
                next = since.due > now ? Math.min(next, since.due) : next;
            }
        }
        return next;
    }
}
