package org.understudy.ha.membership.sink;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.understudy.ha.api.StorageException;

/**
 * The bytes of a guard: the highest token a sink has admitted. All numbers are big-endian.
 *
 * <pre>
 *   0                8        12       16               24
 *  +----------------+--------+--------+----------------+--------+
 *  | magic          | format | prefix | highest token, | CRC    |
 *  | "UNDRGARD"     |   1    | CRC    | 0 = none yet   |        |
 *  +----------------+--------+--------+----------------+--------+ 28
 * </pre>
 *
 * <p>The prefix CRC is the CRC-32C of bytes 0 to 11, so that a guard of a newer format can be told from a damaged one; the last is that
 * of bytes 0 to 23. The file has exactly this length.
 */
final class GuardFormat {
    static final int LENGTH = 28;

    private static final byte[] MAGIC = "UNDRGARD".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;
    private static final int PREFIX_CRC_AT = 12;
    private static final int TOKEN_AT = 16;
    private static final int CRC_AT = 24;
    private static final String REMEDY =
            "; nothing is written while it is so. Make sure that no old owner can be running, keep the guard aside for"
                    + " inspection, move it away and call GuardedFile.adopt";

    private GuardFormat() {}

    /**
     * @param highest the highest token, 0 for none
     */
    static ByteBuffer encode(long highest) {
        ByteBuffer out = ByteBuffer.allocate(LENGTH);
        out.put(MAGIC).putInt(FORMAT);
        out.putInt(crc(out.array(), PREFIX_CRC_AT));
        out.putLong(highest);
        out.putInt(crc(out.array(), CRC_AT));
        return out.flip();
    }

    /**
     * @param path for the message
     * @return the highest token, 0 for none
     * @throws StorageException unless every byte is as it was written
     */
    static long decode(Path path, byte[] file) {
        if (file.length < PREFIX_CRC_AT + Integer.BYTES) {
            throw damaged(path, "it has " + file.length + " bytes, not " + LENGTH);
        }
        ByteBuffer in = ByteBuffer.wrap(file);
        if (!in.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw damaged(path, "it does not begin with the magic of a guard");
        }
        if (in.getInt(PREFIX_CRC_AT) != crc(file, PREFIX_CRC_AT)) {
            throw damaged(path, "the checksum over its first " + PREFIX_CRC_AT + " bytes is wrong");
        }
        int format = in.getInt(MAGIC.length);
        if (format != FORMAT) {
            throw new StorageException(
                    path,
                    "has format " + format + ", this version reads format " + FORMAT
                            + "; use the version of the library that wrote it, or a newer one. Nothing was touched");
        }
        if (file.length != LENGTH) {
            throw damaged(path, "it has " + file.length + " bytes, not " + LENGTH);
        }
        if (in.getInt(CRC_AT) != crc(file, CRC_AT)) {
            throw damaged(path, "its checksum is wrong: bits have changed since it was written");
        }
        long highest = in.getLong(TOKEN_AT);
        if (highest < 0) {
            throw damaged(path, "its token is impossible (" + highest + ")");
        }
        return highest;
    }

    static StorageException damaged(Path path, String found) {
        return new StorageException(path, "the guard cannot be trusted: " + found + REMEDY);
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
