package org.understudy.ha.membership.checks;

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
import java.util.Arrays;
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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * Whether a program of yours ends with 0.
 *
 * <pre>
 * CommandCheck.of(Path.of("/usr/lib/nagios/plugins/check_load"), "-w", "5,4,3").unknownStatus(3).build()
 * </pre>
 *
 * <p>Run without a shell, with nothing on its standard input, in the directory of this process and with its environment and what is added to it. What it
 * writes, on either output, is kept up to a bound; the rest is read and dropped. <b>When time runs out, the caller is interrupted, or the program
 * ends</b>, everything that it started and that still runs is killed: its descendants, and on Linux also whatever has UNDERSTUDY_CHECK of that run in its
 * environment. What runs as another user (sudo) may not be seen or killed.
 *
 * @since 0.1.0
 */
public final class CommandCheck implements HealthCheck {
    private static final String MARK = "UNDERSTUDY_CHECK";
    private static final int ARGUMENTS_MAX = 100;
    private static final int OUTPUT_BYTES_MAX = 4096;
    private static final int CHUNK_BYTES = 64 * 1024;
    /** Read at one turn, so that a program that never stops writing does not keep us from looking at the clock. */
    private static final int CHUNKS_MAX = 64;

    private static final long TURN_MILLIS = 10;
    private static final long LAST_MILLIS = 200;
    /** Against a program that forks faster than it can be killed. */
    private static final int SWEEPS_MAX = 5;

    private final List<String> command;
    private final Map<String, String> environment;
    private final @Nullable Pattern expected;
    private final List<Integer> unknown;

    private CommandCheck(
            List<String> command, Map<String, String> environment, @Nullable Pattern expected, List<Integer> unknown) {
        this.command = command;
        this.environment = environment;
        this.expected = expected;
        this.unknown = unknown;
    }

    /**
     * @param program absolute; it is looked for at each check
     * @throws ConfigurationException if the path is relative, or an argument cannot be passed on
     */
    public static Builder of(Path program, String... arguments) {
        return new Builder(program, List.of(arguments));
    }

    /** Builds a {@link CommandCheck}. Not thread-safe. */
    public static final class Builder {
        private final List<String> command = new ArrayList<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private @Nullable Pattern expected;
        private @Nullable List<Integer> unknown;

        private Builder(Path program, List<String> arguments) {
            if (!program.isAbsolute()) {
                throw new ConfigurationException(
                        "program", program, "give an absolute path: the directory may differ when it is run");
            }
            if (arguments.size() > ARGUMENTS_MAX || arguments.stream().anyMatch(a -> a.indexOf('\0') >= 0)) {
                throw new ConfigurationException(
                        "arguments", arguments.size() + " of them", "give at most " + ARGUMENTS_MAX + ", without NUL");
            }
            command.add(program.toString());
            command.addAll(arguments);
        }

        /** One more variable of its environment. */
        public Builder environment(String name, String value) {
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*") || value.indexOf('\0') >= 0) {
                throw new ConfigurationException(
                        "environment", name, "give a name of letters, digits and _, and a value without NUL");
            }
            environment.put(name, value);
            return this;
        }

        /** What its output must have in it as well, a regular expression; one byte is one character. Once. */
        public Builder expect(String regex) {
            Given.once("expect", expected, regex);
            expected = Given.pattern("expect", regex);
            return this;
        }

        /** Exit statuses by which it says that it does not know, such as 3 of Nagios plug-ins. Default: none; once. */
        public Builder unknownStatus(int... statuses) {
            Given.once("unknownStatus", unknown, statuses.length);
            for (int status : statuses) {
                if (status < 1 || status > 255) {
                    throw new ConfigurationException("unknownStatus", status, "give 1 to 255");
                }
            }
            unknown = Arrays.stream(statuses).boxed().toList();
            return this;
        }

        public CommandCheck build() {
            return new CommandCheck(
                    List.copyOf(command),
                    new LinkedHashMap<>(environment),
                    expected,
                    unknown == null ? List.of() : unknown);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        return run(deadline).about(command.get(0));
    }

    private CheckResult run(Deadline deadline) throws InterruptedException {
        if (!Files.isExecutable(Path.of(command.get(0)))) {
            return CheckResult.unknown("is no program that this user may run: put it there, and chmod a+x");
        }
        String mark = UUID.randomUUID().toString();
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.environment().put(MARK, mark);
        builder.redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return CheckResult.unknown("was not started: " + e.getMessage());
        }
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        boolean isEnded = false;
        try {
            isEnded = await(process, kept, deadline);
        } finally {
            sweep(process, mark);
        }
        return judge(process, isEnded, kept.toString(StandardCharsets.ISO_8859_1), deadline);
    }

    private CheckResult judge(Process process, boolean isEnded, String output, Deadline deadline) {
        if (!isEnded) {
            return CheckResult.late(
                    "did not end within " + deadline.budget() + " and was killed" + Expected.quoted(output));
        }
        int status = process.exitValue();
        if (unknown.contains(status)) {
            return CheckResult.unknown("does not know: it ended with " + status + Expected.quoted(output));
        }
        if (status != 0) {
            return CheckResult.no("ended with " + status + Expected.quoted(output));
        }
        return Expected.problem(expected, output, deadline)
                .orElseGet(() -> CheckResult.yes("ended with 0" + Expected.quoted(output)));
    }

    /** Waits for its end and reads what it writes; what others hold open behind it is not waited for. */
    private static boolean await(Process process, ByteArrayOutputStream kept, Deadline deadline)
            throws InterruptedException {
        boolean isEnded = false;
        while (!isEnded && !deadline.isOver()) {
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

    /** Kills the program if it runs, and whatever else belongs to the run. */
    private static void sweep(Process process, String mark) {
        boolean isAnyLeft = true;
        for (int i = 0; i < SWEEPS_MAX && isAnyLeft; i++) {
            Set<ProcessHandle> found = belonging(process, mark);
            isAnyLeft = process.isAlive() || !found.isEmpty();
            // First what could start more.
            process.destroyForcibly();
            found.forEach(ProcessHandle::destroyForcibly);
            found.add(process.toHandle());
            awaitEnd(found);
        }
        try {
            process.getInputStream().close();
        } catch (IOException e) {
            // The pipe is gone either way.
            return;
        }
    }

    private static void awaitEnd(Set<ProcessHandle> ending) {
        boolean isInterrupted = false;
        long start = System.nanoTime();
        for (ProcessHandle one : ending) {
            boolean isWaiting = true;
            while (isWaiting) {
                long left = TimeUnit.MILLISECONDS.toNanos(LAST_MILLIS) - (System.nanoTime() - start);
                try {
                    one.onExit().get(Math.max(1, left), TimeUnit.NANOSECONDS);
                    isWaiting = false;
                } catch (InterruptedException e) {
                    isInterrupted = true;
                } catch (ExecutionException | TimeoutException e) {
                    // The next sweep finds it again.
                    isWaiting = false;
                }
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
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

    @Override
    public String toString() {
        return "command " + command.get(0);
    }
}
