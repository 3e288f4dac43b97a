package org.understudy.ha.membership.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;
import org.understudy.ha.membership.store.NodeStateFormat.State;

/** The node state file as found, and with its checksums made right so that what lies behind them is reached. */
public final class NodeStateFuzz {
    private static final Path PATH = Path.of("node.state");

    private NodeStateFuzz() {}

    public static List<byte[]> seeds() {
        byte[] one = file(Optional.of(new byte[] {1, 2, 3}));
        return List.of(
                file(Optional.empty()),
                file(Optional.of(new byte[0])),
                one,
                NodeStateFormat.file(ByteBuffer.wrap(one)).array());
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        refusedOrSame(bytes);
        if (bytes.length >= NodeStateFormat.HEADER_LENGTH) {
            byte[] sealed = bytes.clone();
            ByteBuffer.wrap(sealed).putInt(12, crc(sealed, 12, 0));
            ByteBuffer.wrap(sealed).putInt(56, crc(sealed, 56, NodeStateFormat.HEADER_LENGTH));
            refusedOrSame(sealed);
        }
        refusedOrWhole(bytes);
        if (bytes.length >= NodeStateFormat.PAGE) {
            byte[] sealed = bytes.clone();
            ByteBuffer.wrap(sealed).putInt(12, crc(sealed, 12, 0));
            ByteBuffer.wrap(sealed).putInt(20, crc(sealed, 20, 0));
            refusedOrWhole(sealed);
        }
    }

    /** Whatever is read from two slots stands in one of them. */
    private static void refusedOrWhole(byte[] file) {
        NodeStateFormat.Found found;
        try {
            found = NodeStateFormat.read(PATH, file);
        } catch (StorageException refused) {
            return;
        }
        byte[] state = NodeStateFormat.encode(found.newest()).array();
        int at = found.slotLength() == 0 ? 0 : NodeStateFormat.PAGE + found.slot() * found.slotLength();
        assertArrayEquals(state, java.util.Arrays.copyOfRange(file, at, at + state.length));
    }

    private static void refusedOrSame(byte[] file) {
        State state;
        try {
            state = NodeStateFormat.decode(PATH, file);
        } catch (StorageException refused) {
            return;
        }
        assertArrayEquals(file, NodeStateFormat.encode(state).array());
    }

    private static byte[] file(Optional<byte[]> payload) {
        return NodeStateFormat.encode(new State(new DiskIdentity(3, 4), 5, 6, payload))
                .array();
    }

    private static int crc(byte[] file, int length, int rest) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, length);
        if (rest > 0) {
            crc.update(file, rest, file.length - rest);
        }
        return (int) crc.getValue();
    }
}
