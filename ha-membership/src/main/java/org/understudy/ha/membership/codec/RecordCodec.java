package org.understudy.ha.membership.codec;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.record.Voters;

/**
 * The cluster record and the durable state of a node as bytes. Equal values have equal bytes, and only those are read: a map out of
 * order or with a key twice is refused. Enumerations are written by
 * their number, so their constants may be added at the end but never reordered.
 *
 * <p>Version 2 added sets of acceptors, lives, hosts, priorities and operators' words; version 3 placement rules, capacities, what runs,
 * maintenance, names and barriers. A disk of an older version is read; what it does not have is empty.
 */
public final class RecordCodec {

    /** What this library writes. */
    static final int VERSION = 3;
    /** The oldest it still reads. */
    private static final int OLDEST = 1;

    private RecordCodec() {}

    /** What a node must never forget, as bytes for its disk. */
    public static byte[] encode(DurableState state) {
        Writer w = new Writer().u8(VERSION);
        ballot(w, state.promised());
        ballot(w, state.acceptedBallot());
        w.optional(state.accepted(), RecordCodec::record);
        w.list(
                state.released().entrySet(),
                state.released().size(),
                (x, e) -> x.text(e.getKey()).i64(e.getValue()));
        w.i64(state.life()).i64(state.noted());
        lives(w, state.lives());
        w.bool(state.isRecovering());
        return w.toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static DurableState decodeDurable(byte[] bytes) {
        Reader r = new Reader(bytes);
        int version = r.u8();
        if (version < OLDEST || version > VERSION) {
            throw new MalformedMessageException(
                    0,
                    "state of version " + version + "; this library reads versions " + OLDEST + " to " + VERSION
                            + ": run the version that wrote it, or a newer one");
        }
        Ballot promised = ballot(r);
        Ballot acceptedBallot = ballot(r);
        Optional<ClusterRecord> accepted = r.optional(x -> record(x, version));
        SortedMap<String, Long> released = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), x.i64()), Map.Entry::getKey)
                .forEach(e -> released.put(e.getKey(), e.getValue()));
        long life = version == 1 ? 0 : r.i64();
        long noted = version == 1 ? 0 : r.i64();
        SortedMap<AcceptorId, Long> lives = version == 1 ? new TreeMap<>() : lives(r);
        boolean isRecovering = version > 1 && r.bool();
        r.end();
        return new DurableState(promised, acceptedBallot, accepted, released, life, noted, lives, isRecovering);
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

    static void lives(Writer w, SortedMap<AcceptorId, Long> lives) {
        w.list(lives.entrySet(), lives.size(), (x, e) -> {
            acceptor(x, e.getKey());
            x.i64(e.getValue());
        });
    }

    static SortedMap<AcceptorId, Long> lives(Reader r) {
        SortedMap<AcceptorId, Long> lives = new TreeMap<>();
        r.ascending(x -> Map.entry(acceptor(x), x.i64()), Map.Entry::getKey)
                .forEach(e -> lives.put(e.getKey(), e.getValue()));
        return lives;
    }

    static void host(Writer w, HostIdentity host) {
        w.text(host.machine()).text(host.boot()).text(host.lock());
    }

    static HostIdentity host(Reader r) {
        return new HostIdentity(r.text(), r.text(), r.text());
    }

    static void operation(Writer w, Operation o) {
        w.u8(o.kind().ordinal());
        node(w, o.node());
        w.i64(o.incarnation());
        w.optional(o.target(), RecordCodec::target).text(o.who()).text(o.why());
    }

    static Operation operation(Reader r) {
        Operation.Kind kind = r.constant(Operation.Kind.values());
        NodeId node = node(r);
        long incarnation = r.i64();
        Optional<Target> target = r.optional(RecordCodec::target);
        String who = r.text();
        String why = r.text();
        return r.value(() -> new Operation(kind, node, incarnation, target, who, why));
    }

    private static void target(Writer w, Target target) {
        w.u8(target.kind().ordinal()).text(target.name());
    }

    private static Target target(Reader r) {
        Target.Kind kind = r.constant(Target.Kind.values());
        String name = r.text();
        return r.value(() -> new Target(kind, name));
    }

    static void rules(Writer w, SortedMap<String, Rules> all) {
        w.list(all.entrySet(), all.size(), (x, e) -> {
            x.text(e.getKey());
            rules(x, e.getValue());
        });
    }

    static SortedMap<String, Rules> allRules(Reader r) {
        SortedMap<String, Rules> all = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), rules(x)), Map.Entry::getKey)
                .forEach(e -> all.put(e.getKey(), e.getValue()));
        return all;
    }

    private static void rules(Writer w, Rules rules) {
        w.bool(!rules.isNone());
        if (!rules.isNone()) {
            placement(w, rules.placement());
        }
    }

    private static Rules rules(Reader r) {
        int at = r.position();
        Rules rules = r.bool() ? Rules.of(placement(r)) : Rules.NONE;
        if (rules.isNone() && r.position() > at + 1) {
            throw new MalformedMessageException(at, "rules that say nothing");
        }
        return rules;
    }

    private static void placement(Writer w, Placement p) {
        weights(w, p.needs());
        names(w, p.with());
        names(w, p.preferWith());
        names(w, p.apart());
        names(w, p.preferApart());
        names(w, p.after());
        w.i32(p.priority()).u8(p.failback().mode().ordinal());
        w.i64(p.failback().stable().toNanos()).text(p.policy());
    }

    private static Placement placement(Reader r) {
        SortedMap<String, Integer> needs = weights(r);
        SortedSet<String> with = names(r);
        SortedSet<String> preferWith = names(r);
        SortedSet<String> apart = names(r);
        SortedSet<String> preferApart = names(r);
        SortedSet<String> after = names(r);
        int priority = r.i32();
        Failback.Mode mode = r.constant(Failback.Mode.values());
        long stable = r.i64();
        String policy = r.text();
        return r.value(() -> new Placement(
                needs,
                with,
                preferWith,
                apart,
                preferApart,
                after,
                priority,
                new Failback(mode, Duration.ofNanos(stable)),
                policy));
    }

    static void weights(Writer w, SortedMap<String, Integer> weights) {
        w.list(weights.entrySet(), weights.size(), (x, e) -> x.text(e.getKey()).i32(e.getValue()));
    }

    static SortedMap<String, Integer> weights(Reader r) {
        SortedMap<String, Integer> weights = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), x.i32()), Map.Entry::getKey)
                .forEach(e -> weights.put(e.getKey(), e.getValue()));
        return weights;
    }

    private static void names(Writer w, SortedSet<String> names) {
        w.list(names, names.size(), Writer::text);
    }

    private static SortedSet<String> names(Reader r) {
        return new TreeSet<>(r.<String, String>ascending(Reader::text, Function.identity()));
    }

    private static void voters(Writer w, Voters v) {
        w.u8(v.phase().ordinal()).i64(v.change());
        w.list(v.set(), RecordCodec::acceptor);
        w.list(v.other(), RecordCodec::acceptor);
    }

    private static Voters voters(Reader r) {
        Voters.Phase phase = r.constant(Voters.Phase.values());
        long change = r.i64();
        List<AcceptorId> set = r.list(RecordCodec::acceptor);
        List<AcceptorId> other = r.list(RecordCodec::acceptor);
        return r.value(() -> new Voters(phase, change, set, other));
    }

    static void candidacies(Writer w, SortedMap<String, Candidacy> all) {
        w.list(all.entrySet(), all.size(), (x, e) -> {
            x.text(e.getKey());
            candidacy(x, e.getValue());
        });
    }

    static SortedMap<String, Candidacy> candidacies(Reader r, int version) {
        SortedMap<String, Candidacy> all = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), candidacy(x, version)), Map.Entry::getKey)
                .forEach(e -> all.put(e.getKey(), e.getValue()));
        return all;
    }

    private static void candidacy(Writer w, Candidacy c) {
        w.list(c.preferred(), RecordCodec::node);
        w.bool(c.isElection()).bool(c.isEligible()).text(c.whyNot());
        w.u8(c.presence().ordinal()).bool(c.isExpirable());
        w.list(c.remains(), Writer::text);
        w.i64(c.priority()).bool(c.keepsRunning()).i64(c.rules()).i64(c.runs());
    }

    private static Candidacy candidacy(Reader r, int version) {
        return new Candidacy(
                r.list(RecordCodec::node),
                r.bool(),
                r.bool(),
                r.text(),
                r.constant(Presence.values()),
                r.bool(),
                r.list(Reader::text),
                version == 1 ? 0 : version == 2 ? r.i32() : r.i64(),
                version > 1 && r.bool(),
                version > 2 ? r.i64() : 0,
                version > 2 ? r.i64() : 0);
    }

    private static void session(Writer w, Session s) {
        incarnation(w, s.incarnation());
        w.i64(s.joinNonce()).text(s.disk());
        host(w, s.host());
        w.text(s.willKey()).i64(s.offerVersion());
        candidacies(w, s.candidacies());
        weights(w, s.capacity());
        holdings(w, s.holdings());
    }

    private static Session session(Reader r, int version) {
        return new Session(
                incarnation(r),
                r.i64(),
                version == 1 ? "" : r.text(),
                version == 1 ? HostIdentity.UNKNOWN : host(r),
                r.text(),
                r.i64(),
                candidacies(r, version),
                version > 2 ? weights(r) : new TreeMap<>(),
                version > 2 ? holdings(r) : Holdings.NONE);
    }

    static void claims(Writer w, Claims claims) {
        ownedNames(w, claims.names());
        w.list(claims.barriers().entrySet(), claims.barriers().size(), (x, e) -> {
            x.text(e.getKey());
            barrierClaim(x, e.getValue());
        });
    }

    static Claims claims(Reader r) {
        SortedMap<String, NameClaim> names = ownedNames(r);
        SortedMap<String, BarrierClaim> barriers = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), barrierClaim(x)), Map.Entry::getKey)
                .forEach(e -> barriers.put(e.getKey(), e.getValue()));
        return new Claims(names, barriers);
    }

    private static void holdings(Writer w, Holdings holdings) {
        ownedNames(w, holdings.names());
        w.list(holdings.standings().entrySet(), holdings.standings().size(), (x, e) -> {
            Standing standing = e.getValue();
            x.text(e.getKey());
            barrierClaim(x, standing.claim());
            x.i64(standing.view()).i64(standing.phase()).i64(standing.passed());
        });
    }

    private static Holdings holdings(Reader r) {
        SortedMap<String, NameClaim> names = ownedNames(r);
        SortedMap<String, Standing> standings = new TreeMap<>();
        r.ascending(
                        x -> Map.entry(x.text(), new Standing(barrierClaim(x), x.i64(), x.i64(), x.i64())),
                        Map.Entry::getKey)
                .forEach(e -> standings.put(e.getKey(), e.getValue()));
        return new Holdings(names, standings);
    }

    private static void ownedNames(Writer w, SortedMap<String, NameClaim> names) {
        w.list(
                names.entrySet(),
                names.size(),
                (x, e) -> x.text(e.getKey())
                        .text(e.getValue().value())
                        .bool(e.getValue().isExclusive()));
    }

    private static SortedMap<String, NameClaim> ownedNames(Reader r) {
        SortedMap<String, NameClaim> names = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), new NameClaim(x.text(), x.bool())), Map.Entry::getKey)
                .forEach(e -> names.put(e.getKey(), e.getValue()));
        return names;
    }

    private static void barrierClaim(Writer w, BarrierClaim claim) {
        w.i64(claim.entered()).i64(claim.attempt());
        w.list(claim.rungs(), (x, rung) -> x.i32(rung.order()).text(rung.name()));
        w.text(claim.trouble());
    }

    private static BarrierClaim barrierClaim(Reader r) {
        return new BarrierClaim(
                r.i64(),
                r.i64(),
                r.<Rung, Rung>ascending(x -> new Rung(x.i32(), x.text()), Function.identity()),
                r.text());
    }

    private static void end(Writer w, SessionEnd e) {
        incarnation(w, e.incarnation());
        w.u8(e.proof().ordinal()).text(e.willKey());
        w.list(e.gone(), Writer::text);
        host(w.text(e.disk()), e.host());
    }

    private static SessionEnd end(Reader r, int version) {
        return new SessionEnd(
                incarnation(r),
                r.constant(ProofKind.values()),
                r.text(),
                r.list(Reader::text),
                version == 1 ? "" : r.text(),
                version == 1 ? HostIdentity.UNKNOWN : host(r));
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
        rules(w, g.rules());
        w.text(g.held());
    }

    private static GroupRecord group(Reader r, int version) {
        return new GroupRecord(
                r.optional(RecordCodec::grant),
                r.optional(RecordCodec::node),
                r.text(),
                version > 2 ? rules(r) : Rules.NONE,
                version > 2 ? r.text() : "");
    }

    static void record(Writer w, ClusterRecord c) {
        w.text(c.cluster()).i32(c.generation()).i64(c.number());
        voters(w, c.voters());
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
        w.list(c.standby(), c.standby().size(), RecordCodec::node);
        w.list(
                c.words(),
                (x, word) ->
                        x.i64(word.number()).text(word.what()).text(word.who()).text(word.why()));
        w.list(c.maintenance(), c.maintenance().size(), RecordCodec::target);
    }

    static ClusterRecord record(Reader r) {
        return record(r, VERSION);
    }

    private static ClusterRecord record(Reader r, int version) {
        String cluster = r.text();
        int generation = r.i32();
        long number = r.i64();
        Voters voters = version == 1 ? Voters.of(r.list(RecordCodec::acceptor)) : voters(r);
        SortedMap<NodeId, Session> sessions = new TreeMap<>();
        r.ascending(x -> session(x, version), s -> s.incarnation().node())
                .forEach(s -> sessions.put(s.incarnation().node(), s));
        SortedMap<NodeId, Long> incarnations = new TreeMap<>();
        r.ascending(x -> Map.entry(node(x), x.i64()), Map.Entry::getKey)
                .forEach(e -> incarnations.put(e.getKey(), e.getValue()));
        List<SessionEnd> ends = r.list(x -> end(x, version));
        SortedMap<String, GroupRecord> groups = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), group(x, version)), Map.Entry::getKey)
                .forEach(e -> groups.put(e.getKey(), e.getValue()));
        long lastToken = r.i64();
        SortedSet<NodeId> standby = new TreeSet<>();
        List<OperatorWord> words = List.of();
        if (version > 1) {
            r.<NodeId, NodeId>ascending(RecordCodec::node, Function.identity()).forEach(standby::add);
            words = r.list(x -> new OperatorWord(x.i64(), x.text(), x.text(), x.text()));
        }
        SortedSet<Target> maintenance = new TreeSet<>();
        if (version > 2) {
            r.<Target, Target>ascending(RecordCodec::target, Function.identity())
                    .forEach(maintenance::add);
        }
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
                maintenance);
    }
}
