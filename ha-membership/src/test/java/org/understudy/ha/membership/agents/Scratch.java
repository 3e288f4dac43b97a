package org.understudy.ha.membership.agents;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;

/** Programs of a test, in its directory, and the processes they tell of. */
record Scratch(Path directory) implements AutoCloseable {

    Path program(String name, String text) throws IOException {
        Path program = directory.resolve(name);
        Files.writeString(program, text);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    List<String> lines(String file) {
        try {
            Path path = directory.resolve(file);
            return Files.exists(path) ? Files.readAllLines(path) : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    void remove(String file) throws IOException {
        Files.deleteIfExists(directory.resolve(file));
    }

    void write(String file, String text) throws IOException {
        Files.writeString(directory.resolve(file), text);
    }

    /** A line of a shell script that starts something long, with its number in the file pids. */
    String child(String how) {
        return how + " sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' >/dev/null 2>&1 &";
    }

    String untilChildren(int count) {
        return "until [ -f " + directory + "/pids ] && [ $(wc -l <" + directory + "/pids) -ge " + count
                + " ]; do sleep 0.01; done";
    }

    long alive() {
        return lines("pids").stream()
                .filter(pid -> ProcessHandle.of(Long.parseLong(pid))
                        .map(ProcessHandle::isAlive)
                        .orElse(false))
                .count();
    }

    /** Looks until a look has said so. */
    static Health monitorUntil(ManagedResource resource, Health.State state) throws InterruptedException {
        Health[] last = new Health[1];
        until("it is " + state, () -> {
            last[0] = resource.monitor();
            return last[0].state() == state;
        });
        return last[0];
    }

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 20_000_000_000L) {
                throw new AssertionError("not within 20 s: " + what);
            }
            new CountDownLatch(1).await(10, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() {
        lines("pids").forEach(pid -> ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly));
        removeScores();
    }

    /** What agents of this process keep their promotion scores in that were never retired. */
    private static void removeScores() {
        String own = "understudy-agent-" + ProcessHandle.current().pid() + "-*";
        try (DirectoryStream<Path> left =
                Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), own)) {
            for (Path each : left) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(each)) {
                    for (Path file : files) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
