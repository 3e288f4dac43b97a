package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.HexFormat;
import java.util.List;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.core.DurableState;

/** What a node keeps on its disk: refused, or exactly what the codec would write; of an older version, then what it says. */
public final class DurableStateFuzz {
    /** Version 1: promised (1, "a"), accepted nothing, released "files" at 3. */
    private static final String VERSION_1 = "01" + "0000000000000001" + "000161" + "0000000000000000" + "0000" + "00"
            + "00000001" + "000566696c6573" + "0000000000000003";

    private DurableStateFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                RecordCodec.encode(DurableState.EMPTY),
                RecordCodec.encode(EveryMessage.state()),
                HexFormat.of().parseHex(VERSION_1));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        DurableState state;
        try {
            state = RecordCodec.decodeDurable(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        byte[] again = RecordCodec.encode(state);
        if (bytes[0] == RecordCodec.VERSION) {
            assertArrayEquals(bytes, again);
        } else {
            assertThat(RecordCodec.decodeDurable(again)).isEqualTo(state);
        }
    }
}
