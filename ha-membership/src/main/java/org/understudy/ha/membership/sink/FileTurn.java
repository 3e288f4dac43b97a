package org.understudy.ha.membership.sink;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.SinkBusyException;
import org.understudy.ha.api.StorageException;

/**
 * One writer at a time, over all threads and processes of a host, for the length of one operation. Ended by closing it or, by the
 * kernel, with the process; never by a time-out: whoever is paused while it has the turn keeps it.
 *
 * <p>The lock file is never deleted: whoever holds a lock on a deleted file and whoever creates and locks a new one of that name
 * would both believe to be alone. A POSIX record lock ends when <em>any</em> descriptor of the file is closed in the process
 * (fcntl(2), "advisory record locking"), so a claim in the process comes before the file is opened. That claim is a system
 * property, as the lock belongs to the whole process and not to one class loader.
 */
final class FileTurn implements AutoCloseable {
    private static final String CLAIM_PREFIX = "org.understudy.ha.membership.sink.turn.";
    private static final int HOLDER_LENGTH = 64;
    private static final long LOOK_NANOS = 1_000_000;

    private final String claim;
    private final RandomAccessFile file;

    private FileTurn(String claim, RandomAccessFile file) {
        this.claim = claim;
        this.file = file;
    }

    /**
     * @param directory of the lock file; exists
     * @throws SinkBusyException if others had the turn all the time, or if the thread was interrupted while it waited
     */
    static FileTurn take(Path directory, Path lockFile, Duration waitMax) throws IOException {
        Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
        String claim = CLAIM_PREFIX + (key == null ? directory : key) + "/" + lockFile.getFileName();
        String us = "process " + ProcessHandle.current().pid();
        long start = System.nanoTime();
        String claimed = "thread " + Thread.currentThread().getName() + " of this same " + us;
        for (String other = claim(claim, claimed); other != null; other = claim(claim, claimed)) {
            await(start, waitMax, lockFile, other);
        }
        RandomAccessFile file = null;
        try {
            if (Files.isSymbolicLink(lockFile)) {
                throw new StorageException(lockFile, "is a symbolic link where a lock file is needed; move it away");
            }
            file = new RandomAccessFile(lockFile.toFile(), "rw");
            while (!isLocked(file)) {
                await(start, waitMax, lockFile, holder(file));
            }
            if (!holder(file).equals(us)) {
                // Always the same length: a full disk must not keep anybody from being refused.
                file.seek(0);
                file.write(String.format("%-" + HOLDER_LENGTH + "s", us).getBytes(StandardCharsets.UTF_8));
            }
            FileTurn turn = new FileTurn(claim, file);
            file = null;
            claim = null;
            return turn;
        } finally {
            if (file != null) {
                file.close();
            }
            if (claim != null) {
                System.getProperties().remove(claim);
            }
        }
    }

    private static String claim(String claim, String by) {
        return (String) System.getProperties().putIfAbsent(claim, by);
    }

    private static boolean isLocked(RandomAccessFile file) throws IOException {
        try {
            FileLock lock = file.getChannel().tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static void await(long start, Duration waitMax, Path lockFile, String holder) {
        if (Thread.currentThread().isInterrupted()) {
            throw new SinkBusyException(lockFile + ": interrupted while " + holder
                    + " was in the middle of an operation; nothing was changed");
        }
        if (System.nanoTime() - start > waitMax.toNanos()) {
            throw new SinkBusyException(
                    lockFile + ": " + holder + " has been in the middle of an operation for " + waitMax
                            + "; nothing was changed. If it is stopped, continue it or end it: its lock ends with the process, and"
                            + " with nothing else. Never delete the lock file");
        }
        LockSupport.parkNanos(LOOK_NANOS);
    }

    private static String holder(RandomAccessFile file) throws IOException {
        byte[] text = new byte[HOLDER_LENGTH];
        file.seek(0);
        int length = file.read(text);
        String holder = new String(Arrays.copyOf(text, Math.max(0, length)), StandardCharsets.UTF_8).strip();
        return holder.isEmpty() ? "another process" : holder;
    }

    /** Closing the only descriptor ends the lock; nothing that must last went through it. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException ignored) {
            // The descriptor is gone either way, and with it the lock.
        } finally {
            System.getProperties().remove(claim);
        }
    }
}
