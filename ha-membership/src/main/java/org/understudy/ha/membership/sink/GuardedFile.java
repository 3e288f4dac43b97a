package org.understudy.ha.membership.sink;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.SinkBusyException;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.api.sink.FencedSink;
import org.understudy.ha.membership.store.StateFiles;

/**
 * A small file that is written under a fencing token and refuses a stale owner: also one of another process, one of before a
 * restart, and one that was paused between deciding to write and writing.
 *
 * <pre>
 * GuardedFile totals = GuardedFile.at(Path.of("/var/lib/shop/totals"));
 * node.elections().join("totals", lease -&gt; {
 *     totals.admit(lease.token());                    // from here on every earlier leader is refused
 *     byte[] before = totals.read().orElse(new byte[0]);
 *     ...
 *     totals.replace(lease.token(), after);           // StaleTokenException if somebody newer leads by now
 * });
 * </pre>
 *
 * <p><b>What a write does.</b> Under one lock: the guard beside the file is read and the token compared; a higher token is made
 * durable in the guard; then the new contents are written to a file of their own, forced to disk and renamed over the old ones,
 * and the directory is forced. At each moment, and after a crash at any moment, the file is wholly the old or wholly the new one,
 * for every reader, and the guard is never behind it. {@link #append} works the same way, so its cost grows with the file: begin
 * a new file before it nears {@link #LENGTH_MAX}. The file keeps its permissions, not its owner, and other hard links keep the old
 * contents.
 *
 * <p><b>Files.</b> Beside {@code totals} lie {@code totals.guard} (the highest token, with magic, version and CRC-32C),
 * {@code totals.guard.lock}, and during a write {@code totals.guard.new} or {@code totals.guard.data}; these names are reserved.
 * A damaged guard, one that went back, or one that is missing beside an existing file is refused and nothing is touched;
 * {@link #adopt} is the operator's way to begin again. The contents carry no checksum of ours. Never delete the lock file while
 * anybody may write, and never put back an older copy of the guard: if both the guard and the file are removed, the sink is new.
 *
 * <p><b>A paused writer.</b> The comparison and the write are one step under an OS file lock. A process that is stopped before it
 * has the lock finds the newer token when it goes on. One that is stopped <em>while</em> it has the lock keeps it: nobody else
 * writes, so nothing can be overwritten behind its back. Others wait, by default ten seconds, and then get a
 * {@link SinkBusyException} that names the process; the lock ends when that process goes on or ends, and never by a time-out.
 *
 * <p><b>Where it holds.</b> All processes and threads of one host, on a local file system that honours fsync, rename and POSIX
 * record locks. Several hosts on a cluster file system (GFS2, OCFS2) are as safe as its lock manager, which must fence a host before
 * it gives its locks away. On a network file system a server gives the lock of a paused client away, so a write could come after a
 * newer owner's: NFS, SMB and AFS are refused. A lost or lying disk is not covered.
 *
 * <p>Thread-safe. Holds nothing open between calls, so there is nothing to close.
 */
public final class GuardedFile implements FencedSink {

    /** The longest contents a guarded file can have, in bytes: 16 MiB. */
    public static final int LENGTH_MAX = 16 << 20;

    private static final Duration WAIT_MAX = Duration.ofSeconds(10);

    private final Path file;
    private final Path directory;
    private final Path guard;
    private final Path newGuard;
    private final Path newData;
    private final Path lockFile;
    private final Duration waitMax;
    private final StateFiles files;

    /** Read and written only by whoever has the turn, which orders their accesses; so are the next two. */
    private long known;

    private long durable;
    private @Nullable String endedBecause;

    private GuardedFile(Path file, Duration waitMax, StateFiles files) {
        Path parent = file.toAbsolutePath().normalize().getParent();
        Path name = file.getFileName();
        if (parent == null || name == null) {
            throw new StorageException(file, "is no file in a directory; name one");
        }
        try {
            this.directory = parent.toRealPath();
            String type = Files.getFileStore(directory).type().toLowerCase(Locale.ROOT);
            if (type.startsWith("nfs") || type.startsWith("cifs") || type.startsWith("smb") || type.startsWith("afs")) {
                throw new StorageException(
                        file,
                        "lies on a network file system (" + type
                                + "), whose server gives the lock of a paused writer away;"
                                + " use a local file system");
            }
        } catch (IOException e) {
            throw new StorageException(file, "its directory cannot be used (" + e + "); create it first", e);
        }
        this.file = directory.resolve(name);
        this.guard = directory.resolve(name + ".guard");
        this.newGuard = directory.resolve(name + ".guard.new");
        this.newData = directory.resolve(name + ".guard.data");
        this.lockFile = directory.resolve(name + ".guard.lock");
        this.waitMax = waitMax;
        this.files = files;
    }

    /** A guarded file whose calls wait at most ten seconds for another writer. Touches nothing yet. */
    public static GuardedFile at(Path file) {
        return at(file, WAIT_MAX);
    }

    /**
     * A guarded file. Touches nothing yet.
     *
     * @param file need not exist; its directory must. Not a symbolic link
     * @param waitMax how long a call waits for another writer before it throws {@link SinkBusyException}
     * @throws StorageException if the directory does not exist or is on a network file system
     */
    public static GuardedFile at(Path file, Duration waitMax) {
        return new GuardedFile(file, waitMax, StateFiles.ofTheSystem());
    }

    static GuardedFile at(Path file, Duration waitMax, StateFiles files) {
        return new GuardedFile(file, waitMax, files);
    }

    /**
     * Begins to guard a file that exists without a guard: one that was written without this class so far, or whose guard was moved
     * away after damage. The caller vouches that no owner with an earlier token can be running. Durable when it returns.
     *
     * @throws StorageException if there is a guard already, or it cannot be made durable
     */
    public static void adopt(Path file) {
        GuardedFile adopted = at(file);
        adopted.locked(() -> {
            if (isThere(adopted.guard)) {
                throw new StorageException(
                        adopted.guard, "is there already: the file is guarded, there is nothing to adopt");
            }
            adopted.write(adopted.newGuard, adopted.guard, GuardFormat.encode(0));
            return null;
        });
    }

    /** The file's path, absolute. */
    public Path path() {
        return file;
    }

    @Override
    public Optional<FencingToken> highest() {
        return locked(() -> {
            long highest = readGuard();
            makeDurable(highest);
            return highest == 0 ? Optional.<FencingToken>empty() : Optional.of(new FencingToken(highest));
        });
    }

    @Override
    public void admit(FencingToken token) {
        locked(() -> {
            admitLocked(token);
            return null;
        });
    }

    /**
     * The contents, durable when this returns; empty if the file does not exist. Needs no token: whoever wants to go on from what it
     * reads calls {@link #admit} first.
     *
     * @throws StorageException if it cannot be read, is longer than {@link #LENGTH_MAX}, or its guard cannot be trusted
     * @throws SinkBusyException as for {@link #highest()}
     */
    public Optional<byte[]> read() {
        return locked(() -> {
            makeDurable(readGuard());
            return readData();
        });
    }

    /**
     * Replaces the contents. They are durable when this returns.
     *
     * @param contents not retained; at most {@link #LENGTH_MAX} bytes
     * @throws StaleTokenException if a higher token was admitted; nothing has changed
     * @throws StorageException if it is not certain that they are durable; the message says whether anything has changed
     * @throws SinkBusyException as for {@link #admit}
     * @throws IllegalArgumentException if they are too long; nothing has changed
     */
    public void replace(FencingToken token, byte[] contents) {
        checkLength(contents.length);
        locked(() -> {
            admitLocked(token);
            write(newData, file, ByteBuffer.wrap(contents));
            return null;
        });
    }

    /**
     * Adds to the contents, as one write: after a crash all of {@code more} is there or nothing of it. Creates the file if it does not
     * exist.
     *
     * @param more not retained
     * @throws StaleTokenException as for {@link #replace}
     * @throws StorageException as for {@link #replace}
     * @throws SinkBusyException as for {@link #admit}
     * @throws IllegalArgumentException if the file would become longer than {@link #LENGTH_MAX}; the contents are as they were
     */
    public void append(FencingToken token, byte[] more) {
        checkLength(more.length);
        locked(() -> {
            admitLocked(token);
            byte[] before = readData().orElse(new byte[0]);
            checkLength((long) before.length + more.length);
            byte[] after = Arrays.copyOf(before, before.length + more.length);
            System.arraycopy(more, 0, after, before.length, more.length);
            write(newData, file, ByteBuffer.wrap(after));
            return null;
        });
    }

    private void checkLength(long length) {
        if (length > LENGTH_MAX) {
            throw new IllegalArgumentException(file + " would have " + length + " bytes, more than the " + LENGTH_MAX
                    + " of a guarded file; begin a new file");
        }
    }

    // ---- one operation ---------------------------------------------------------------------------------------------

    /** What is done while this thread of this process has the turn. */
    @FunctionalInterface
    private interface Operation<T> {
        T run() throws IOException;
    }

    private <T> T locked(Operation<T> operation) {
        try {
            FileTurn turn = FileTurn.take(directory, lockFile, waitMax);
            try {
                if (endedBecause != null) {
                    throw new StorageException(
                            file,
                            "this object does nothing more, because " + endedBecause
                                    + "; see that the disk works, make a new object, and look what is there");
                }
                tidy();
                return operation.run();
            } finally {
                turn.close();
            }
        } catch (IOException e) {
            throw new StorageException(
                    file,
                    "could not be used; the contents are as they were, though the token may have been admitted (" + e
                            + "). See that its directory is writable for this user, has free space, and that the disk"
                            + " reports no errors",
                    e);
        }
    }

    /** The comparison: on return the token is the highest, and durable. */
    private void admitLocked(FencingToken token) throws IOException {
        long highest = readGuard();
        if (token.value() < highest) {
            throw new StaleTokenException(file.toString(), token, new FencingToken(highest));
        }
        if (token.value() > highest) {
            write(newGuard, guard, GuardFormat.encode(token.value()));
            known = token.value();
            durable = known;
        } else {
            makeDurable(highest);
        }
    }

    /** Whoever renamed this guard may have ended before the rename was forced to disk. */
    private void makeDurable(long highest) throws IOException {
        if (durable != highest) {
            force();
            durable = highest;
        }
    }

    private long readGuard() throws IOException {
        Optional<byte[]> bytes = read(guard, GuardFormat.LENGTH);
        if (bytes.isEmpty() && (known > 0 || isThere(file))) {
            throw new StorageException(
                    guard,
                    "is missing: either it was removed, and with it the knowledge of who may write, or "
                            + file.getFileName()
                            + " was never guarded. Make sure that no old owner can be running, then call GuardedFile.adopt");
        }
        long highest = bytes.isEmpty() ? 0 : GuardFormat.decode(guard, bytes.get());
        if (highest < known) {
            throw GuardFormat.damaged(
                    guard,
                    "it went back from token " + known + " to " + highest + ", so an older copy was put in its place");
        }
        known = highest;
        return highest;
    }

    /** What cannot be looked at is not taken for absent. */
    private static boolean isThere(Path path) throws IOException {
        try {
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private Optional<byte[]> readData() throws IOException {
        return read(file, LENGTH_MAX);
    }

    private static Optional<byte[]> read(Path path, int lengthMax) throws IOException {
        if (!isThere(path)) {
            return Optional.empty();
        }
        // Not a channel: an interrupt would close it.
        try (InputStream in = new FileInputStream(path.toFile())) {
            byte[] bytes = in.readNBytes(lengthMax + 1);
            if (bytes.length > lengthMax) {
                throw new StorageException(
                        path, "is longer than the " + lengthMax + " bytes it may have; nothing was changed");
            }
            return Optional.of(bytes);
        }
    }

    /** Removes what an operation left behind that a crash or a full disk broke off. */
    private void tidy() throws IOException {
        for (Path ours : new Path[] {newGuard, newData, guard, file}) {
            if (isThere(ours) && !Files.isRegularFile(ours, LinkOption.NOFOLLOW_LINKS)) {
                throw new StorageException(
                        ours, "is not a regular file, as a guarded file and what lies beside it must be");
            }
        }
        files.delete(newGuard);
        files.delete(newData);
    }

    // ---- one durable replacement -----------------------------------------------------------------------------------

    private void write(Path fresh, Path target, ByteBuffer bytes) throws IOException {
        try (StateFiles.NewFile out = files.create(fresh)) {
            copyPermissions(target, fresh);
            out.write(bytes);
            out.force();
        } catch (IOException e) {
            discard(fresh, e);
            throw e;
        }
        try {
            files.rename(fresh, target);
        } catch (IOException e) {
            throw unknown("the new contents of " + target.getFileName() + " could not be put in place", e);
        }
        force();
    }

    /** After a failed fsync the kernel may say "done" the next time, so this object believes nothing any more. */
    private void force() {
        try {
            files.forceDirectory(directory);
        } catch (IOException e) {
            throw unknown("a change could not be forced to disk", e);
        }
    }

    private StorageException unknown(String what, IOException e) {
        endedBecause = what;
        return new StorageException(
                file,
                what + " (" + e
                        + "): it is not known whether the old or the new state will be found after a crash. See that"
                        + " the disk works, make a new object, and look what is there",
                e);
    }

    /** The next operation tries again what fails here. */
    private void discard(Path fresh, IOException cause) {
        try {
            files.delete(fresh);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private static void copyPermissions(Path from, Path to) throws IOException {
        PosixFileAttributeView present =
                Files.getFileAttributeView(from, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (present != null && isThere(from)) {
            Set<PosixFilePermission> permissions = present.readAttributes().permissions();
            Files.setPosixFilePermissions(to, permissions);
        }
    }
}
