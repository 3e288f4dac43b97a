package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.codec.ReasonsCodec.Told;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.Reasons.Why;
import org.understudy.ha.membership.core.record.Ballot;

/** Why a record is as it is: refused, or exactly what the codec would write. */
public final class ReasonsFuzz {
    private ReasonsFuzz() {}

    public static List<byte[]> seeds() {
        Reasons reasons = new Reasons(
                new TreeMap<>(Map.of(
                        "files", new Why("asked to move to serv2", ""), "web#2", new Why("", "serv1 is on standby"))),
                false);
        return List.of(
                ReasonsCodec.encode(new Told(new Ballot(7, "serv1/3"), reasons)),
                ReasonsCodec.encode(new Told(new Ballot(1L << 50, "serv1/3"), Reasons.NONE)));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        Told told;
        try {
            told = ReasonsCodec.decode(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(bytes, ReasonsCodec.encode(told));
    }
}
