package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.PlatformException;

/** Runs short commands and turns their failures into exceptions that carry the command's own words. */
final class Shell {
    /** Ordinary users often lack the directories where {@code ip} lives. */
    static final String PATH_EXTENSION = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

    private static final int SECONDS_MAX = 30;

    private Shell() {}

    /** What a command left: its exit status and everything it printed. */
    record Outcome(int status, String output) {}

    /** Runs a script with {@code sh -e}. */
    static String script(String text) {
        Outcome outcome = attempt(List.of("sh", "-e", "-c", text));
        if (outcome.status() != 0) {
            throw new PlatformException(
                    "sh",
                    0,
                    "the laboratory could not be changed; this script ended with status " + outcome.status() + ":\n"
                            + text + "\nIt said: " + outcome.output());
        }
        return outcome.output();
    }

    /** Runs a command to its end; a failure is a value. */
    static Outcome attempt(List<String> command) {
        ProcessBuilder builder = command(command).redirectErrorStream(true);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return new Outcome(-1, "did not end within " + SECONDS_MAX + " s; " + output);
            }
            return new Outcome(process.exitValue(), output);
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome(-1, "interrupted");
        }
    }

    /** A builder whose search path reaches the system's directories as well. */
    static ProcessBuilder command(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command));
        builder.environment().merge("PATH", PATH_EXTENSION.substring(1), (own, more) -> own + ":" + more);
        return builder;
    }

    /** Starts a long-lived command. */
    static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new PlatformException(
                    "fork/exec", 0, "could not start " + builder.command() + ": " + e.getMessage(), e);
        }
    }
}
