package org.understudy.ha.membership.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;

/**
 * The bytes of the node state file. All numbers are big-endian.
 *
 * <pre>
 *   0                8        12       16                              32
 *  +----------------+--------+--------+--------------------------------+
 *  | magic          | format | prefix | disk identity                  |
 *  | "UNDRSTDY"     |   1    | CRC    |                                |
 *  +----------------+--------+--------+------+--------+--------+-------+
 *  | boot count     | write count    | length | zero   | CRC    | payload ...
 *  +----------------+----------------+--------+--------+--------+-------
 *  32               40               48       52       56       60
 * </pre>
 *
 * <ul>
 *   <li>prefix CRC: CRC-32C of bytes 0 to 11. These 16 bytes are the same in every format, so a file of a newer format can be
 *       told from a damaged one.
 *   <li>length: of the payload, or -1 if none was saved yet. The file ends with the payload; one byte more or less is damage.
 *   <li>CRC: CRC-32C of bytes 0 to 55 followed by the payload. It detects every single flipped bit at any length.
 * </ul>
 */
final class NodeStateFormat {
    static final int FORMAT = 1;
    static final int HEADER_LENGTH = 60;
    static final long FILE_LENGTH_MAX = (long) HEADER_LENGTH + NodeStateStore.PAYLOAD_MAX;

    private static final byte[] MAGIC = "UNDRSTDY".getBytes(StandardCharsets.US_ASCII);
    private static final int PREFIX_CRC_AT = 12;
    private static final int CRC_AT = 56;
    private static final int NO_PAYLOAD = -1;
    private static final String START_AGAIN =
            "; move it out of the state directory, keep it for inspection, and start the node: with an empty directory it"
                    + " is admitted by itself once a majority of the votes is there. Do not edit it or put back an older copy";

    private NodeStateFormat() {}

    /** The contents of a file. */
    record State(DiskIdentity disk, long bootCount, long writeCount, Optional<byte[]> payload) {}

    static ByteBuffer encode(State state) {
        byte[] payload = state.payload().orElse(new byte[0]);
        ByteBuffer out = ByteBuffer.allocate(HEADER_LENGTH + payload.length);
        out.put(MAGIC).putInt(FORMAT);
        out.putInt(crc(out.array(), PREFIX_CRC_AT, new byte[0]));
        out.putLong(state.disk().high()).putLong(state.disk().low());
        out.putLong(state.bootCount()).putLong(state.writeCount());
        out.putInt(state.payload().isPresent() ? payload.length : NO_PAYLOAD).putInt(0);
        out.putInt(crc(out.array(), CRC_AT, payload));
        out.put(payload);
        return out.flip();
    }

    /** What tells one write of a disk from any other: its count and its checksum, 24 hexadecimal digits. */
    static String mark(ByteBuffer encoded) {
        return String.format("%016x%08x", encoded.getLong(40), encoded.getInt(CRC_AT));
    }

    /**
     * @param path for the message
     * @param file all bytes of the file
     * @throws StorageException unless every byte is as it was written
     */
    static State decode(Path path, byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        if (file.length < HEADER_LENGTH) {
            throw damaged(path, "it has " + file.length + " bytes, fewer than the " + HEADER_LENGTH + " of a header");
        }
        for (int i = 0; i < MAGIC.length; i++) {
            if (file[i] != MAGIC[i]) {
                throw new StorageException(
                        path,
                        "not a node state file of this library, or its first bytes are damaged (byte " + i
                                + " is not the magic). If another program wrote it, give the node a directory of its own;"
                                + " if it was this node's state," + START_AGAIN.substring(1));
            }
        }
        int format = in.getInt(MAGIC.length);
        if (in.getInt(PREFIX_CRC_AT) != crc(file, PREFIX_CRC_AT, new byte[0])) {
            throw damaged(path, "the checksum over its first 12 bytes is wrong");
        }
        if (format != FORMAT) {
            throw new StorageException(
                    path,
                    "has format " + format + ", this version reads format " + FORMAT
                            + "; start the version of the library that wrote it, or a newer one. The file was not touched");
        }
        int length = in.getInt(48);
        int payloadLength = length == NO_PAYLOAD ? 0 : length;
        if (payloadLength < 0 || payloadLength != file.length - HEADER_LENGTH) {
            throw damaged(
                    path,
                    "its header announces a payload of " + length + " bytes and " + (file.length - HEADER_LENGTH)
                            + " follow (truncated or extended)");
        }
        byte[] payload = new byte[payloadLength];
        in.get(HEADER_LENGTH, payload);
        if (in.getInt(CRC_AT) != crc(file, CRC_AT, payload)) {
            throw damaged(path, "its checksum is wrong: bits have changed since it was written");
        }
        State state = new State(
                new DiskIdentity(in.getLong(16), in.getLong(24)),
                in.getLong(32),
                in.getLong(40),
                length == NO_PAYLOAD ? Optional.empty() : Optional.of(payload));
        if (state.bootCount() < 1 || state.writeCount() < state.bootCount() || in.getInt(52) != 0) {
            throw damaged(
                    path,
                    "its counts are impossible (boots " + state.bootCount() + ", writes " + state.writeCount() + ")");
        }
        return state;
    }

    /** Whether these first bytes can be those of a file this class began to write: the magic, cut short, or never flushed. */
    static boolean canBeOurs(byte[] start) {
        boolean magic = true;
        boolean zeros = true;
        for (int i = 0; i < start.length; i++) {
            magic &= i >= MAGIC.length || start[i] == MAGIC[i];
            zeros &= start[i] == 0;
        }
        return magic || zeros;
    }

    static StorageException damaged(Path path, String found) {
        return new StorageException(path, "the node state is damaged: " + found + START_AGAIN);
    }

    private static int crc(byte[] header, int headerLength, byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, headerLength);
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }
}
