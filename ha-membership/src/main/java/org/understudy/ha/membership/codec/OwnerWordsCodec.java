package org.understudy.ha.membership.codec;

import java.util.List;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.MalformedMessageException;

/** What an owner says of its groups, as bytes. Equal values have equal bytes, and only those are read. */
public final class OwnerWordsCodec {

    private static final int VERSION = 1;

    private OwnerWordsCodec() {}

    /**
     * One group at its owner.
     *
     * @param group as the record calls it
     * @param token under which it is there
     * @param why what is wrong with it, one sentence; empty normally
     */
    public record OwnerWord(String group, long token, GroupStatus.State state, String why) {}

    public static byte[] encode(List<OwnerWord> words) {
        return new Writer()
                .u8(VERSION)
                .list(
                        words,
                        (w, each) -> w.text(each.group())
                                .i64(each.token())
                                .u8(each.state().ordinal())
                                .text(each.why()))
                .toBytes();
    }

    /**
     * @throws MalformedMessageException if the bytes are anything else
     */
    public static List<OwnerWord> decode(byte[] bytes) {
        Reader r = new Reader(bytes);
        int version = r.u8();
        if (version != VERSION) {
            throw new MalformedMessageException(0, "an owner's words of version " + version + ", expected " + VERSION);
        }
        List<OwnerWord> words =
                r.list(x -> new OwnerWord(x.text(), x.i64(), x.constant(GroupStatus.State.values()), x.text()));
        r.end();
        return words;
    }
}
