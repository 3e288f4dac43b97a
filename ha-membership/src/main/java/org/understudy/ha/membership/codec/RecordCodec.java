package org.understudy.ha.membership.codec;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/**
 * The cluster record and the durable state of a node as bytes. Equal values have equal bytes. Enumerations are written by
 * their number, so their constants may be added at the end but never reordered.
 */
public final class RecordCodec {

    private static final int DURABLE_VERSION = 1;

    private RecordCodec() {}

    /** What a node must never forget, as bytes for its disk. */
    public static byte[] encode(DurableState state) {
        Writer w = new Writer().u8(DURABLE_VERSION);
        ballot(w, state.promised());
        ballot(w, state.acceptedBallot());
        w.optional(state.accepted(), RecordCodec::record);
        w.list(
                state.released().entrySet(),
                state.released().size(),
                (x, e) -> x.text(e.getKey()).i64(e.getValue()));
        return w.toBytes();
    }

    /**
     * @throws org.understudy.ha.api.MalformedMessageException if the bytes are anything else
     */
    public static DurableState decodeDurable(byte[] bytes) {
        Reader r = new Reader(bytes);
        int version = r.u8();
        if (version != DURABLE_VERSION) {
            throw new org.understudy.ha.api.MalformedMessageException(
                    0,
                    "state of version " + version + "; this library reads version " + DURABLE_VERSION
                            + ": run the version that wrote it, or a newer one");
        }
        Ballot promised = ballot(r);
        Ballot acceptedBallot = ballot(r);
        Optional<ClusterRecord> accepted = r.optional(RecordCodec::record);
        SortedMap<String, Long> released = new TreeMap<>();
        r.list(x -> released.put(x.text(), x.i64()));
        r.end();
        return new DurableState(promised, acceptedBallot, accepted, released);
    }

    static void ballot(Writer w, Ballot ballot) {
        w.i64(ballot.round()).text(ballot.proposer());
    }

    static Ballot ballot(Reader r) {
        return new Ballot(r.i64(), r.text());
    }

    static void node(Writer w, NodeId node) {
        w.text(node.value());
    }

    static NodeId node(Reader r) {
        String name = r.text();
        return r.value(() -> NodeId.of(name));
    }

    static void incarnation(Writer w, Incarnation incarnation) {
        node(w, incarnation.node());
        w.i64(incarnation.number());
    }

    static Incarnation incarnation(Reader r) {
        NodeId node = node(r);
        long number = r.i64();
        return r.value(() -> new Incarnation(node, number));
    }

    static void acceptor(Writer w, AcceptorId acceptor) {
        node(w, acceptor.node());
        w.text(acceptor.disk());
    }

    static AcceptorId acceptor(Reader r) {
        return new AcceptorId(node(r), r.text());
    }

    static void candidacies(Writer w, SortedMap<String, Candidacy> all) {
        w.list(all.entrySet(), all.size(), (x, e) -> {
            x.text(e.getKey());
            candidacy(x, e.getValue());
        });
    }

    static SortedMap<String, Candidacy> candidacies(Reader r) {
        SortedMap<String, Candidacy> all = new TreeMap<>();
        r.list(x -> all.put(x.text(), candidacy(x)));
        return all;
    }

    private static void candidacy(Writer w, Candidacy c) {
        w.list(c.preferred(), RecordCodec::node);
        w.bool(c.isElection()).bool(c.isEligible()).text(c.whyNot());
        w.u8(c.presence().ordinal()).bool(c.isExpirable());
        w.list(c.remains(), Writer::text);
    }

    private static Candidacy candidacy(Reader r) {
        return new Candidacy(
                r.list(RecordCodec::node),
                r.bool(),
                r.bool(),
                r.text(),
                r.constant(Presence.values()),
                r.bool(),
                r.list(Reader::text));
    }

    private static void session(Writer w, Session s) {
        incarnation(w, s.incarnation());
        w.i64(s.joinNonce()).text(s.willKey()).i64(s.offerVersion());
        candidacies(w, s.candidacies());
    }

    private static Session session(Reader r) {
        return new Session(incarnation(r), r.i64(), r.text(), r.i64(), candidacies(r));
    }

    private static void end(Writer w, SessionEnd e) {
        incarnation(w, e.incarnation());
        w.u8(e.proof().ordinal()).text(e.willKey());
        w.list(e.gone(), Writer::text);
    }

    private static SessionEnd end(Reader r) {
        return new SessionEnd(incarnation(r), r.constant(ProofKind.values()), r.text(), r.list(Reader::text));
    }

    private static void grant(Writer w, Grant g) {
        incarnation(w, g.holder());
        w.i64(g.token()).u8(g.proof().ordinal());
        w.optional(g.over(), (x, p) -> x.u8(p.ordinal()));
        w.bool(g.isExpirable());
        w.list(g.remains(), Writer::text);
    }

    private static Grant grant(Reader r) {
        return new Grant(
                incarnation(r),
                r.i64(),
                r.constant(ProofKind.values()),
                r.optional(x -> x.constant(ProofKind.values())),
                r.bool(),
                r.list(Reader::text));
    }

    private static void group(Writer w, GroupRecord g) {
        w.optional(g.grant(), RecordCodec::grant);
        w.optional(g.moveTo(), RecordCodec::node);
        w.text(g.fatal());
    }

    private static GroupRecord group(Reader r) {
        return new GroupRecord(r.optional(RecordCodec::grant), r.optional(RecordCodec::node), r.text());
    }

    static void record(Writer w, ClusterRecord c) {
        w.text(c.cluster()).i32(c.generation()).i64(c.number());
        w.list(c.acceptors(), RecordCodec::acceptor);
        w.list(c.sessions().values(), c.sessions().size(), RecordCodec::session);
        w.list(c.incarnations().entrySet(), c.incarnations().size(), (x, e) -> {
            node(x, e.getKey());
            x.i64(e.getValue());
        });
        w.list(c.ends(), RecordCodec::end);
        w.list(c.groups().entrySet(), c.groups().size(), (x, e) -> {
            x.text(e.getKey());
            group(x, e.getValue());
        });
        w.i64(c.lastToken());
    }

    static ClusterRecord record(Reader r) {
        String cluster = r.text();
        int generation = r.i32();
        long number = r.i64();
        java.util.List<AcceptorId> acceptors = r.list(RecordCodec::acceptor);
        SortedMap<NodeId, Session> sessions = new TreeMap<>();
        r.list(RecordCodec::session).forEach(s -> sessions.put(s.incarnation().node(), s));
        SortedMap<NodeId, Long> incarnations = new TreeMap<>();
        r.list(x -> Map.entry(node(x), x.i64())).forEach(e -> incarnations.put(e.getKey(), e.getValue()));
        java.util.List<SessionEnd> ends = r.list(RecordCodec::end);
        SortedMap<String, GroupRecord> groups = new TreeMap<>();
        r.list(x -> Map.entry(x.text(), group(x))).forEach(e -> groups.put(e.getKey(), e.getValue()));
        long lastToken = r.i64();
        return new ClusterRecord(
                cluster, generation, number, acceptors, sessions, incarnations, ends, groups, lastToken);
    }
}
