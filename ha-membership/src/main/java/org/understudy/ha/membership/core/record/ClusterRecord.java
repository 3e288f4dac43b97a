package org.understudy.ha.membership.core.record;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;

/**
 * The one small document that says who owns what. Changed only by compare-and-set through a majority of the acceptors it
 * names.
 *
 * @param generation 0 at first; grows only when an operator forces a record; the high part of every token, incarnation and ballot
 * @param number grows with each change; for people, never used to identify a record (ballots do that)
 * @param voters who votes
 * @param sessions the live session of each node
 * @param incarnations the highest incarnation ever issued to each node
 * @param ends proofs of sessions that ended lately, oldest first
 * @param groups every group ever offered
 * @param lastToken the highest token ever issued
 * @param standby nodes that an operator keeps from running groups
 * @param words what operators vouched for, oldest first
 * @param maintenance what operators took into their own hands: nothing is started, stopped, moved or recovered there
 */
public record ClusterRecord(
        String cluster,
        int generation,
        long number,
        Voters voters,
        SortedMap<NodeId, Session> sessions,
        SortedMap<NodeId, Long> incarnations,
        List<SessionEnd> ends,
        SortedMap<String, GroupRecord> groups,
        long lastToken,
        SortedSet<NodeId> standby,
        List<OperatorWord> words,
        SortedSet<Target> maintenance) {

    /** The generation is in the bits of a token, an incarnation or a round above this one. */
    public static final int GENERATION_SHIFT = 48;

    /** The last generation; the next would make tokens negative. */
    public static final int GENERATION_MAX = (1 << Long.SIZE - 1 - GENERATION_SHIFT) - 1;

    public ClusterRecord {
        sessions = Collections.unmodifiableSortedMap(new TreeMap<>(sessions));
        incarnations = Collections.unmodifiableSortedMap(new TreeMap<>(incarnations));
        ends = List.copyOf(ends);
        groups = Collections.unmodifiableSortedMap(new TreeMap<>(groups));
        standby = Collections.unmodifiableSortedSet(new TreeSet<>(standby));
        words = List.copyOf(words);
        maintenance = Collections.unmodifiableSortedSet(new TreeSet<>(maintenance));
    }

    /** The first record of a new cluster. */
    public static ClusterRecord first(String cluster, List<AcceptorId> acceptors) {
        return new ClusterRecord(
                cluster,
                0,
                1,
                Voters.of(acceptors),
                new TreeMap<>(),
                new TreeMap<>(),
                List.of(),
                new TreeMap<>(),
                0,
                new TreeSet<>(),
                List.of(),
                new TreeSet<>());
    }

    /** The lowest number of a generation: no token, incarnation or round below it belongs to it. */
    public static long floor(int generation) {
        return (long) generation << GENERATION_SHIFT;
    }

    /** The acceptors that vote; while the set changes, those of its first set. */
    public List<AcceptorId> acceptors() {
        return voters.set();
    }

    public boolean isAcceptor(AcceptorId id) {
        return voters.names(id);
    }

    /** Whose disk this is, as far as this record knows. */
    public Optional<NodeId> ownerOf(String disk) {
        Stream<NodeId> voting =
                voters.all().stream().filter(a -> a.disk().equals(disk)).map(AcceptorId::node);
        Stream<NodeId> living = sessions.values().stream()
                .filter(s -> s.disk().equals(disk))
                .map(s -> s.incarnation().node());
        Stream<NodeId> ended = ends.stream()
                .filter(e -> e.disk().equals(disk))
                .map(e -> e.incarnation().node());
        return Stream.of(voting, living, ended).flatMap(each -> each).findFirst();
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

    /** Who is granted a group in this record under a token that an earlier one does not know. */
    public SortedSet<NodeId> gaining(Optional<ClusterRecord> before) {
        TreeSet<NodeId> gaining = new TreeSet<>();
        groups.forEach((name, group) -> group.grant()
                .filter(Grant::stands)
                .filter(grant -> before.flatMap(earlier -> earlier.grant(name))
                        .filter(earlier -> earlier.token() == grant.token())
                        .isEmpty())
                .ifPresent(grant -> gaining.add(grant.holder().node())));
        return gaining;
    }

    /** The same record with another number. */
    public ClusterRecord withNumber(long newNumber) {
        return new ClusterRecord(
                cluster,
                generation,
                newNumber,
                voters,
                sessions,
                incarnations,
                ends,
                groups,
                lastToken,
                standby,
                words,
                maintenance);
    }

    /** The same record with other voters. */
    public ClusterRecord withVoters(Voters newVoters) {
        return new ClusterRecord(
                cluster,
                generation,
                number,
                newVoters,
                sessions,
                incarnations,
                ends,
                groups,
                lastToken,
                standby,
                words,
                maintenance);
    }

    /** The same record with other sessions, incarnations issued and ends. */
    public ClusterRecord withSessions(
            SortedMap<NodeId, Session> live, SortedMap<NodeId, Long> issued, List<SessionEnd> ended) {
        return new ClusterRecord(
                cluster,
                generation,
                number,
                voters,
                live,
                issued,
                ended,
                groups,
                lastToken,
                standby,
                words,
                maintenance);
    }

    /** The same record with other groups. */
    public ClusterRecord withGroups(SortedMap<String, GroupRecord> newGroups, long newLastToken) {
        return new ClusterRecord(
                cluster,
                generation,
                number,
                voters,
                sessions,
                incarnations,
                ends,
                newGroups,
                newLastToken,
                standby,
                words,
                maintenance);
    }

    /** The same record with other operator switches. */
    public ClusterRecord withOperators(SortedSet<NodeId> onStandby, List<OperatorWord> newWords) {
        return new ClusterRecord(
                cluster,
                generation,
                number,
                voters,
                sessions,
                incarnations,
                ends,
                groups,
                lastToken,
                onStandby,
                newWords,
                maintenance);
    }

    /** The same record with other targets in maintenance. */
    public ClusterRecord withMaintenance(SortedSet<Target> targets) {
        return new ClusterRecord(
                cluster,
                generation,
                number,
                voters,
                sessions,
                incarnations,
                ends,
                groups,
                lastToken,
                standby,
                words,
                targets);
    }

    /** The same record in another generation. */
    public ClusterRecord withGeneration(int newGeneration) {
        return new ClusterRecord(
                cluster,
                newGeneration,
                number,
                voters,
                sessions,
                incarnations,
                ends,
                groups,
                Math.max(lastToken, floor(newGeneration)),
                standby,
                words,
                maintenance);
    }
}
