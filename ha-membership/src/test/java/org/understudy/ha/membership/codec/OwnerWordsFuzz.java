package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.codec.OwnerWordsCodec.OwnerWord;

/** What an owner says of its groups: refused, or exactly what the codec would write. */
public final class OwnerWordsFuzz {
    private OwnerWordsFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(OwnerWordsCodec.encode(List.of(
                new OwnerWord("files", 3, GroupStatus.State.RUNNING, ""),
                new OwnerWord("web#2", 1L << 50, GroupStatus.State.BLOCKED, "app.stop hangs"))));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        List<OwnerWord> words;
        try {
            words = OwnerWordsCodec.decode(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(bytes, OwnerWordsCodec.encode(words));
    }
}
