package org.understudy.ha.membership.core.record;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;

/**
 * The one small document that says who owns what. Changed only by compare-and-set through a majority of the acceptors it
 * names.
 *
 * @param generation 0 at first; grows only when an operator forces a record; the high part of every token
 * @param number grows with each change; for people, never used to identify a record (ballots do that)
 * @param acceptors who votes
 * @param sessions the live session of each node
 * @param incarnations the highest incarnation ever issued to each node
 * @param ends proofs of sessions that ended lately, oldest first
 * @param groups every group ever offered
 * @param lastToken the highest token ever issued
 */
public record ClusterRecord(
        String cluster,
        int generation,
        long number,
        List<AcceptorId> acceptors,
        SortedMap<NodeId, Session> sessions,
        SortedMap<NodeId, Long> incarnations,
        List<SessionEnd> ends,
        SortedMap<String, GroupRecord> groups,
        long lastToken) {

    public ClusterRecord {
        acceptors = List.copyOf(acceptors);
        sessions = Collections.unmodifiableSortedMap(new TreeMap<>(sessions));
        incarnations = Collections.unmodifiableSortedMap(new TreeMap<>(incarnations));
        ends = List.copyOf(ends);
        groups = Collections.unmodifiableSortedMap(new TreeMap<>(groups));
    }

    /** The first record of a new cluster. */
    public static ClusterRecord first(String cluster, List<AcceptorId> acceptors) {
        return new ClusterRecord(
                cluster, 0, 1, acceptors, new TreeMap<>(), new TreeMap<>(), List.of(), new TreeMap<>(), 0);
    }

    /** How many acceptors are a majority. */
    public int majority() {
        return acceptors.size() / 2 + 1;
    }

    public boolean isAcceptor(AcceptorId id) {
        return acceptors.contains(id);
    }

    /** Whether exactly this incarnation has a live session. */
    public boolean isLive(Incarnation incarnation) {
        Session session = sessions.get(incarnation.node());
        return session != null && session.incarnation().equals(incarnation);
    }

    public Optional<SessionEnd> endOf(Incarnation incarnation) {
        return ends.stream().filter(e -> e.incarnation().equals(incarnation)).findFirst();
    }

    public Optional<Grant> grant(String group) {
        return Optional.ofNullable(groups.get(group)).flatMap(GroupRecord::grant);
    }
}
