package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.StorageException;

/** A disk of a few hundred kilobytes that can be filled to the last block: a tmpfs. Needs private namespaces. Not thread-safe. */
public final class SmallDisk implements AutoCloseable {
    private final Path directory;
    private boolean isMounted = true;

    private SmallDisk(Path directory) {
        this.directory = directory;
    }

    /**
     * Mounts it on a directory, which is created. Programs started before do not see it.
     *
     * @throws PlatformException if the kernel refuses
     */
    public static SmallDisk mount(Path directory, int kilobytes) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new StorageException(directory, "cannot be created: " + e.getMessage(), e);
        }
        Shell.script("mount -t tmpfs -o size=" + kilobytes + "k,mode=700 tmpfs '" + directory + "'");
        return new SmallDisk(directory);
    }

    public Path directory() {
        return directory;
    }

    /** Fills it until the kernel says ENOSPC. */
    public void fill() {
        byte[] block = new byte[4096];
        // A page that is freed by somebody else meanwhile is taken too, or the disk would not be full.
        for (int file = 0; file < 8; file++) {
            try (OutputStream out = Files.newOutputStream(directory.resolve("filler" + file))) {
                while (true) {
                    out.write(block);
                }
            } catch (IOException e) {
                continue; // No space left: this is the purpose.
            }
        }
    }

    /** Frees what {@link #fill} took. */
    public void free() {
        try {
            for (int file = 0; file < 8; file++) {
                Files.deleteIfExists(directory.resolve("filler" + file));
            }
        } catch (IOException e) {
            throw new StorageException(directory, "cannot be freed: " + e.getMessage(), e);
        }
    }

    /** Unmounts it, also under programs that still use it. Idempotent. */
    @Override
    public void close() {
        if (isMounted) {
            isMounted = false;
            Shell.script("umount -l '" + directory + "'");
        }
    }
}
