package org.understudy.ha.membership.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore;

/**
 * The node state in one file of a directory on a local disk.
 *
 * <p>The directory holds {@code node.state}, the lock file {@code node.lock} and, while the file is made or made larger, {@code
 * node.state.new}. Other files in it are left alone. The file has two slots; a write overwrites the older one in place and is durable when
 * the disk has its bytes: at each moment one of the two slots is whole, and the newest whole one is the old state or the new one. A state that
 * outgrows its slot goes to a new file, which is forced to disk, renamed over the old one, and made durable by forcing the directory.
 *
 * <p>The disk must honour fsync and the file system must be local: on a network file system the lock is only as good as its
 * server. A failed step ends the store, because after a failed fsync the kernel may have dropped the data and say "done" the
 * next time.
 *
 * <p>Beside the disk, a file on a memory file system (Linux {@code /dev/shm}) remembers the newest write for as long as the kernel runs,
 * so that a start tells the disk it left from an older copy of it, see {@link KernelMemory}.
 */
public final class FileNodeStateStore implements NodeStateStore {
    private static final long CLOSE_SECONDS_MAX = 2;
    private final Path directory;
    private final Path stateFile;
    private final Path newFile;
    private final Path lockFile;
    private final StateFiles files;
    private final ReentrantLock turn = new ReentrantLock();

    private final Optional<Path> memoryPlace;

    private @Nullable DirectoryLock lock;
    private @Nullable KernelMemory memory;
    /** The newest write, if the disk is known to be as it was left by it. */
    private String written = KernelMemory.NOTHING;

    private NodeStateFormat.@Nullable State state;
    private StateFiles.@Nullable FileInPlace file;
    /** Where the newest state is in the file, if there is one. */
    private Optional<NodeStateFormat.Found> found = Optional.empty();

    private @Nullable String endedBecause;
    /** Whoever closed it did not wait for a save that hangs: that one lets go of the disk when it ends. */
    private volatile boolean isClosed;

    /**
     * @param directory the node's own; created, readable by its owner only, if it does not exist. Nothing is touched before
     *     {@link #open()}
     */
    public FileNodeStateStore(Path directory) {
        this(directory, StateFiles.ofTheSystem());
    }

    FileNodeStateStore(Path directory, StateFiles files) {
        this(directory, files, KernelMemory.ofTheSystem());
    }

    FileNodeStateStore(Path directory, StateFiles files, Optional<Path> memoryPlace) {
        this.memoryPlace = memoryPlace;
        this.directory = directory.toAbsolutePath();
        this.files = files;
        this.stateFile = this.directory.resolve("node.state");
        this.newFile = this.directory.resolve("node.state.new");
        this.lockFile = this.directory.resolve("node.lock");
    }

    @Override
    public Opened open() {
        turn.lock();
        try {
            if (state != null || endedBecause != null) {
                throw new LifecycleException(stateFile + " was opened before: make a new store for a new start");
            }
            boolean opened = false;
            try {
                Opened found = openLocked();
                opened = true;
                return found;
            } finally {
                if (!opened) {
                    end("it could not be opened");
                    release();
                }
            }
        } finally {
            turn.unlock();
        }
    }

    private Opened openLocked() {
        try {
            createDirectory();
            lock = DirectoryLock.acquire(directory, lockFile);
            removeLeftover();
        } catch (IOException e) {
            throw failed(directory, "cannot be used as the node's directory", e);
        }
        found = read();
        Optional<NodeStateFormat.State> before = found.map(NodeStateFormat.Found::newest);
        boolean isBroken = found.filter(NodeStateFormat.Found::isOtherBroken).isPresent();
        NodeStateFormat.State now = before.map(
                        s -> new NodeStateFormat.State(s.disk(), s.bootCount() + 1, s.writeCount() + 1, s.payload()))
                .orElseGet(() -> new NodeStateFormat.State(newIdentity(), 1, 1, Optional.empty()));
        boolean isCurrent;
        try {
            KernelMemory opened = KernelMemory.open(memoryPlace, now.disk(), directory);
            memory = opened;
            isCurrent =
                    before.isEmpty() || opened.remembers(NodeStateFormat.mark(NodeStateFormat.encode(before.get())));
            if (isCurrent) {
                written = before.map(s -> NodeStateFormat.mark(NodeStateFormat.encode(s)))
                        .orElse(KernelMemory.NOTHING);
                replace(now);
            } else {
                // Counting this start must not make an older copy look like the newest at the next one: only what the
                // node saves does, because that says that it is recovering.
                opened.forget();
                write(now, NodeStateFormat.encode(now));
            }
        } catch (IOException e) {
            throw failed(stateFile, "this boot could not be counted", e);
        }
        state = now;
        return new Opened(
                now.disk(),
                before.isEmpty(),
                now.bootCount(),
                now.writeCount(),
                now.payload().map(byte[]::clone),
                isCurrent,
                isBroken ? Optional.of(brokenSlot()) : Optional.empty());
    }

    private String brokenSlot() {
        return "one of the two slots of " + stateFile
                + " is not whole, and the other one was taken: a write was cut off when its"
                + " process or host ended, or the disk is damaged; if it happens again without such an end, look at what the"
                + " disk reports";
    }

    @Override
    public void save(byte[] payload) {
        if (payload.length > PAYLOAD_MAX) {
            throw new IllegalArgumentException("a payload of " + payload.length + " bytes is longer than the "
                    + PAYLOAD_MAX + " a node state may have");
        }
        turn.lock();
        try {
            NodeStateFormat.State before = state;
            if (endedBecause != null) {
                throw new StorageException(
                        stateFile,
                        "not saved: this store ended, because " + endedBecause
                                + "; repair the cause and restart the node");
            }
            if (before == null) {
                throw new LifecycleException(stateFile + " is not open");
            }
            NodeStateFormat.State now = new NodeStateFormat.State(
                    before.disk(), before.bootCount(), before.writeCount() + 1, Optional.of(payload.clone()));
            boolean durable = false;
            try {
                replace(now);
                state = now;
                durable = true;
            } catch (IOException e) {
                throw failed(stateFile, "not saved", e);
            } finally {
                if (!durable) {
                    end("an earlier save failed");
                }
            }
        } finally {
            if (isClosed) {
                release();
            }
            turn.unlock();
        }
    }

    @Override
    public long writeCount() {
        turn.lock();
        try {
            return state == null ? 0 : state.writeCount();
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void close() {
        boolean isMine = false;
        isClosed = true;
        try {
            isMine = turn.tryLock(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (isMine) {
            try {
                end("it was closed");
                release();
            } finally {
                turn.unlock();
            }
        }
    }

    /** After a failed save the lock stays until close or the end of the process: our last write may still reach the disk. */
    private void end(String why) {
        if (endedBecause == null) {
            endedBecause = why;
        }
    }

    private void release() {
        try {
            closeFile();
        } catch (IOException e) {
            end("its file could not be closed: " + e.getMessage());
        }
        KernelMemory told = memory;
        memory = null;
        if (told != null) {
            try {
                told.close();
            } catch (IOException e) {
                end("its note in memory could not be closed: " + e.getMessage());
            }
        }
        DirectoryLock held = lock;
        lock = null;
        if (held != null) {
            try {
                held.close();
            } catch (IOException e) {
                end("its lock file could not be closed: " + e.getMessage());
            }
        }
    }

    private void createDirectory() throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.createDirectory(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (parent != null) {
            files.forceDirectory(parent);
        }
    }

    /** A write that a crash interrupted leaves the new file behind. Nothing else of that name is removed. */
    private void removeLeftover() throws IOException {
        if (!Files.exists(newFile, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean ours = Files.isRegularFile(newFile, LinkOption.NOFOLLOW_LINKS);
        if (ours) {
            try (InputStream in = Files.newInputStream(newFile)) {
                ours = NodeStateFormat.canBeOurs(in.readNBytes(8));
            }
        }
        if (!ours) {
            throw new StorageException(
                    newFile, "stands where the node state is written, and is not of this library; move it away");
        }
        Files.delete(newFile);
    }

    private Optional<NodeStateFormat.Found> read() {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(stateFile, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw new StorageException(
                        stateFile, "is not a regular file; give the node a directory of its own on a local disk");
            }
            long length = attributes.size();
            if (length > NodeStateFormat.FILE_LENGTH_MAX) {
                throw NodeStateFormat.damaged(stateFile, "it has " + length + " bytes, more than any node state");
            }
            NodeStateFormat.Found read = NodeStateFormat.read(stateFile, Files.readAllBytes(stateFile));
            if (read.slotLength() > 0) {
                file = files.open(stateFile);
                confirm(read);
            }
            return Optional.of(read);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed(stateFile, "cannot be read", e);
        }
    }

    private void replace(NodeStateFormat.State next) throws IOException {
        ByteBuffer bytes = NodeStateFormat.encode(next);
        String mark = NodeStateFormat.mark(bytes);
        KernelMemory told = memory;
        if (told != null) {
            told.remember(mark, written);
        }
        write(next, bytes);
        if (told != null) {
            told.remember(mark, mark);
        }
        written = mark;
    }

    private void write(NodeStateFormat.State next, ByteBuffer bytes) throws IOException {
        NodeStateFormat.Found before =
                found.filter(f -> f.holds(bytes.remaining())).orElse(null);
        if (before == null) {
            found = Optional.of(writeAnew(bytes));
            return;
        }
        place().write(before.nextPosition(), bytes);
        found = Optional.of(new NodeStateFormat.Found(next, 1 - before.slot(), before.slotLength(), false));
    }

    /** The whole file, because there is none yet, or its slots are too short. */
    private NodeStateFormat.Found writeAnew(ByteBuffer bytes) throws IOException {
        ByteBuffer all = NodeStateFormat.file(bytes);
        closeFile();
        try (StateFiles.NewFile created = files.create(newFile)) {
            created.write(all.duplicate());
            created.force();
        }
        files.rename(newFile, stateFile);
        // At once: what is written later goes to the file that was made here, or fails.
        file = files.open(stateFile);
        files.forceDirectory(directory);
        return NodeStateFormat.read(stateFile, all.array());
    }

    /**
     * After a write that failed the kernel may show what the disk does not hold. The slot that is believed to be the newest is
     * written once more before the other one may be overwritten: on a sick disk that fails, and the other one still stands.
     */
    private void confirm(NodeStateFormat.Found read) throws IOException {
        place().write(read.position(), NodeStateFormat.encode(read.newest()));
    }

    private StateFiles.FileInPlace place() throws IOException {
        StateFiles.FileInPlace open = file;
        if (open == null) {
            throw new IOException(stateFile + " is not open");
        }
        return open;
    }

    private void closeFile() throws IOException {
        StateFiles.FileInPlace open = file;
        file = null;
        if (open != null) {
            open.close();
        }
    }

    private static DiskIdentity newIdentity() {
        SecureRandom random = new SecureRandom();
        return new DiskIdentity(random.nextLong(), random.nextLong());
    }

    private static StorageException failed(Path path, String what, IOException e) {
        return new StorageException(
                path,
                what + " (" + e
                        + "); see that the directory exists, belongs to this user, lies on a local disk, is mounted"
                        + " writable and has free space, and that the disk reports no errors; then restart the node",
                e);
    }
}
