package org.understudy.ha.membership.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The system's file operations, cut before a chosen step as by a loss of power. With {@code lazyDisk} whatever was not forced
 * by then is lost: unforced contents shrink to half, an unforced rename is undone, and of what was written in place the end is there
 * and the beginning is not.
 */
public final class CuttingFiles implements StateFiles {
    /** Thrown at the cut. */
    public static final class Cut extends IOException {
        private static final long serialVersionUID = 1L;

        Cut(String step) {
            super("cut before " + step);
        }
    }

    private final StateFiles real = StateFiles.ofTheSystem();
    private final int cutAt;
    private final boolean lazyDisk;
    public final List<String> steps = new ArrayList<>();
    private Path unforcedContents;
    private Runnable undoRename = () -> {};

    public CuttingFiles(int cutAt, boolean lazyDisk) {
        this.cutAt = cutAt;
        this.lazyDisk = lazyDisk;
    }

    public boolean wasCut() {
        return steps.size() > cutAt;
    }

    private void step(String name) throws IOException {
        boolean cut = steps.size() >= cutAt;
        steps.add(name);
        if (cut) {
            if (lazyDisk) {
                undoRename.run();
                if (unforcedContents != null && Files.exists(unforcedContents)) {
                    byte[] all = Files.readAllBytes(unforcedContents);
                    Files.write(unforcedContents, java.util.Arrays.copyOf(all, all.length / 2));
                }
            }
            throw new Cut(name);
        }
    }

    @Override
    public NewFile create(Path path) throws IOException {
        step("create");
        NewFile file = real.create(path);
        unforcedContents = path;
        return new NewFile() {
            @Override
            public void write(ByteBuffer bytes) throws IOException {
                step("write half");
                ByteBuffer half = bytes.duplicate().limit(bytes.limit() / 2);
                file.write(half);
                bytes.position(half.position());
                step("write rest");
                file.write(bytes);
            }

            @Override
            public void force() throws IOException {
                step("force");
                file.force();
                unforcedContents = null;
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public FileInPlace open(Path path) throws IOException {
        FileInPlace file = real.open(path);
        return new FileInPlace() {
            @Override
            public void write(long position, ByteBuffer bytes) throws IOException {
                step("overwrite half");
                int half = bytes.remaining() / 2;
                ByteBuffer start = bytes.duplicate().limit(bytes.position() + half);
                ByteBuffer end = bytes.duplicate().position(bytes.position() + half);
                if (lazyDisk) {
                    file.write(position + half, end);
                    step("overwrite rest");
                    file.write(position, start);
                } else {
                    file.write(position, start);
                    step("overwrite rest");
                    file.write(position + half, end);
                }
                bytes.position(bytes.limit());
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step("rename");
        byte[] before = Files.exists(to) ? Files.readAllBytes(to) : null;
        byte[] next = Files.readAllBytes(from);
        real.rename(from, to);
        undoRename = () -> {
            try {
                Files.write(from, next);
                if (before == null) {
                    Files.delete(to);
                } else {
                    Files.write(to, before);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        };
    }

    /** After the cut nobody tidies up any more. */
    @Override
    public void delete(Path path) throws IOException {
        if (wasCut()) {
            throw new Cut("delete");
        }
        real.delete(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        step("force directory");
        real.forceDirectory(directory);
        undoRename = () -> {};
    }
}
