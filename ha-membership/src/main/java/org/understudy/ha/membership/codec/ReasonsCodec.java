package org.understudy.ha.membership.codec;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.Reasons.Why;
import org.understudy.ha.membership.core.record.Ballot;

/** Why a record is as it is, as the node that decided it says, as bytes. Equal values have equal bytes, and only those are read. */
public final class ReasonsCodec {

    private static final int VERSION = 1;

    private ReasonsCodec() {}

    /**
     * The reasons for one record.
     *
     * @param ballot under which it was proposed: no other record has it
     */
    public record Told(Ballot ballot, Reasons reasons) {}

    public static byte[] encode(Told told) {
        Writer w = new Writer().u8(VERSION);
        RecordCodec.ballot(w, told.ballot());
        return w.bool(told.reasons().isWhole())
                .list(
                        List.copyOf(told.reasons().byPart().entrySet()),
                        (x, each) -> x.text(each.getKey())
                                .text(each.getValue().grant())
                                .text(each.getValue().move()))
                .toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else, or a sentence is longer than {@link
     *     Reasons#SENTENCE_BYTES_MAX}
     */
    public static Told decode(byte[] bytes) {
        Reader r = new Reader(bytes);
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(0, "reasons of version " + version + ", expected " + VERSION);
        }
        Ballot ballot = RecordCodec.ballot(r);
        boolean isWhole = r.bool();
        TreeMap<String, Why> byPart = new TreeMap<>();
        r.ascending(x -> Map.entry(x.text(), new Why(sentence(x), sentence(x))), Map.Entry::getKey)
                .forEach(each -> byPart.put(each.getKey(), each.getValue()));
        r.end();
        return new Told(ballot, new Reasons(byPart, isWhole));
    }

    private static String sentence(Reader r) {
        int at = r.position();
        String sentence = r.text();
        if (r.position() - at - Short.BYTES > Reasons.SENTENCE_BYTES_MAX) {
            throw new MalformedMessageException(
                    at, "a sentence of more than " + Reasons.SENTENCE_BYTES_MAX + " bytes of UTF-8");
        }
        return sentence;
    }
}
