package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/** Records for tests, changed one thing at a time. */
public final class Records {

    public static final NodeId A = NodeId.of("a");
    public static final NodeId B = NodeId.of("b");
    public static final NodeId C = NodeId.of("c");
    public static final Incarnation A1 = new Incarnation(A, 1);
    public static final Incarnation B1 = new Incarnation(B, 1);
    public static final Incarnation C1 = new Incarnation(C, 1);
    public static final List<AcceptorId> ACCEPTORS = List.of(acceptor(A), acceptor(B), acceptor(C));

    private Records() {}

    public static AcceptorId acceptor(NodeId node) {
        return new AcceptorId(node, "disk-" + node);
    }

    /** A vote in the first life. */
    public static Vote vote(NodeId node) {
        return new Vote(acceptor(node), 1, new TreeMap<>());
    }

    public static Ballot ballot(long round) {
        return new Ballot(round, "a");
    }

    public static ClusterRecord empty() {
        return ClusterRecord.first("test", ACCEPTORS);
    }

    /** A planner is told nothing of anybody but that all three hear it. */
    public static Facts facts(long tokenFloor) {
        return new Facts(
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeSet<>(List.of(A, B, C)),
                tokenFloor,
                List.of(),
                true);
    }

    /** A candidacy for a group that prefers a, then b. */
    public static Candidacy candidacy(boolean isExpirable, String... remains) {
        return new Candidacy(List.of(A, B), false, true, "", Presence.ABSENT, isExpirable, List.of(remains));
    }

    public static ClusterRecord numbered(ClusterRecord r, long number) {
        return r.withNumber(number);
    }

    public static Session session(Incarnation who, SortedMap<String, Candidacy> offer) {
        return new Session(who, 7, "disk-" + who.node(), HostIdentity.UNKNOWN, "key-" + who, 1, offer);
    }

    public static ClusterRecord withSession(ClusterRecord r, Incarnation who, SortedMap<String, Candidacy> offer) {
        return withSession(r, session(who, offer));
    }

    public static ClusterRecord withSession(ClusterRecord r, Session session) {
        TreeMap<NodeId, Session> sessions = new TreeMap<>(r.sessions());
        sessions.put(session.incarnation().node(), session);
        TreeMap<NodeId, Long> incarnations = new TreeMap<>(r.incarnations());
        incarnations.put(session.incarnation().node(), session.incarnation().number());
        return r.withSessions(sessions, incarnations, r.ends());
    }

    public static ClusterRecord withoutSession(ClusterRecord r, Incarnation who, Optional<ProofKind> proof) {
        TreeMap<NodeId, Session> sessions = new TreeMap<>(r.sessions());
        sessions.remove(who.node());
        List<SessionEnd> ends = new ArrayList<>(r.ends());
        proof.ifPresent(p ->
                ends.add(new SessionEnd(who, p, "key-" + who, List.of(), "disk-" + who.node(), HostIdentity.UNKNOWN)));
        return r.withSessions(sessions, r.incarnations(), ends);
    }

    public static ClusterRecord withGroup(ClusterRecord r, String name, GroupRecord group) {
        TreeMap<String, GroupRecord> groups = new TreeMap<>(r.groups());
        groups.put(name, group);
        long token = Math.max(r.lastToken(), group.grant().map(Grant::token).orElse(0L));
        return r.withGroups(groups, token);
    }

    public static GroupRecord granted(Incarnation holder, long token, boolean isExpirable, String... remains) {
        return GroupRecord.NEW.withGrant(
                new Grant(holder, token, ProofKind.NEVER, Optional.empty(), isExpirable, List.of(remains)));
    }
}
