package org.understudy.ha.membership.sink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.understudy.ha.api.StorageException;

/** A guard as found, and with its checksums made right so that what lies behind them is reached. */
public final class GuardFuzz {
    private static final Path PATH = Path.of("totals.guard");

    private GuardFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                GuardFormat.encode(0).array(),
                GuardFormat.encode(1).array(),
                GuardFormat.encode(Long.MAX_VALUE).array());
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        refusedOrSame(bytes);
        if (bytes.length == GuardFormat.LENGTH) {
            byte[] sealed = bytes.clone();
            ByteBuffer.wrap(sealed).putInt(12, crc(sealed, 12));
            ByteBuffer.wrap(sealed).putInt(24, crc(sealed, 24));
            refusedOrSame(sealed);
        }
    }

    private static void refusedOrSame(byte[] file) {
        long highest;
        try {
            highest = GuardFormat.decode(PATH, file);
        } catch (StorageException refused) {
            return;
        }
        assertArrayEquals(file, GuardFormat.encode(highest).array());
    }

    private static int crc(byte[] file, int length) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, length);
        return (int) crc.getValue();
    }
}
