package org.understudy.ha.internal.process;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One run of a program and everything it starts, to its end.
 *
 * @param status what it ended with; 128 and the number of the signal if it was killed; {@link #NOT_STARTED} or {@link #TIMED_OUT}
 * @param left how many processes it left running when it ended, which were then killed
 * @param output the beginning of what it wrote
 * @param told what happened, one sentence
 */
public record ProgramRun(int status, int left, String output, String told) {
    public static final int NOT_STARTED = -1;
    public static final int TIMED_OUT = -2;

    public static final int OUTPUT_BYTES_MAX = 2000;

    private static final String MARK = "UNDERSTUDY_CALL";
    private static final int CHUNK_BYTES = 64 * 1024;
    /** Read at one turn, so that a program that never stops writing does not keep us from looking at the clock. */
    private static final int CHUNKS_MAX = 64;

    private static final long TURN_MILLIS = 10;
    private static final long LAST_MILLIS = 500;
    /** A process that forks faster than it can be killed is told as left behind. */
    private static final int SWEEPS_MAX = 20;

    /** Whether its status can be taken for an answer. */
    public boolean isCertain() {
        return status >= 0 && left == 0;
    }

    /** What it wrote, as the end of a sentence. */
    public String said() {
        return output.isEmpty() ? "" : ", it said: " + output;
    }

    /**
     * Runs it, with nothing on its standard input, in the directory of this process.
     *
     * @param command the program and its arguments; no shell reads them
     * @param environment in addition to that of this process
     * @param what it is called in sentences
     * @throws InterruptedException if interrupted meanwhile; it is killed then
     */
    public static ProgramRun of(List<String> command, Map<String, String> environment, Duration budget, String what)
            throws InterruptedException {
        String mark = UUID.randomUUID().toString();
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.environment().put(MARK, mark);
        builder.redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return new ProgramRun(
                    NOT_STARTED,
                    0,
                    "",
                    what + " was not started (" + e.getMessage()
                            + "): look whether the interpreter in its first line is there");
        }
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        boolean isEnded = false;
        int left;
        try {
            isEnded = await(process, kept, budget);
        } finally {
            left = sweep(process, mark);
        }
        String output = text(kept);
        if (!isEnded) {
            return new ProgramRun(
                    TIMED_OUT,
                    left,
                    output,
                    what + " was killed after " + budget.toMillis() + " ms"
                            + (output.isEmpty() ? "" : ", it said: " + output));
        }
        int status = process.exitValue();
        String told = what + " ended with " + status
                + (left == 0 ? "" : " and left " + left + (left == 1 ? " process" : " processes") + " running, killed")
                + (output.isEmpty() ? "" : ", it said: " + output);
        return new ProgramRun(status, left, output, told);
    }

    /** Waits for its end and reads what it writes; what stays open behind it is not waited for. */
    private static boolean await(Process process, ByteArrayOutputStream kept, Duration budget)
            throws InterruptedException {
        long start = System.nanoTime();
        boolean isEnded = false;
        while (!isEnded && System.nanoTime() - start < budget.toNanos()) {
            read(process, kept);
            isEnded = process.waitFor(TURN_MILLIS, TimeUnit.MILLISECONDS);
        }
        read(process, kept);
        return isEnded;
    }

    private static void read(Process process, ByteArrayOutputStream kept) {
        byte[] chunk = new byte[CHUNK_BYTES];
        try {
            InputStream in = process.getInputStream();
            for (int i = 0; i < CHUNKS_MAX && in.available() > 0; i++) {
                int length = in.read(chunk);
                kept.write(chunk, 0, Math.max(0, Math.min(length, OUTPUT_BYTES_MAX - kept.size())));
            }
        } catch (IOException e) {
            // Closed by its end: what was read is all there is.
            return;
        }
    }

    /** Kills the program if it runs, and whatever else belongs to the call. */
    private static int sweep(Process process, String mark) {
        Set<Long> left = new LinkedHashSet<>();
        boolean isAnyLeft = true;
        for (int i = 0; i < SWEEPS_MAX && isAnyLeft; i++) {
            Set<ProcessHandle> found = belonging(process, mark);
            isAnyLeft = !found.isEmpty();
            // First what could start more.
            process.destroyForcibly();
            for (ProcessHandle one : found) {
                left.add(one.pid());
                one.destroyForcibly();
            }
            for (ProcessHandle one : found) {
                awaitEnd(one);
            }
        }
        return left.size();
    }

    /** Killed is not gone: only afterwards does it certainly do nothing more. */
    private static void awaitEnd(ProcessHandle one) {
        try {
            one.onExit().get(LAST_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // The next sweep finds it again, and it is told as left behind.
            return;
        }
    }

    /** What runs now: descendants, and what carries the mark though its parents are gone. Without the program itself. */
    private static Set<ProcessHandle> belonging(Process process, String mark) {
        Set<ProcessHandle> all = new LinkedHashSet<>();
        process.descendants().filter(ProcessHandle::isAlive).forEach(all::add);
        String wanted = MARK + "=" + mark;
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path one : processes) {
                if (environment(one).contains(wanted)) {
                    handle(one)
                            .filter(h -> h.pid() != process.pid() && h.isAlive())
                            .ifPresent(all::add);
                }
            }
        } catch (IOException e) {
            // No /proc: descendants must do.
            return all;
        }
        return all;
    }

    private static String environment(Path directory) {
        try {
            return new String(Files.readAllBytes(directory.resolve("environ")), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // Ended meanwhile, or another user's.
            return "";
        }
    }

    private static Optional<ProcessHandle> handle(Path directory) {
        return ProcessHandle.of(Long.parseLong(directory.getFileName().toString()));
    }

    /** One line that can be printed. */
    private static String text(ByteArrayOutputStream kept) {
        return kept.toString(StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}+", " ")
                .strip();
    }
}
