package org.understudy.ha.membership.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;

/**
 * What this run of the kernel remembers of a disk: its newest writes, in a small file on a memory file system, which is gone
 * with the kernel and in no backup of the disk. A disk whose own newest write is another has gone back to an older copy, or the kernel was
 * started again.
 *
 * <p>A write is remembered before it is made, beside the one before it; and once more, alone, when it is complete and before anything that
 * rests on it is said. So a process that is killed in the middle finds its disk current, with that write or without it, and an older copy
 * never passes for the newest.
 *
 * <p>A lock beside it is held while the disk is in use: a copy of a directory has the same identity, and two processes must not vote under
 * one. What is remembered is never locked itself: whoever tidies up reads it, and reading a file ends this process's locks on it, see
 * {@link DirectoryLock}.
 *
 * <p>Layout: the newest write as 24 hexadecimal digits, the directory, and the write before it or the newest once more, a line feed after
 * each. Files of directories that whoever comes next does not see, and that were not written for a week, are removed: another mount namespace
 * may see them. The locks, a few bytes each, stay until the kernel ends.
 */
final class KernelMemory implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final String LOCK_SUFFIX = ".lock";
    private static final String WRITES_SUFFIX = ".writes";
    /** No write has this mark. */
    static final String NOTHING = "-".repeat(24);

    private static final Duration KEPT = Duration.ofDays(7);
    private static final int FILE_LENGTH_MAX = 8192;
    private static final int FILES_LOOKED_AT_MAX = 256;

    private final @Nullable Path file;
    private final @Nullable FileChannel channel;
    private final @Nullable DirectoryLock lock;
    private final Path directory;

    private KernelMemory(
            @Nullable Path file, @Nullable FileChannel channel, @Nullable DirectoryLock lock, Path directory) {
        this.file = file;
        this.channel = channel;
        this.lock = lock;
        this.directory = directory;
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
     * @param directory where the disk is, absolute
     * @throws StorageException if another node uses a disk of this identity: one of the two directories is a copy
     */
    static KernelMemory open(Optional<Path> place, DiskIdentity disk, Path directory) throws IOException {
        if (place.isEmpty()) {
            return new KernelMemory(null, null, null, directory);
        }
        forgetMissing(place.get());
        Path file = place.get().resolve(disk + WRITES_SUFFIX);
        DirectoryLock lock = DirectoryLock.acquire(
                disk, place.get().resolve(disk + LOCK_SUFFIX), directory, "a copy of this directory");
        boolean isOpen = false;
        try {
            FileChannel channel = FileChannel.open(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            isOpen = true;
            return new KernelMemory(file, channel, lock, directory);
        } finally {
            if (!isOpen) {
                lock.close();
            }
        }
    }

    private static void forgetMissing(Path place) throws IOException {
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(place, each -> !each.toString().endsWith(LOCK_SUFFIX))) {
            int looked = 0;
            for (Path each : files) {
                if (++looked > FILES_LOOKED_AT_MAX) {
                    return;
                }
                try {
                    boolean isSmall = Files.size(each) <= FILE_LENGTH_MAX;
                    String[] lines = isSmall ? Files.readString(each).split("\n", -1) : new String[0];
                    boolean isOld = Files.getLastModifiedTime(each)
                            .toInstant()
                            .isBefore(Instant.now().minus(KEPT));
                    if (lines.length >= 2 && isOld && !Files.exists(Path.of(lines[1]))) {
                        Files.deleteIfExists(each);
                    }
                } catch (IOException | InvalidPathException e) {
                    // Somebody else removes it, or writes it at this moment, or it is damaged: it is left alone.
                    continue;
                }
            }
        }
    }

    /**
     * Whether a disk with this write has forgotten nothing that was said in this run of the kernel.
     *
     * @param write see {@link NodeStateFormat#mark}
     */
    boolean remembers(String write) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.allocate(FILE_LENGTH_MAX);
        open.read(bytes, 0);
        String[] lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).split("\n", -1);
        return lines.length > 3 && (write.equals(lines[0]) || write.equals(lines[2]));
    }

    /**
     * Notes a write.
     *
     * @param before what the disk may hold as well: until the write is complete what it held before, then the same write
     * @throws IOException if it could not be noted and what was noted before could not be taken back either
     */
    void remember(String write, String before) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            String lines = write + "\n" + directory + "\n" + before + "\n";
            ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                open.write(bytes, bytes.position());
            }
        } catch (IOException e) {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Notes that what is about to be written is not known to be the newest. */
    void forget() throws IOException {
        remember(NOTHING, NOTHING);
    }

    /** Ends the lock. What is remembered stays. */
    @Override
    public void close() throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            if (lock != null) {
                lock.close();
            }
        }
    }
}
