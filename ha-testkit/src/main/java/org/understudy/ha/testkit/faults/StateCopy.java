package org.understudy.ha.testkit.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.understudy.ha.api.StorageException;

/**
 * A state directory of a dead node, and a copy of what it held at the end of an earlier life. The lock file stays the file it is, as it
 * would with a tool that restores what a directory holds. Not thread-safe.
 */
final class StateCopy {
    private static final String LOCK = "node.lock";

    private final Path directory;
    private final Path copy;

    StateCopy(Path directory, Path copy) {
        this.directory = directory;
        this.copy = copy;
    }

    /** Keeps a copy of the directory as it is, unless there is one. */
    void keep() {
        if (Files.exists(directory) && !Files.exists(copy)) {
            attempt(() -> {
                Files.createDirectory(copy);
                for (Path file : files(directory)) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            });
        }
    }

    /** Puts the copy in the directory's place, if there is one; the next life's end gives a new copy. */
    void restore() {
        if (Files.exists(copy)) {
            attempt(() -> {
                for (Path file : files(directory)) {
                    Files.delete(file);
                }
                for (Path file : files(copy)) {
                    Files.copy(file, directory.resolve(file.getFileName()));
                    Files.delete(file);
                }
                Files.delete(copy);
            });
        }
    }

    /** A new disk is empty, its lock file too, and nobody keeps a copy of the one that is lost. */
    void lose() {
        if (Files.exists(copy)) {
            attempt(() -> {
                for (Path file : files(copy)) {
                    Files.delete(file);
                }
                Files.delete(copy);
            });
        }
        if (Files.exists(directory)) {
            attempt(() -> {
                for (Path file : files(directory)) {
                    Files.delete(file);
                }
                Files.deleteIfExists(directory.resolve(LOCK));
            });
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals(LOCK))
                    .toList();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void attempt(Work work) {
        try {
            work.run();
        } catch (IOException e) {
            throw new StorageException(directory, "cannot be copied, restored or emptied: " + e, e);
        }
    }
}
