package org.understudy.ha.membership.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.understudy.ha.api.StorageException;

/**
 * Exclusive possession of a node's directory, or of its disk's identity, by one node of one process, ended by the kernel with the process.
 *
 * <p>The lock file is never deleted: whoever holds a lock on a deleted file and whoever creates and locks a new one of that
 * name would both believe to be alone. It is opened once per process: a POSIX record lock ends when <em>any</em> descriptor of
 * the file is closed in the process (fcntl(2), "advisory record locking"), so a second node of the same JVM that merely opened
 * the file, failed and closed it would take the first node's lock away. Therefore a claim in the process comes before the file.
 * That claim is a system property, as the lock itself belongs to the whole process and not to one class loader: after a
 * redeployment the library's classes can be there twice. The lock is not inherited by child processes.
 */
final class DirectoryLock implements AutoCloseable {
    private static final String CLAIM_PREFIX = "org.understudy.ha.membership.store.locked.";
    private static final int HOLDER_LENGTH_MAX = 200;

    private final String claim;
    private final FileChannel channel;

    private DirectoryLock(String claim, FileChannel channel) {
        this.claim = claim;
        this.channel = channel;
    }

    /**
     * @param directory exists
     * @throws StorageException if another node holds it, naming the holder, or if the lock file cannot be used
     */
    static DirectoryLock acquire(Path directory, Path lockFile) throws IOException {
        Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
        return acquire(key == null ? directory.toRealPath() : key, lockFile, lockFile, "this directory");
    }

    /**
     * @param key the same for all who must not hold it at a time
     * @param shown where the trouble is, for people
     * @param what is held, for people
     * @throws StorageException if another node holds it, naming the holder, or if the lock file cannot be used
     */
    static DirectoryLock acquire(Object key, Path lockFile, Path shown, String what) throws IOException {
        String claim = CLAIM_PREFIX + key;
        String us = "process " + ProcessHandle.current().pid();
        if (System.getProperties().putIfAbsent(claim, us) != null) {
            throw new StorageException(
                    shown,
                    "another node of this same JVM (" + us + ") uses " + what
                            + "; give each node a directory of its own, empty at first");
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    lockFile,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new StorageException(
                        shown,
                        what + " is in use by " + holder(channel)
                                + "; stop that node first, or give this node a directory of its own, empty at first");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((us + "\n").getBytes(StandardCharsets.UTF_8)), 0);
            DirectoryLock held = new DirectoryLock(claim, channel);
            channel = null;
            claim = null;
            return held;
        } finally {
            if (channel != null) {
                channel.close();
            }
            if (claim != null) {
                System.getProperties().remove(claim);
            }
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(HOLDER_LENGTH_MAX);
        channel.read(text, 0);
        String holder = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
        return holder.isEmpty() ? "another process" : holder;
    }

    /** Closing the only descriptor ends the lock. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            System.getProperties().remove(claim);
        }
    }
}
