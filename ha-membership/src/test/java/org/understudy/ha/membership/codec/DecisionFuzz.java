package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.ProofKind;

/** A decision in the history: refused, or exactly what the codec would write. */
public final class DecisionFuzz {
    private DecisionFuzz() {}

    public static List<byte[]> seeds() {
        Decision full = new Decision(
                7,
                Instant.parse("2026-11-21T10:00:00.000000001Z"),
                Decision.Kind.GRANTED,
                "files",
                Optional.of(new Incarnation(EveryMessage.A, 1)),
                Optional.of(new Incarnation(EveryMessage.B, 2)),
                Optional.of(new FencingToken(9)),
                Optional.of(ProofKind.DIED),
                "why",
                12,
                true,
                "files is granted");
        Decision empty = new Decision(
                8,
                Instant.EPOCH,
                Decision.Kind.VOTERS,
                "shop",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "",
                0,
                false,
                "");
        return List.of(DecisionCodec.encode(full), DecisionCodec.encode(empty));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        Decision decision;
        try {
            decision = DecisionCodec.decode(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(bytes, DecisionCodec.encode(decision));
    }
}
