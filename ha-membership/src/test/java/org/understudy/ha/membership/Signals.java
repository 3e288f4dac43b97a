package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Signals to processes that a test has started, kill(1). */
public final class Signals {

    private Signals() {}

    /** Whoever is to stop has stopped when this returns. */
    public static void send(String name, long pid) throws IOException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .inheritIO()
                .start();
        try {
            assertThat(kill.waitFor()).isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (name.equals("STOP")) {
            awaitStopped(pid);
        }
    }

    /** Each thread stops when it comes to see the signal, and may do something more before. */
    public static void awaitStopped(long pid) {
        while (!isStopped(pid)) {
            Thread.onSpinWait();
        }
    }

    private static boolean isStopped(long pid) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks.toList()) {
                String stat = Files.readString(task.resolve("stat"));
                // T stopped, Z ended: behind the name, which may hold anything.
                char state = stat.charAt(stat.lastIndexOf(')') + 2);
                if (state != 'T' && state != 'Z') {
                    return false;
                }
            }
            return true;
        } catch (IOException | UncheckedIOException e) {
            // A thread, or the process, has ended meanwhile.
            return !Files.exists(Path.of("/proc/" + pid));
        }
    }
}
