package org.understudy.ha.membership.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;

/**
 * The bytes of the node state file: a page that says how it is divided, and two slots, of which each write overwrites the older one. All
 * numbers are big-endian.
 *
 * <pre>
 *   0                8        12       16       20       24            4096       4096 + slot   4096 + 2 * slot
 *  +----------------+--------+--------+--------+--------+- - - - - - -+- - - - - -+- - - - - - -+
 *  | magic          | format | prefix | slot   | CRC    | zeros       | slot 0     | slot 1      |
 *  | "UNDRSTDY"     |   2    | CRC    | length |        |             |            |             |
 *  +----------------+--------+--------+--------+--------+- - - - - - -+- - - - - -+- - - - - - -+
 * </pre>
 *
 * A slot holds one state; what follows the payload in it has no meaning. A file of format 1 is one such state and nothing else.
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
 *   <li>CRC of the page: CRC-32C of bytes 0 to 19.
 *   <li>length: of the payload, or -1 if none was saved yet. A file of format 1 ends with the payload; one byte more or less is
 *       damage.
 *   <li>CRC of a state: CRC-32C of bytes 0 to 55 followed by the payload. It detects every single flipped bit at any length.
 * </ul>
 */
final class NodeStateFormat {
    /** Of a file that is one state. */
    static final int FORMAT_OF_ONE = 1;
    /** Of a file with two slots. */
    static final int FORMAT_OF_TWO = 2;

    static final int HEADER_LENGTH = 60;
    /** So that what is never written again shares no page with a slot. */
    static final int PAGE = 4096;

    private static final int SLOT_LENGTH_MIN = 4 * PAGE;
    private static final int SLOT_LENGTH_MAX = 1 << 25;
    static final long FILE_LENGTH_MAX = PAGE + 2L * SLOT_LENGTH_MAX;

    private static final byte[] MAGIC = "UNDRSTDY".getBytes(StandardCharsets.US_ASCII);
    private static final int PREFIX_CRC_AT = 12;
    private static final int SLOT_LENGTH_AT = 16;
    private static final int PAGE_CRC_AT = 20;
    private static final int CRC_AT = 56;
    private static final int NO_PAYLOAD = -1;
    private static final String START_AGAIN =
            "; move it out of the state directory, keep it for inspection, and start the node: with an empty directory it"
                    + " is admitted by itself once a majority of the votes is there. Do not edit it or put back an older copy";

    private NodeStateFormat() {}

    /** One state of a node. */
    record State(DiskIdentity disk, long bootCount, long writeCount, Optional<byte[]> payload) {}

    /**
     * What a file holds.
     *
     * @param newest the state that was written last, among those that are whole
     * @param slot where it is, 0 or 1
     * @param slotLength 0 if the file is of format 1
     * @param isOtherBroken whether the other slot was written and is not whole
     */
    record Found(State newest, int slot, int slotLength, boolean isOtherBroken) {
        /** Whether a state of so many bytes can be written in place. */
        boolean holds(int length) {
            return length <= slotLength;
        }

        /** Where this state is. */
        long position() {
            return PAGE + (long) slot * slotLength;
        }

        /** Where the next state goes. */
        long nextPosition() {
            return PAGE + (long) (1 - slot) * slotLength;
        }
    }

    /** A new file with this state, and room for longer ones. */
    static ByteBuffer file(ByteBuffer state) {
        int slotLength = SLOT_LENGTH_MIN;
        while (slotLength < 2 * state.remaining() && slotLength < SLOT_LENGTH_MAX) {
            slotLength *= 2;
        }
        ByteBuffer out = ByteBuffer.allocate(PAGE + 2 * slotLength);
        out.put(MAGIC).putInt(FORMAT_OF_TWO);
        out.putInt(crc(out.array(), PREFIX_CRC_AT, new byte[0])).putInt(slotLength);
        out.putInt(crc(out.array(), PAGE_CRC_AT, new byte[0]));
        out.position(PAGE).put(state.duplicate());
        return out.rewind();
    }

    /**
     * A slot that is not whole is the one that was being written when the power went, or damage: the other one is then what there is, and
     * whether something is missing is the question that every disk is asked, see {@link NodeStateStore.Opened#isCurrent()}.
     *
     * @param path for the message
     * @param file all bytes of the file
     * @throws StorageException if neither slot is whole, or the rest is not as it was written
     */
    static Found read(Path path, byte[] file) {
        if (requireFormat(path, file, FORMAT_OF_TWO) == FORMAT_OF_ONE) {
            return new Found(decode(path, file), 0, 0, false);
        }
        ByteBuffer in = ByteBuffer.wrap(file);
        if (file.length < PAGE || in.getInt(PAGE_CRC_AT) != crc(file, PAGE_CRC_AT, new byte[0])) {
            throw damaged(path, "the checksum over its first 20 bytes is wrong, or they are all there is");
        }
        int slotLength = in.getInt(SLOT_LENGTH_AT);
        if (slotLength < SLOT_LENGTH_MIN || slotLength > SLOT_LENGTH_MAX || file.length != PAGE + 2 * slotLength) {
            throw damaged(
                    path,
                    "it has " + file.length + " bytes, and two slots of " + slotLength
                            + " are announced (truncated or extended)");
        }
        Optional<State> first = slot(path, file, PAGE, slotLength);
        Optional<State> second = slot(path, file, PAGE + slotLength, slotLength);
        if (first.isEmpty() && second.isEmpty()) {
            throw damaged(path, "neither of its two slots is whole: bits have changed since they were written");
        }
        if (first.isPresent()
                && second.isPresent()
                && (!first.get().disk().equals(second.get().disk())
                        || first.get().writeCount() == second.get().writeCount())) {
            throw damaged(path, "its two slots are not of one disk, or of one write");
        }
        boolean isFirst = second.isEmpty()
                || first.isPresent() && first.get().writeCount() > second.get().writeCount();
        return isFirst
                ? new Found(first.get(), 0, slotLength, second.isEmpty() && isWritten(file, PAGE + slotLength))
                : new Found(second.get(), 1, slotLength, first.isEmpty() && isWritten(file, PAGE));
    }

    /** A new file has zeros where nothing was written yet. */
    private static boolean isWritten(byte[] file, int at) {
        for (int i = at; i < at + HEADER_LENGTH; i++) {
            if (file[i] != 0) {
                return true;
            }
        }
        return false;
    }

    /** The state in a slot, if every byte of it is as it was written. */
    private static Optional<State> slot(Path path, byte[] file, int at, int slotLength) {
        int payload = ByteBuffer.wrap(file).getInt(at + 48);
        long length = HEADER_LENGTH + (long) Math.max(0, payload);
        if (length > slotLength) {
            return Optional.empty();
        }
        try {
            return Optional.of(decode(path, Arrays.copyOfRange(file, at, at + (int) length)));
        } catch (StorageException e) {
            return Optional.empty();
        }
    }

    static ByteBuffer encode(State state) {
        byte[] payload = state.payload().orElse(new byte[0]);
        ByteBuffer out = ByteBuffer.allocate(HEADER_LENGTH + payload.length);
        out.put(MAGIC).putInt(FORMAT_OF_ONE);
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
     * Reads one state.
     *
     * @param path for the message
     * @param file its bytes, and no more
     * @throws StorageException unless every byte is as it was written
     */
    static State decode(Path path, byte[] file) {
        requireFormat(path, file, FORMAT_OF_ONE);
        ByteBuffer in = ByteBuffer.wrap(file);
        if (file.length < HEADER_LENGTH) {
            throw damaged(path, "it has " + file.length + " bytes, fewer than the " + HEADER_LENGTH + " of a header");
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

    private static int requireFormat(Path path, byte[] file, int formatMax) {
        for (int i = 0; i < MAGIC.length && i < file.length; i++) {
            if (file[i] != MAGIC[i]) {
                throw new StorageException(
                        path,
                        "not a node state file of this library, or its first bytes are damaged (byte " + i
                                + " is not the magic). If another program wrote it, give the node a directory of its own;"
                                + " if it was this node's state," + START_AGAIN.substring(1));
            }
        }
        if (file.length < PREFIX_CRC_AT + 4) {
            throw damaged(path, "it has " + file.length + " bytes, fewer than a header");
        }
        ByteBuffer in = ByteBuffer.wrap(file);
        int format = in.getInt(MAGIC.length);
        if (in.getInt(PREFIX_CRC_AT) != crc(file, PREFIX_CRC_AT, new byte[0])) {
            throw damaged(path, "the checksum over its first 12 bytes is wrong");
        }
        if (format < FORMAT_OF_ONE || format > formatMax) {
            throw new StorageException(
                    path,
                    "has format " + format + ", this version reads formats up to " + FORMAT_OF_TWO
                            + "; start the version of the library that wrote it, or a newer one. The file was not touched");
        }
        return format;
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
