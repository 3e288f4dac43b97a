package org.understudy.ha.membership.codec;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.plan.Answers;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.plan.Facts.Offered;

/**
 * What the planner was given, as bytes. Equal values have equal bytes, and only those are read. The version is the record's beside its own: what
 * another one planned is not read, since nothing but a look at the past depends on it.
 */
public final class PlanCodec {

    private static final int VERSION = 0x10 | RecordCodec.VERSION;

    private PlanCodec() {}

    public static byte[] encode(KeptPlan plan) {
        Writer w = new Writer().u8(VERSION).i64(plan.first()).i64(plan.last());
        RecordCodec.ballot(w, plan.ballot());
        RecordCodec.record(w, plan.base());
        facts(w, plan.facts());
        w.list(plan.answers(), PlanCodec::answer);
        RecordCodec.record(w, plan.chosen());
        return w.toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static KeptPlan decode(byte[] bytes) {
        Reader r = new Reader(bytes);
        checkVersion(r);
        KeptPlan plan = new KeptPlan(
                r.i64(),
                r.i64(),
                RecordCodec.ballot(r),
                RecordCodec.record(r),
                facts(r),
                r.list(PlanCodec::answer),
                RecordCodec.record(r));
        r.end();
        return plan;
    }

    /**
     * Whether the plan in these bytes made this decision; reads no more than it must.
     *
     * @throws MalformedMessageException if the bytes are of another version, or too few
     */
    public static boolean holds(byte[] bytes, long decision) {
        Reader r = new Reader(bytes);
        checkVersion(r);
        return r.i64() <= decision && decision <= r.i64();
    }

    private static void checkVersion(Reader r) {
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(0, "a plan of version " + version + ", expected " + VERSION);
        }
    }

    private static void facts(Writer w, Facts f) {
        map(w, f.joins(), RecordCodec::node, PlanCodec::admission);
        map(w, f.offers(), RecordCodec::incarnation, PlanCodec::offered);
        map(w, f.releases(), Writer::text, PlanCodec::given);
        w.list(f.leaves(), f.leaves().size(), RecordCodec::incarnation);
        map(w, f.wills(), RecordCodec::incarnation, (x, gone) -> x.list(gone, Writer::text));
        w.list(f.silent(), f.silent().size(), RecordCodec::incarnation);
        map(w, f.moves(), Writer::text, RecordCodec::node);
        w.list(f.reachable(), f.reachable().size(), RecordCodec::node);
        w.i64(f.tokenFloor());
        w.list(f.operations(), RecordCodec::operation);
        w.list(f.cleared(), f.cleared().size(), Writer::text);
        w.bool(f.isBaseChosen());
        map(w, f.steady(), Writer::text, (x, nodes) -> x.list(nodes, nodes.size(), RecordCodec::node));
    }

    private static Facts facts(Reader r) {
        return new Facts(
                map(r, RecordCodec::node, PlanCodec::admission),
                map(r, RecordCodec::incarnation, PlanCodec::offered),
                map(r, Reader::text, PlanCodec::given),
                set(r, RecordCodec::incarnation),
                map(r, RecordCodec::incarnation, x -> x.list(Reader::text)),
                set(r, RecordCodec::incarnation),
                map(r, Reader::text, RecordCodec::node),
                set(r, RecordCodec::node),
                r.i64(),
                r.list(RecordCodec::operation),
                set(r, Reader::text),
                r.bool(),
                map(r, Reader::text, x -> set(x, RecordCodec::node)),
                new TreeMap<>());
    }

    private static void answer(Writer w, Answers.Answer a) {
        w.text(a.policy()).text(a.group()).list(a.ranked(), RecordCodec::node).text(a.failure());
    }

    private static Answers.Answer answer(Reader r) {
        return new Answers.Answer(r.text(), r.text(), r.list(RecordCodec::node), r.text());
    }

    private static void admission(Writer w, Admission a) {
        RecordCodec.host(w.i64(a.nonce()).text(a.disk()), a.host());
        w.text(a.willKey()).i64(a.over());
    }

    private static Admission admission(Reader r) {
        return new Admission(r.i64(), r.text(), RecordCodec.host(r), r.text(), r.i64());
    }

    private static void offered(Writer w, Offered o) {
        RecordCodec.candidacies(w.i64(o.version()), o.candidacies());
        RecordCodec.rules(w, o.rules());
        RecordCodec.weights(w, o.capacity());
        RecordCodec.claims(w, o.claims());
    }

    private static Offered offered(Reader r) {
        return new Offered(
                r.i64(),
                RecordCodec.candidacies(r, RecordCodec.VERSION),
                RecordCodec.allRules(r),
                RecordCodec.weights(r),
                RecordCodec.claims(r));
    }

    private static void given(Writer w, Given g) {
        RecordCodec.incarnation(w, g.holder());
        w.i64(g.token()).optional(g.failure(), (x, s) -> x.u8(s.ordinal())).text(g.why());
    }

    private static Given given(Reader r) {
        return new Given(RecordCodec.incarnation(r), r.i64(), r.optional(x -> x.constant(Severity.values())), r.text());
    }

    private static <K, V> void map(
            Writer w, SortedMap<K, V> map, BiConsumer<Writer, K> key, BiConsumer<Writer, V> value) {
        w.list(map.entrySet(), map.size(), (x, e) -> {
            key.accept(x, e.getKey());
            value.accept(x, e.getValue());
        });
    }

    private static <K extends Comparable<K>, V> SortedMap<K, V> map(
            Reader r, Function<Reader, K> key, Function<Reader, V> value) {
        SortedMap<K, V> map = new TreeMap<>();
        List<Map.Entry<K, V>> entries = r.ascending(x -> Map.entry(key.apply(x), value.apply(x)), Map.Entry::getKey);
        entries.forEach(e -> map.put(e.getKey(), e.getValue()));
        return map;
    }

    private static <K extends Comparable<K>> SortedSet<K> set(Reader r, Function<Reader, K> each) {
        return new TreeSet<>(r.<K, K>ascending(each, Function.identity()));
    }
}
