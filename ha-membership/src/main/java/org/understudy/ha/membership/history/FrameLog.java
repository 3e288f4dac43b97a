package org.understudy.ha.membership.history;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Frames appended to a file, with a bound: when the file is half of it, it becomes the older one and a new one begins. Each frame
 * is {@code length, CRC-32C of the payload, payload}, big-endian, behind eight bytes that name the format. What is behind the first
 * frame that is not whole is cut off before more is appended.
 *
 * <p>One thread appends. Any may read at the same time; it sees what was appended before, and during a change of files some of it twice.
 */
final class FrameLog implements AutoCloseable {

    private static final byte[] MAGIC = "UNDFRAM1".getBytes(StandardCharsets.US_ASCII);
    private static final int HEAD = 8;

    private final Path current;
    private final Path older;
    private final long halfBytes;
    private @Nullable FileChannel channel;
    private long length;

    /**
     * @param bytesMax of both files together; a payload may be a quarter of it
     */
    FrameLog(Path directory, String name, long bytesMax) {
        this.current = directory.resolve(name);
        this.older = directory.resolve(name + ".old");
        this.halfBytes = bytesMax / 2;
    }

    /**
     * Shows every whole frame, the oldest first, until somebody has seen enough.
     *
     * @param each returns whether it wants more
     * @return how many bytes behind them are not whole
     */
    long read(Predicate<byte[]> each) throws IOException {
        // The newer first: should it become the older one meanwhile, it is read twice and nothing is missed.
        try (Segment newer = Segment.open(current);
                Segment old = Segment.open(older)) {
            long rest = old.read(halfBytes, each);
            return rest < 0 ? 0 : rest + Math.max(0, newer.read(halfBytes, each));
        }
    }

    /**
     * Appends a frame. It is in the operating system's hands on return, not on the disk.
     *
     * @throws IOException if it could not be written; the next call tries anew
     */
    void append(byte[] payload) throws IOException {
        if (payload.length > halfBytes / 2) {
            throw new IOException("a frame of " + payload.length + " bytes does not fit into " + current);
        }
        try {
            FileChannel open = open();
            if (length + HEAD + payload.length > halfBytes) {
                open = turn();
            }
            CRC32C crc = new CRC32C();
            crc.update(payload);
            ByteBuffer frame = ByteBuffer.allocate(HEAD + payload.length)
                    .putInt(payload.length)
                    .putInt((int) crc.getValue())
                    .put(payload)
                    .flip();
            writeAt(open, frame, length);
            length += HEAD + payload.length;
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private FileChannel open() throws IOException {
        FileChannel present = channel;
        if (present != null) {
            return present;
        }
        FileChannel opened =
                FileChannel.open(current, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        channel = opened;
        length = new Segment(Optional.of(opened)).whole(halfBytes);
        if (length < MAGIC.length) {
            opened.truncate(0);
            writeAt(opened, ByteBuffer.wrap(MAGIC), 0);
            length = MAGIC.length;
        }
        opened.truncate(length);
        return opened;
    }

    private FileChannel turn() throws IOException {
        close();
        Files.move(current, older, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return open();
    }

    private static void writeAt(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** Makes what was appended durable. */
    void force() throws IOException {
        FileChannel present = channel;
        if (present != null) {
            present.force(true);
        }
    }

    @Override
    public void close() {
        FileChannel present = channel;
        channel = null;
        if (present != null) {
            try {
                present.close();
            } catch (IOException e) {
                // Whatever the system had to say about what was written, nobody waits for it.
                length = 0;
            }
        }
    }

    /** One file, or none. */
    private record Segment(Optional<FileChannel> channel) implements AutoCloseable {

        static Segment open(Path path) throws IOException {
            try {
                return new Segment(Optional.of(FileChannel.open(path, StandardOpenOption.READ)));
            } catch (NoSuchFileException e) {
                return new Segment(Optional.empty());
            }
        }

        /** The bytes behind the last whole frame; negative if somebody has seen enough. */
        long read(long bytesMax, Predicate<byte[]> each) throws IOException {
            if (channel.isEmpty()) {
                return 0;
            }
            FileChannel file = channel.get();
            long size = file.size();
            long at = MAGIC.length;
            if (!isOurs(file)) {
                return size;
            }
            while (at < size) {
                byte[] payload = frame(file, at, Math.min(size, bytesMax));
                if (payload == null) {
                    return size - at;
                }
                if (!each.test(payload)) {
                    return -1;
                }
                at += HEAD + payload.length;
            }
            return 0;
        }

        /** How long the part is that is whole. */
        long whole(long bytesMax) throws IOException {
            FileChannel file = channel.orElseThrow();
            return isOurs(file) ? file.size() - read(bytesMax, payload -> true) : 0;
        }

        private static boolean isOurs(FileChannel file) throws IOException {
            ByteBuffer magic = ByteBuffer.allocate(MAGIC.length);
            return fill(file, magic, 0) && magic.flip().equals(ByteBuffer.wrap(MAGIC));
        }

        private static byte @Nullable [] frame(FileChannel file, long at, long end) throws IOException {
            ByteBuffer head = ByteBuffer.allocate(HEAD);
            if (!fill(file, head, at)) {
                return null;
            }
            head.flip();
            int length = head.getInt();
            int expected = head.getInt();
            if (length < 0 || length > end - at - HEAD) {
                return null;
            }
            ByteBuffer payload = ByteBuffer.allocate(length);
            CRC32C crc = new CRC32C();
            if (!fill(file, payload, at + HEAD)) {
                return null;
            }
            crc.update(payload.array());
            return (int) crc.getValue() == expected ? payload.array() : null;
        }

        private static boolean fill(FileChannel file, ByteBuffer bytes, long position) throws IOException {
            long at = position;
            while (bytes.hasRemaining()) {
                int read = file.read(bytes, at);
                if (read < 0) {
                    return false;
                }
                at += read;
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            if (channel.isPresent()) {
                channel.get().close();
            }
        }
    }
}
