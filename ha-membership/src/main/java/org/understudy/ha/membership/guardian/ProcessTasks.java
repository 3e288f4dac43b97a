package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One process as {@code /proc} shows it, proc(5): its threads and their states. The start time tells it from a later process
 * of the same number.
 */
final class ProcessTasks {
    /** Fields of {@code stat} counted from behind the command name, which may hold blanks and parentheses. */
    private static final int STATE_FIELD = 0;

    private static final int FLAGS_FIELD = 6;
    private static final int THREADS_FIELD = 17;
    private static final int START_TIME_FIELD = 19;
    /**
     * {@code PF_EXITING}, {@code linux/sched.h}, in every kernel since 2.6: the thread runs {@code do_exit} of {@code kernel/exit.c}
     * and never comes back.
     */
    private static final long EXITING = 4;

    private final Path process;
    private final String startTime;

    private ProcessTasks(Path process, String startTime) {
        this.process = process;
        this.startTime = startTime;
    }

    /**
     * @param proc {@code /proc}
     * @return absent if there is no such process, or it cannot be seen
     */
    static Optional<ProcessTasks> of(Path proc, long pid) throws IOException {
        Path process = proc.resolve(Long.toString(pid));
        Optional<String[]> stat = stat(process.resolve("stat"));
        if (stat.isEmpty() || !Files.isDirectory(process.resolve("task"))) {
            return Optional.empty();
        }
        return Optional.of(new ProcessTasks(process, stat.get()[START_TIME_FIELD]));
    }

    /**
     * Whether any thread of it can still run. A stopped one can; a zombie cannot. What cannot be read is not known to be dead: a
     * process that is just ending shows errors of many kinds, and the next look finds it gone.
     */
    boolean isAnyLive() {
        try {
            Optional<String[]> stat = stat(process.resolve("stat"));
            if (stat.isEmpty() || !stat.get()[START_TIME_FIELD].equals(startTime)) {
                return false;
            }
            try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
                for (Path task : tasks) {
                    Optional<String[]> thread = stat(task.resolve("stat"));
                    if (thread.isPresent()) {
                        String state = thread.get()[STATE_FIELD];
                        if (!state.equals("Z") && !state.equals("X")) {
                            return true;
                        }
                    }
                }
            }
            return false;
        } catch (IOException | DirectoryIteratorException e) {
            return true;
        }
    }

    /** Whether the bit by which {@link #areAllPastTheirEnd} goes is clear in a process that lives: then it means here what it should. */
    boolean showsLife() {
        try {
            return stat(process.resolve("stat"))
                    .filter(stat -> stat[START_TIME_FIELD].equals(startTime))
                    .filter(stat -> !isPastItsEnd(stat))
                    .isPresent();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Whether no thread of it will run an instruction of its own any more, nor finishes a system call: each is on its way out in the kernel.
     * What the kernel still has to do for it, giving back its memory and closing its files, may take seconds. Looked at twice, because
     * a thread that was still running while the list was read could have started another one; and a list that is shorter than the process says it
     * has threads does not count, because the kernel breaks it off where a thread vanishes. False also if the process is gone or cannot be seen:
     * whoever watches it knows.
     */
    boolean areAllPastTheirEnd() {
        return isEachPastItsEnd() && isEachPastItsEnd();
    }

    private boolean isEachPastItsEnd() {
        try {
            Optional<String[]> before = stat(process.resolve("stat"));
            int seen = 0;
            try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
                for (Path task : tasks) {
                    Optional<String[]> thread = stat(task.resolve("stat"));
                    if (thread.isEmpty() || !isPastItsEnd(thread.get())) {
                        return false;
                    }
                    seen++;
                }
            }
            Optional<String[]> after = stat(process.resolve("stat"));
            return isOfThreads(before, seen) && isOfThreads(after, seen);
        } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
            return false;
        }
    }

    private boolean isOfThreads(Optional<String[]> stat, int count) {
        return stat.filter(s -> s[START_TIME_FIELD].equals(startTime))
                .filter(s -> Integer.parseInt(s[THREADS_FIELD]) == count)
                .isPresent();
    }

    private static boolean isPastItsEnd(String[] stat) {
        return stat[STATE_FIELD].equals("Z")
                || stat[STATE_FIELD].equals("X")
                || (Long.parseLong(stat[FLAGS_FIELD]) & EXITING) != 0;
    }

    private static Optional<String[]> stat(Path file) throws IOException {
        String line;
        try {
            line = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // Reading the stat of a task that ends between open and read fails with ESRCH.
            if (Files.exists(file)) {
                throw e;
            }
            return Optional.empty();
        }
        int name = line.lastIndexOf(')');
        if (name < 0) {
            throw new IOException(file + " has an unknown form: " + line);
        }
        return Optional.of(line.substring(name + 2).split(" "));
    }
}
