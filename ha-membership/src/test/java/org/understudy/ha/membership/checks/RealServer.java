package org.understudy.ha.membership.checks;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.membership.Signals;

/**
 * A server of a package, as a child of this process, in a directory of its own and on ports of the loopback address. Where the package is
 * not installed, the test that wants it is skipped and says so in red.
 */
final class RealServer implements AutoCloseable {
    private static final String RED = "\u001b[1;31m";
    private static final String PLAIN = "\u001b[0m";

    private final Process process;
    private final Path log;

    private RealServer(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** The program, or the end of the test. */
    static String need(String packageName, String file) {
        if (!Files.isReadable(Path.of(file))) {
            skip("there is no " + file + "; apt-get install " + packageName);
        }
        return file;
    }

    /** These servers change to other users, and put what they have to hide behind their ownership. */
    static void needRoot() {
        if (!System.getProperty("user.name").equals("root")) {
            skip("these servers want to be started by root");
        }
    }

    static void skip(String why) {
        System.err.println(RED + "NOT SHOWN: checks of a real server: " + why + PLAIN);
        abort(why);
    }

    /** Other users must get there. */
    static Path directory(Path scratch) throws IOException {
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
        return scratch;
    }

    static RealServer start(Path directory, String... command) throws IOException {
        Path log = directory.resolve("server.log");
        return new RealServer(
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start(),
                log);
    }

    /** Runs something to its end. */
    static void run(Path directory, String... command) throws IOException, InterruptedException {
        Path log = directory.resolve("run.log");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + ": " + Files.readString(log));
        }
    }

    /** Stops it where it is, with all its children: its kernel still accepts connections. */
    void pause() throws IOException, InterruptedException {
        for (ProcessHandle one : signal("-STOP")) {
            Signals.awaitStopped(one.pid());
        }
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private List<ProcessHandle> signal(String signal) throws IOException, InterruptedException {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(0, process.toHandle());
        for (ProcessHandle one : all) {
            Process kill = new ProcessBuilder("kill", signal, Long.toString(one.pid()))
                    .redirectErrorStream(true)
                    .start();
            // A child may have ended meanwhile.
            if (kill.waitFor() != 0 && one.isAlive()) {
                throw new IOException(new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return all;
    }

    String log() {
        try {
            return Files.readString(log, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "no log: " + e;
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            children.forEach(ProcessHandle::destroy);
            Threads.await(() -> children.stream().noneMatch(ProcessHandle::isAlive), "children of the server are left");
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
