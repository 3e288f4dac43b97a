package org.understudy.ha.membership.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The few file operations a durable replacement consists of, one method for each step that a crash can fall between. */
interface StateFiles {

    /** Creates a file that must not exist yet. */
    NewFile create(Path path) throws IOException;

    /** Replaces {@code to} by {@code from} in one step, rename(2). */
    void rename(Path from, Path to) throws IOException;

    /** Makes creations and renames in the directory durable, fsync(2) on the directory. */
    void forceDirectory(Path directory) throws IOException;

    /** A file being written. The same descriptor writes and forces: fsync reports a write-back error to it only. */
    interface NewFile extends Closeable {
        void write(ByteBuffer bytes) throws IOException;

        /** Makes contents and length durable, fsync(2). */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** The operating system's. */
    static StateFiles ofTheSystem() {
        return new StateFiles() {
            @Override
            public NewFile create(Path path) throws IOException {
                FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                return new NewFile() {
                    @Override
                    public void write(ByteBuffer bytes) throws IOException {
                        while (bytes.hasRemaining()) {
                            channel.write(bytes);
                        }
                    }

                    @Override
                    public void force() throws IOException {
                        channel.force(true);
                    }

                    @Override
                    public void close() throws IOException {
                        channel.close();
                    }
                };
            }

            @Override
            public void rename(Path from, Path to) throws IOException {
                Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }

            @Override
            public void forceDirectory(Path directory) throws IOException {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        };
    }
}
