package org.understudy.ha.membership.core;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Join;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Voters;

/**
 * Whom a node hears, whose votes that means, and so whether it is the one that proposes; and who asks to be admitted. Pure.
 *
 * <p>A node that has come back on another disk is heard, but its vote is not. What is known here matters for liveness alone: no vote is counted
 * and no grant made by it.
 */
final class Peers {

    /** So many renewal intervals an unrepeated wish to be admitted counts. */
    private static final int JOIN_INTERVALS = 5;
    /** Longer than a silent node waits between two questions. */
    private static final long SILENT_INTERVALS = 15;

    private final NodeId self;
    private final AcceptorId own;
    private final List<NodeId> configured;
    private final long renewNanos;
    private final long liveNanos;

    private List<NodeId> view = List.of();
    private long majorityHeardAt;
    private final TreeMap<NodeId, Long> heard = new TreeMap<>();
    /** When a node said that its disk does not vote yet. */
    private final TreeMap<NodeId, Long> silentVotes = new TreeMap<>();

    private final TreeMap<NodeId, Admission> joins = new TreeMap<>();
    private final TreeMap<NodeId, Long> joinedAt = new TreeMap<>();
    /** The disk a node last asked to join with, also before it knew any record. */
    private final TreeMap<NodeId, String> joinedWith = new TreeMap<>();

    Peers(NodeSettings settings, long now) {
        this.majorityHeardAt = now;
        this.self = settings.self();
        this.own = new AcceptorId(self, settings.disk());
        this.configured = settings.peers();
        this.renewNanos = settings.timing().renewEvery().toNanos();
        this.liveNanos = renewNanos * 7 / 2;
    }

    // ---- what arrives --------------------------------------------------------------------------------------------

    /** A message came from a node. Returns whether nothing had been heard of it lately. */
    boolean hear(long now, NodeId node) {
        boolean isNew = !isHeard(now, node);
        heard.put(node, now);
        return isNew;
    }

    /** Its process is known to be dead: what was heard counts no more. */
    void lose(NodeId node) {
        heard.remove(node);
    }

    /** Who can be reached, the coordinator first. */
    void see(List<NodeId> members) {
        view = members;
    }

    /** A node said that its disk does not vote yet. */
    void votesNot(long now, NodeId node) {
        silentVotes.put(node, now);
    }

    /** A node's disk voted. */
    void votes(NodeId node) {
        silentVotes.remove(node);
    }

    /**
     * A node asks to be admitted. Who knows no record cannot say which of its lives are over: only its disk is noted.
     *
     * @return whether that is news
     */
    boolean join(long now, NodeId node, Join join) {
        joinedWith.put(node, join.disk());
        return !join.learned().isNone()
                && join(now, node, new Admission(join.nonce(), join.disk(), join.host(), join.willKey(), join.over()));
    }

    /** A node, perhaps this one, asks to be admitted. Returns whether that is news. */
    boolean join(long now, NodeId node, Admission admission) {
        joinedAt.put(node, now);
        return !admission.equals(joins.put(node, admission));
    }

    /** Forgets who does not ask any more. */
    void passTime(long now) {
        joinedAt.entrySet().removeIf(e -> now - e.getValue() > JOIN_INTERVALS * renewNanos);
        joins.keySet().retainAll(joinedAt.keySet());
    }

    /** Forgets who is admitted. */
    void learned(ClusterRecord record) {
        joins.entrySet()
                .removeIf(e -> record.sessions().containsKey(e.getKey())
                        && record.sessions().get(e.getKey()).joinNonce()
                                == e.getValue().nonce());
    }

    // ---- what follows --------------------------------------------------------------------------------------------

    /** Who asks to be admitted. */
    SortedMap<NodeId, Admission> joins() {
        return Collections.unmodifiableSortedMap(joins);
    }

    boolean isHeard(long now, NodeId node) {
        Long at = heard.get(node);
        return at != null && now - at <= liveNanos;
    }

    /** Who is heard, and this node. */
    SortedSet<NodeId> reachable(long now) {
        TreeSet<NodeId> reachable = new TreeSet<>();
        reachable.add(self);
        for (NodeId node : heard.keySet()) {
            if (isHeard(now, node)) {
                reachable.add(node);
            }
        }
        return reachable;
    }

    /** When the next of those who are heard is heard no longer. */
    long nextLossNanos(long now) {
        long next = Long.MAX_VALUE;
        for (long at : heard.values()) {
            long lost = at + liveNanos + 1;
            next = lost > now ? Math.min(next, lost) : next;
        }
        return next;
    }

    /**
     * Whether this node proposes: the first member of the view that is heard does. Only whose vote counts, and who votes, is waited for.
     *
     * @param voters whose votes count, as far as known
     * @param record the newest record known to be chosen
     * @param wills messages of a process may arrive after its last will
     */
    boolean isController(long now, Optional<Voters> voters, Optional<ClusterRecord> record, LastWills wills) {
        for (NodeId member : view.isEmpty() ? configured : view) {
            if (member.equals(self)) {
                return true;
            }
            boolean hasVote = voters.map(v -> v.all().stream().anyMatch(acceptor -> mayBe(acceptor, member, record)))
                    .orElse(configured.contains(member));
            boolean isSilent = now - silentVotes.getOrDefault(member, now - SILENT_INTERVALS * renewNanos - 1)
                    <= SILENT_INTERVALS * renewNanos;
            boolean isDead = record.map(r -> r.sessions().get(member))
                    .map(Session::incarnation)
                    .filter(wills::isDead)
                    .isPresent();
            if (hasVote && !isSilent && isHeard(now, member) && !isDead) {
                return false;
            }
        }
        return true;
    }

    /** Whether a node may be this acceptor, by the disk that it asked to be admitted with, or was. */
    private boolean mayBe(AcceptorId acceptor, NodeId node, Optional<ClusterRecord> record) {
        Optional<String> disk = Optional.ofNullable(joins.get(node))
                .map(Admission::disk)
                .or(() -> record.map(r -> r.sessions().get(node)).map(Session::disk))
                .or(() -> Optional.ofNullable(joinedWith.get(node)))
                .filter(d -> !d.isEmpty());
        return acceptor.node().equals(node) && disk.map(acceptor.disk()::equals).orElse(true);
    }

    /** Without a majority in hearing a round could only burn ballots and disk writes. */
    boolean hearsMajority(long now, Voters voters, Optional<ClusterRecord> record) {
        TreeSet<AcceptorId> heardNow = new TreeSet<>(voters.all());
        heardNow.removeIf(member -> member.node().equals(self)
                ? !member.equals(own)
                : !isHeard(now, member.node()) || !mayBe(member, member.node(), record));
        return voters.isQuorum(heardNow);
    }

    /**
     * Who is missing, and what people can do about it, once no majority has been heard for a long while; empty before that. Asked again and again.
     *
     * @param voters whose votes count; empty if that is not known
     */
    Optional<String> whoIsMissing(long now, Optional<Voters> voters, Optional<ClusterRecord> record) {
        if (voters.isEmpty() || hearsMajority(now, voters.get(), record)) {
            majorityHeardAt = now;
        }
        if (voters.isEmpty() || now - majorityHeardAt < NodeMachine.GIVE_UP_INTERVALS * renewNanos) {
            return Optional.empty();
        }
        List<NodeId> heardVotes = heardVotes(now, voters.get(), record);
        List<NodeId> missing = voters.get().all().stream()
                .map(AcceptorId::node)
                .filter(node -> !node.equals(self) && !heardVotes.contains(node))
                .toList();
        return Optional.of("the votes of " + missing
                + " are not heard, and without a majority nothing is decided: start these nodes on their"
                + " disks, or, if so many are lost for good, force the record on the node that is left and"
                + " knows most");
    }

    /** Those other nodes whose votes are heard. */
    List<NodeId> heardVotes(long now, Voters voters, Optional<ClusterRecord> record) {
        return voters.all().stream()
                .filter(vote -> isHeard(now, vote.node()) && mayBe(vote, vote.node(), record))
                .map(AcceptorId::node)
                .toList();
    }
}
