package org.understudy.ha.membership.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;

/**
 * What this run of the kernel remembers of a disk: its newest write count, in a small file on a memory file system, which is gone
 * with the kernel and in no backup of the disk. A disk whose own count is another has gone back to an older copy, or the kernel was
 * started again.
 *
 * <p>The count is remembered <em>before</em> the write it belongs to: a crash between the two makes the disk look older than it is,
 * which costs a question to the other nodes; the other way round an older copy could pass for the newest. The file is locked while the
 * disk is in use: a copy of a directory has the same identity, and two processes must not vote under one.
 *
 * <p>Layout: 16 hexadecimal digits, a line feed, the directory, a line feed. Files of directories that do not exist any more are
 * removed by whoever comes next.
 */
final class KernelMemory implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int FILE_LENGTH_MAX = 8192;
    private static final int DIGITS = 16;
    private static final int FILES_LOOKED_AT_MAX = 256;

    private final @Nullable Path file;
    private final @Nullable FileChannel channel;
    private final OptionalLong remembered;

    private KernelMemory(@Nullable Path file, @Nullable FileChannel channel, OptionalLong remembered) {
        this.file = file;
        this.channel = channel;
        this.remembered = remembered;
    }

    /** Where the system keeps what is gone with the kernel; empty if it has no such place that this user may use. */
    static Optional<Path> ofTheSystem() {
        try {
            boolean isMemory = Files.isDirectory(SHARED_MEMORY)
                    && Files.getFileStore(SHARED_MEMORY).type().equals("tmpfs");
            if (!isMemory) {
                return Optional.empty();
            }
            Path own = SHARED_MEMORY.resolve(
                    "understudy-" + System.getProperty("user.name", "nobody").replace('/', '_'));
            if (!Files.isDirectory(own, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(
                        own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            return isOurs(own) ? Optional.of(own) : Optional.empty();
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    /** Another user could have made it first, and would then say what we remember. */
    private static boolean isOurs(Path directory) throws IOException {
        Path probe = Files.createTempFile(directory, "probe", "");
        try {
            return Files.getOwner(probe).equals(Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS))
                    && PosixFilePermissions.toString(
                                    Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS))
                            .equals("rwx------");
        } finally {
            Files.delete(probe);
        }
    }

    /**
     * Opens what is remembered of a disk.
     *
     * @param place see {@link #ofTheSystem()}; empty remembers nothing
     * @throws StorageException if another process uses a disk of this identity: one of the two directories is a copy
     */
    static KernelMemory open(Optional<Path> place, DiskIdentity disk, Path directory) throws IOException {
        if (place.isEmpty()) {
            return new KernelMemory(null, null, OptionalLong.empty());
        }
        forgetMissing(place.get());
        Path file = place.get().resolve(disk.toString());
        FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        boolean isTaken = true;
        try {
            isTaken = isLockedElsewhere(channel);
        } finally {
            if (isTaken) {
                channel.close();
            }
        }
        if (isTaken) {
            throw new StorageException(
                    directory,
                    "its disk identity is in use by another process on this host: one of the two directories is a copy of the"
                            + " other; give this node a directory of its own, empty at first");
        }
        OptionalLong found = read(channel);
        ByteBuffer line = ByteBuffer.wrap(("\n" + directory + "\n").getBytes(StandardCharsets.UTF_8));
        channel.write(line, DIGITS);
        return new KernelMemory(file, channel, found);
    }

    private static boolean isLockedElsewhere(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    private static OptionalLong read(FileChannel channel) throws IOException {
        ByteBuffer digits = ByteBuffer.allocate(DIGITS);
        channel.read(digits, 0);
        try {
            String text = new String(digits.array(), 0, digits.position(), StandardCharsets.US_ASCII);
            return text.length() == DIGITS ? OptionalLong.of(Long.parseLong(text, 16)) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static void forgetMissing(Path place) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(place)) {
            int looked = 0;
            for (Path each : files) {
                if (++looked > FILES_LOOKED_AT_MAX) {
                    return;
                }
                try {
                    boolean isSmall = Files.size(each) <= FILE_LENGTH_MAX;
                    String[] lines = isSmall ? Files.readString(each).split("\n", -1) : new String[0];
                    if (lines.length >= 2 && !Files.exists(Path.of(lines[1]))) {
                        Files.deleteIfExists(each);
                    }
                } catch (IOException e) {
                    // Somebody else removes it, or writes it at this moment: it is left alone.
                    continue;
                }
            }
        }
    }

    /** The newest write count that this run of the kernel was told of, if any. */
    OptionalLong remembered() {
        return remembered;
    }

    /**
     * Notes that a write is about to be made.
     *
     * @throws IOException if it could not be noted and what was noted before could not be taken back either
     */
    void remember(long writeCount) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            ByteBuffer digits =
                    ByteBuffer.wrap(String.format("%016x", writeCount).getBytes(StandardCharsets.US_ASCII));
            open.write(digits, 0);
        } catch (IOException e) {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Ends the lock. What is remembered stays. */
    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
