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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One run of a program and everything it starts, to its end.
 *
 * <p>When it has ended, its budget is over, or whoever waits is interrupted, everything that belongs to it is killed: its descendants,
 * and on Linux also whatever has its mark in the environment or is in its session. What has none of the three (another user's, say) is not
 * seen. Nobody needs to wait all the time: what it writes stays in a pipe meanwhile, and its budget is looked at when somebody looks.
 *
 * <p>One thread at a time.
 */
public final class ProgramRun {
    private static final String MARK = "UNDERSTUDY_CALL";
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final int CHUNK_BYTES = 64 * 1024;
    /** Read at one turn, so that a program that never stops writing does not keep us from looking at the clock. */
    private static final int CHUNKS_MAX = 64;

    private static final int NAMED_MAX = 5;
    private static final int STATE = 0;
    private static final int SESSION = 3;
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** What forks faster than it can be killed, or cannot be killed at all, is told as left behind. */
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final ProgramCall call;
    private final Duration budget;
    private final long start = System.nanoTime();
    private final String mark = UUID.randomUUID().toString();
    private final HeadAndTail output = new HeadAndTail();
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
    private final boolean isSession;
    private boolean isAnswerWhole = true;
    private @Nullable Process process;
    private @Nullable ProgramEnd end;

    private ProgramRun(ProgramCall call, Duration budget) {
        this.call = call;
        this.budget = budget;
        this.isSession = call.isApart() && Files.isExecutable(SETSID);
    }

    /** Starts it; that it could not be started is its end. */
    public static ProgramRun start(ProgramCall call, Duration budget) {
        ProgramRun run = new ProgramRun(call, budget);
        run.begin();
        return run;
    }

    /**
     * Starts it and waits for its end.
     *
     * @throws InterruptedException if interrupted meanwhile; it is killed then
     */
    public static ProgramEnd of(ProgramCall call, Duration budget) throws InterruptedException {
        ProgramRun run = start(call, budget);
        Optional<ProgramEnd> end = Optional.empty();
        while (end.isEmpty()) {
            end = run.await(budget);
        }
        return end.get();
    }

    private void begin() {
        List<String> command = new ArrayList<>(call.command());
        if (isSession) {
            command.add(0, SETSID.toString());
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        if (call.isApart()) {
            builder.environment().clear();
            builder.directory(new File("/"));
        }
        builder.environment().putAll(call.environment());
        builder.environment().put(MARK, mark);
        builder.redirectErrorStream(call.answerBytesMax() == 0);
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        try {
            process = builder.start();
        } catch (IOException e) {
            end = new ProgramEnd(
                    ProgramEnd.NOT_STARTED,
                    List.of(),
                    "",
                    "",
                    true,
                    call.what() + " was not started (" + e.getMessage()
                            + "): look whether the interpreter in its first line is there");
        }
    }

    /**
     * Waits for its end, reads what it writes, and ends it if its budget is over. What stays open behind it is not waited for.
     *
     * @param wait how long at most
     * @return how it ended; empty if it still runs
     * @throws InterruptedException if interrupted meanwhile; it is killed then
     */
    public Optional<ProgramEnd> await(Duration wait) throws InterruptedException {
        Process running = process;
        if (end != null || running == null) {
            return Optional.ofNullable(end);
        }
        long until = System.nanoTime() + wait.toNanos();
        boolean isEnded;
        try {
            do {
                read(running);
                isEnded = running.waitFor(turnNanos(until), TimeUnit.NANOSECONDS);
            } while (!isEnded && !isOverBudget() && System.nanoTime() - until < 0);
        } catch (InterruptedException e) {
            cancel();
            throw e;
        }
        if (isEnded) {
            end = ended(running);
        } else if (isOverBudget()) {
            end = killed(running);
        }
        return Optional.ofNullable(end);
    }

    private long turnNanos(long until) {
        long left = Math.min(until - System.nanoTime(), budget.toNanos() - (System.nanoTime() - start));
        return Math.max(0, Math.min(TURN_NANOS, left));
    }

    private boolean isOverBudget() {
        return System.nanoTime() - start >= budget.toNanos();
    }

    /** Kills it and all that belongs to it; whatever it would have answered is of no interest any more. */
    public void cancel() {
        if (end == null && process != null) {
            end = killed(process);
        }
    }

    private ProgramEnd ended(Process ended) {
        int status = ended.exitValue();
        List<String> left = List.of();
        if (!call.mayLeave()) {
            left = sweep(ended);
        } else if (status != 0) {
            left = names(belonging(ended)).values().stream().toList();
        }
        read(ended);
        String told = call.what() + " ended with " + status;
        if (!left.isEmpty()) {
            told += " and left " + listed(left) + " running" + (call.mayLeave() ? "" : ", killed");
        }
        return end(status, left, told);
    }

    private ProgramEnd killed(Process running) {
        List<String> left = sweep(running);
        read(running);
        String told = call.what() + " was killed after "
                + TimeUnit.NANOSECONDS.toMillis(Math.min(System.nanoTime() - start, budget.toNanos())) + " ms"
                + (left.isEmpty() ? "" : " with " + listed(left))
                + (running.isAlive() ? " and does not end" : "");
        return end(ProgramEnd.TIMED_OUT, left, told);
    }

    private ProgramEnd end(int status, List<String> left, String told) {
        String text = output.text();
        return new ProgramEnd(
                status,
                left,
                text,
                answer.toString(StandardCharsets.UTF_8),
                isAnswerWhole,
                told + (text.isEmpty() ? "" : ", it said: " + text));
    }

    private static String listed(List<String> left) {
        String named = String.join(", ", left.subList(0, Math.min(NAMED_MAX, left.size())));
        return (left.size() == 1 ? "1 process, " : left.size() + " processes, ")
                + named
                + (left.size() > NAMED_MAX ? " and so on" : "");
    }

    // ---- what it writes ------------------------------------------------------------------------------------------

    private void read(Process from) {
        read(from.getInputStream(), true);
        if (call.answerBytesMax() > 0) {
            read(from.getErrorStream(), false);
        }
    }

    private void read(InputStream in, boolean isAnswer) {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (int i = 0; i < CHUNKS_MAX; i++) {
            try {
                int length = in.available() > 0 ? in.read(chunk) : 0;
                if (length <= 0) {
                    return;
                }
                output.write(chunk, length);
                if (isAnswer) {
                    int room = Math.min(length, call.answerBytesMax() - answer.size());
                    answer.write(chunk, 0, room);
                    isAnswerWhole &= room == length;
                }
            } catch (IOException e) {
                // At the end of the process its pipe is closed under us, and what was left in it is handed over: look
                // again.
                continue;
            }
        }
    }

    // ---- what belongs to it --------------------------------------------------------------------------------------

    /** Kills the program if it runs, and whatever else belongs to the call. */
    private List<String> sweep(Process program) {
        long since = System.nanoTime();
        Map<Long, String> left = new LinkedHashMap<>();
        boolean isAnyLeft = true;
        while (isAnyLeft && System.nanoTime() - since < SWEEP_NANOS) {
            Set<ProcessHandle> found = belonging(program);
            isAnyLeft = !found.isEmpty();
            left.putAll(names(found));
            // First what could start more. By its handle: Process itself would close what is still to be read.
            program.toHandle().destroyForcibly();
            found.forEach(ProcessHandle::destroyForcibly);
            for (ProcessHandle one : found) {
                awaitEnd(one, since);
            }
            awaitEnd(program.toHandle(), since);
        }
        return List.copyOf(left.values());
    }

    /** Killed is not gone: only afterwards does it certainly do nothing more. A zombie does nothing more, whoever may have to bury it. */
    private static void awaitEnd(ProcessHandle one, long since) {
        Path directory = Path.of("/proc", Long.toString(one.pid()));
        boolean isInterrupted = false;
        boolean isDone = false;
        while (!isDone && System.nanoTime() - since < SWEEP_NANOS) {
            try {
                one.onExit().get(TURN_NANOS, TimeUnit.NANOSECONDS);
                isDone = true;
            } catch (InterruptedException e) {
                isInterrupted = true;
            } catch (ExecutionException | TimeoutException e) {
                isDone = !one.isAlive() || "Z".equals(stat(directory, STATE));
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What runs now, without the program itself. */
    private Set<ProcessHandle> belonging(Process program) {
        Set<ProcessHandle> all = new LinkedHashSet<>();
        program.descendants().filter(ProcessHandle::isAlive).forEach(all::add);
        String session = isSession ? Long.toString(program.pid()) : "none";
        String wanted = MARK + "=" + mark;
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path one : processes) {
                boolean isInSession = session.equals(stat(one, SESSION)) && !"Z".equals(stat(one, STATE));
                if (isInSession || text(one, "environ").contains(wanted)) {
                    handle(one)
                            .filter(h -> h.pid() != program.pid() && h.isAlive())
                            .ifPresent(all::add);
                }
            }
        } catch (IOException e) {
            // No /proc: descendants must do.
            return all;
        }
        return all;
    }

    /** proc(5): the fields after the name in parentheses are state, parent, process group and session. */
    private static String stat(Path directory, int field) {
        String stat = text(directory, "stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        return fields.length > field ? fields[field] : "";
    }

    private static Map<Long, String> names(Set<ProcessHandle> found) {
        Map<Long, String> names = new LinkedHashMap<>();
        for (ProcessHandle one : found) {
            String name =
                    text(Path.of("/proc", Long.toString(one.pid())), "comm").strip();
            names.put(one.pid(), one.pid() + (name.isEmpty() ? "" : " (" + name + ")"));
        }
        return names;
    }

    private static String text(Path directory, String file) {
        try {
            return new String(Files.readAllBytes(directory.resolve(file)), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // Ended meanwhile, or another user's.
            return "";
        }
    }

    private static Optional<ProcessHandle> handle(Path directory) {
        return ProcessHandle.of(Long.parseLong(directory.getFileName().toString()));
    }
}
