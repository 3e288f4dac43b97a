package org.understudy.ha.membership.store;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The few file operations a durable replacement or a durable write in place consists of, one method for each step that a crash can fall
 * between. An interrupt of the calling thread ends none of them half-way; it stays pending.
 */
public interface StateFiles {

    /** Creates a file that must not exist yet. */
    NewFile create(Path path) throws IOException;

    /** Replaces {@code to} by {@code from} in one step, rename(2). */
    void rename(Path from, Path to) throws IOException;

    /** Makes creations and renames in the directory durable, fsync(2) on the directory. */
    void forceDirectory(Path directory) throws IOException;

    /** Opens a file that exists, to overwrite parts of it. */
    FileInPlace open(Path path) throws IOException;

    /** Removes a file that a broken-off write left behind; no error if there is none. */
    default void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    /** A file being written. The same descriptor writes and forces: fsync reports a write-back error to it only. */
    interface NewFile extends Closeable {
        void write(ByteBuffer bytes) throws IOException;

        /** Makes contents and length durable, fsync(2). */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** A file of a length that does not change. One descriptor writes all the time: the kernel reports a write-back error to it. */
    interface FileInPlace extends Closeable {
        /**
         * Overwrites. On return the bytes are durable, as after fdatasync(2); a crash before leaves any part of them.
         *
         * @throws IOException also if the path names another file by now: what is written to this one would be lost
         */
        void write(long position, ByteBuffer bytes) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** The operating system's. */
    static StateFiles ofTheSystem() {
        return new StateFiles() {
            @Override
            public NewFile create(Path path) throws IOException {
                Files.createFile(path);
                // Not a FileChannel: an interrupt would close it between two of its bytes.
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
                return new NewFile() {
                    @Override
                    public void write(ByteBuffer bytes) throws IOException {
                        byte[] all = new byte[bytes.remaining()];
                        bytes.get(all);
                        file.write(all);
                    }

                    @Override
                    public void force() throws IOException {
                        file.getFD().sync();
                    }

                    @Override
                    public void close() throws IOException {
                        file.close();
                    }
                };
            }

            @Override
            public FileInPlace open(Path path) throws IOException {
                // First, because the next line would make a file that is not there.
                Object key = key(path);
                // "rwd" is O_DSYNC: without the inode's times, whose change would cost a commit of the journal each
                // time.
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rwd");
                FileInPlace opened = new FileInPlace() {
                    @Override
                    public void write(long position, ByteBuffer bytes) throws IOException {
                        requireSame();
                        byte[] all = new byte[bytes.remaining()];
                        bytes.get(all);
                        file.seek(position);
                        file.write(all);
                        requireSame();
                    }

                    private void requireSame() throws IOException {
                        if (!key.equals(key(path))) {
                            throw new IOException(path + " was replaced by another file while it was in use");
                        }
                    }

                    @Override
                    public void close() throws IOException {
                        file.close();
                    }
                };
                boolean isSame = false;
                try {
                    isSame = key.equals(key(path));
                } finally {
                    if (!isSame) {
                        file.close();
                    }
                }
                if (!isSame) {
                    throw new IOException(path + " was replaced by another file at this moment");
                }
                return opened;
            }

            /** What tells the file from any other: device and inode where the system has them. */
            private Object key(Path path) throws IOException {
                BasicFileAttributes attributes =
                        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                Object key = attributes.fileKey();
                return key == null ? attributes.creationTime() : key;
            }

            @Override
            public void rename(Path from, Path to) throws IOException {
                Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }

            /** Only a channel opens a directory, so an interrupt is put off and the call repeated. */
            @Override
            public void forceDirectory(Path directory) throws IOException {
                boolean wasInterrupted = Thread.interrupted();
                try {
                    boolean isForced = false;
                    while (!isForced) {
                        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                            channel.force(true);
                            isForced = true;
                        } catch (ClosedByInterruptException e) {
                            wasInterrupted |= Thread.interrupted();
                        }
                    }
                } finally {
                    if (wasInterrupted) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        };
    }
}
