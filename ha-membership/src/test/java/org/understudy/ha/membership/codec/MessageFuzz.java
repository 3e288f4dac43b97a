package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.understudy.ha.api.MalformedMessageException;

/** Frames between nodes: refused, or exactly what the codec would write. */
public final class MessageFuzz {

    private MessageFuzz() {}

    public static List<byte[]> seeds() {
        return EveryMessage.all().stream()
                .map(message -> MessageCodec.encode(EveryMessage.CLUSTER, EveryMessage.B, 7, message))
                .toList();
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        MessageCodec.Frame frame;
        try {
            frame = MessageCodec.decode(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(
                bytes, MessageCodec.encode(frame.cluster(), frame.sender(), frame.sequence(), frame.message()));
    }
}
