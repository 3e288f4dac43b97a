package org.understudy.ha.membership.codec;

import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.InvariantViolation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.core.admin.Value;

/**
 * Requests of an operator's tool, and answers, as bytes. Equal values have equal bytes, and only those are read. Who reads another
 * version says so, and what it reads itself.
 */
public final class AdminCodec {

    static final int VERSION = 1;
    /** Deep enough for a list of objects with objects in them. */
    private static final int DEPTH_MAX = 8;

    private AdminCodec() {}

    public static byte[] encode(AdminRequest request) {
        Writer w = new Writer().u8(VERSION).text(request.verb());
        w.list(
                request.words().entrySet(),
                request.words().size(),
                (x, e) -> x.text(e.getKey()).text(e.getValue()));
        return w.toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static AdminRequest decodeRequest(byte[] bytes) {
        Reader r = new Reader(bytes);
        version(r);
        String verb = r.text();
        TreeMap<String, String> words = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), x.text()), Map.Entry::getKey)
                .forEach(e -> words.put(e.getKey(), e.getValue()));
        r.end();
        return new AdminRequest(verb, words);
    }

    public static byte[] encode(AdminAnswer answer) {
        Writer w = new Writer().u8(VERSION).u8(answer.outcome().ordinal()).text(answer.sentence());
        value(w, answer.body());
        return w.toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static AdminAnswer decodeAnswer(byte[] bytes) {
        Reader r = new Reader(bytes);
        version(r);
        AdminAnswer answer = new AdminAnswer(r.constant(AdminAnswer.Outcome.values()), r.text(), value(r, DEPTH_MAX));
        r.end();
        return answer;
    }

    private static void version(Reader r) {
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(
                    0,
                    "version " + version + " of the protocol, this side speaks version " + VERSION
                            + ": use the tool of the node's release");
        }
    }

    private static void value(Writer w, Value value) {
        if (value instanceof Value.Nothing) {
            w.u8(0);
        } else if (value instanceof Value.Text text) {
            w.u8(1).text(text.text());
        } else if (value instanceof Value.Whole whole) {
            w.u8(2).i64(whole.number());
        } else if (value instanceof Value.Real real) {
            w.u8(3).i64(Double.doubleToRawLongBits(real.number()));
        } else if (value instanceof Value.Flag flag) {
            w.u8(4).bool(flag.isSet());
        } else if (value instanceof Value.Rows rows) {
            w.u8(5).list(rows.rows(), AdminCodec::value);
        } else if (value instanceof Value.Fields fields) {
            w.u8(6).list(fields.fields(), (x, f) -> value(x.text(f.name()), f.value()));
        } else {
            throw new InvariantViolation("no rule for value " + value);
        }
    }

    private static Value value(Reader r, int depth) {
        if (depth == 0) {
            throw new MalformedMessageException(r.position(), "nested deeper than " + DEPTH_MAX);
        }
        int kind = r.u8();
        return switch (kind) {
            case 0 -> new Value.Nothing();
            case 1 -> new Value.Text(r.text());
            case 2 -> new Value.Whole(r.i64());
            case 3 -> new Value.Real(Double.longBitsToDouble(r.i64()));
            case 4 -> new Value.Flag(r.bool());
            case 5 -> new Value.Rows(r.list(x -> value(x, depth - 1)));
            case 6 -> new Value.Fields(r.list(x -> new Value.Field(x.text(), value(x, depth - 1))));
            default -> throw new MalformedMessageException(r.position() - 1, "unknown kind of value " + kind);
        };
    }
}
