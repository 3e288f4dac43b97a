package org.understudy.ha.membership.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.understudy.ha.api.StorageException;

/** Opens a state directory in a process of its own: locks of the operating system are between processes. */
public final class Elsewhere {

    private Elsewhere() {}

    /** What another process is told that opens this directory. */
    public static String opens(Path directory, Path memory) throws IOException {
        Process other = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Elsewhere.class.getName(),
                        directory.toString(),
                        memory.toString())
                .redirectErrorStream(true)
                .start();
        return new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    public static void main(String[] args) {
        try (FileNodeStateStore store =
                new FileNodeStateStore(Path.of(args[0]), StateFiles.ofTheSystem(), Optional.of(Path.of(args[1])))) {
            System.out.println(store.open());
        } catch (StorageException e) {
            System.out.println(e.getMessage());
        }
    }
}
