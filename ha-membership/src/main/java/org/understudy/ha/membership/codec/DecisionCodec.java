package org.understudy.ha.membership.codec;

import java.time.DateTimeException;
import java.time.Instant;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.ProofKind;

/** Decisions as bytes, for the history. Equal decisions have equal bytes, and only those are read. */
public final class DecisionCodec {

    static final int VERSION = 1;

    private DecisionCodec() {}

    public static byte[] encode(Decision d) {
        Writer w = new Writer().u8(VERSION).i64(d.number());
        w.i64(d.at().getEpochSecond()).i32(d.at().getNano());
        w.u8(d.kind().ordinal()).text(d.subject());
        w.optional(d.from(), RecordCodec::incarnation).optional(d.to(), RecordCodec::incarnation);
        w.optional(d.token(), (x, t) -> x.i64(t.value())).optional(d.proof(), (x, p) -> x.u8(p.ordinal()));
        return w.text(d.reason())
                .i64(d.record())
                .bool(d.isOwn())
                .text(d.sentence())
                .toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static Decision decode(byte[] bytes) {
        Reader r = new Reader(bytes);
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(0, "decision of version " + version + ", expected " + VERSION);
        }
        Decision decision = new Decision(
                r.i64(),
                instant(r),
                r.constant(Decision.Kind.values()),
                r.text(),
                r.optional(RecordCodec::incarnation),
                r.optional(RecordCodec::incarnation),
                r.optional(DecisionCodec::token),
                r.optional(x -> x.constant(ProofKind.values())),
                r.text(),
                r.i64(),
                r.bool(),
                r.text());
        r.end();
        return decision;
    }

    private static FencingToken token(Reader r) {
        long value = r.i64();
        return r.value(() -> new FencingToken(value));
    }

    private static Instant instant(Reader r) {
        int at = r.position();
        long seconds = r.i64();
        int nanos = r.i32();
        if (nanos < 0 || nanos > 999_999_999) {
            throw new MalformedMessageException(at, nanos + " nanoseconds of a second");
        }
        try {
            return Instant.ofEpochSecond(seconds, nanos);
        } catch (DateTimeException e) {
            throw new MalformedMessageException(at, "a time out of range");
        }
    }
}
