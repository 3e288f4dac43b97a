package org.understudy.ha.membership.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaException;
import org.understudy.ha.membership.store.StateFiles;

/**
 * A writer in a process of its own. It takes commands from its input and answers each with one line.
 *
 * <p>{@code append TOKEN MARK} answers {@code done} or the class of the refusal. {@code stall TOKEN MARK} answers {@code inside}
 * when it has compared the token and is about to write, then waits for a line, writes, and answers as append does.
 * {@code race FROM STEP COUNT} appends under COUNT tokens and answers with what was acknowledged.
 */
final class GuardedFileProcess {

    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    private final Path path;

    private GuardedFileProcess(Path path) {
        this.path = path;
    }

    /** For {@link GuardedFileProcessesTest}. */
    public static void main(String[] args) throws IOException {
        new GuardedFileProcess(Path.of(args[0])).run();
    }

    static Process start(Path path) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                GuardedFileProcess.class.getName(),
                path.toString());
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private void run() throws IOException {
        GuardedFile file = GuardedFile.at(path);
        say("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "append" -> say(append(file, Long.parseLong(words[1]), words[2]));
                case "stall" ->
                    say(append(
                            GuardedFile.at(path, Duration.ofSeconds(10), new Stalling()),
                            Long.parseLong(words[1]),
                            words[2]));
                case "race" ->
                    say(race(file, Long.parseLong(words[1]), Long.parseLong(words[2]), Integer.parseInt(words[3])));
                default -> say("unknown command");
            }
        }
    }

    private static String append(GuardedFile file, long token, String mark) {
        try {
            file.append(new FencingToken(token), (mark + "\n").getBytes(UTF_8));
            return "done";
        } catch (HaException e) {
            return e.getClass().getSimpleName();
        }
    }

    private static String race(GuardedFile file, long from, long step, int count) {
        StringBuilder acknowledged = new StringBuilder("acknowledged");
        for (int i = 0; i < count; i++) {
            String mark = from + i * step + "-of-" + from;
            if (append(file, from + i * step, mark).equals("done")) {
                acknowledged.append(' ').append(mark);
            }
        }
        return acknowledged.toString();
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** Stalls, as a paused process does, after the comparison and before the first byte. */
    private final class Stalling implements StateFiles {
        private final StateFiles real = StateFiles.ofTheSystem();

        @Override
        public NewFile create(Path target) throws IOException {
            say("inside");
            in.readLine();
            return real.create(target);
        }

        @Override
        public FileInPlace open(Path path) throws IOException {
            return real.open(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            real.rename(from, to);
        }

        @Override
        public void forceDirectory(Path target) throws IOException {
            real.forceDirectory(target);
        }
    }
}
