package org.understudy.ha.membership.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.PlatformException;

/**
 * The JDK's own {@code keytool}, as a process. It is the only certificate maker every Java 17 installation brings along
 * that is a documented interface; the classes behind it are not exported.
 *
 * <p>Passwords go in by file, never on the command line, where {@code ps} shows them.
 */
final class Keytool {
    private static final long BUDGET_SECONDS = 30;
    private static final int OUTPUT_MAX = 4096;
    /** A process that lives for a third of a second must not warm up a server JVM. */
    private static final List<String> FAST_START =
            List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Xshare:auto", "-J-Duser.language=en");

    private final Path program;

    private Keytool(Path program) {
        this.program = program;
    }

    /**
     * @throws ConfigurationException if this Java installation has no keytool
     */
    static Keytool find() {
        return below(Path.of(System.getProperty("java.home")));
    }

    static Keytool below(Path javaHome) {
        Path program = javaHome.resolve("bin").resolve("keytool");
        if (!Files.isExecutable(program)) {
            throw new ConfigurationException(
                    "java.home",
                    javaHome,
                    "has no bin/keytool, which makes the certificates: run this with a complete JDK or JRE 17 or newer,"
                            + " or make the certificates on another machine and copy them here");
        }
        return new Keytool(program);
    }

    /**
     * Starts keytool.
     *
     * @param log a file of ours for what it prints
     */
    Running start(Path log, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(program.toString());
        command.addAll(FAST_START);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(true);
        builder.redirectOutput(log.toFile());
        // Options meant for the host's JVM (agents, heap sizes) must not reach this one.
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().remove("JDK_JAVA_OPTIONS");
        builder.environment().remove("_JAVA_OPTIONS");
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return new Running(process, log, arguments.get(0));
        } catch (IOException e) {
            throw new PlatformException("execve", 0, "cannot run " + program + ": " + e.getMessage(), e);
        }
    }

    /** One keytool at work. */
    static final class Running {
        private final Process process;
        private final Path log;
        private final String verb;

        private Running(Process process, Path log, String verb) {
            this.process = process;
            this.log = log;
            this.verb = verb;
        }

        /**
         * @throws PlatformException if it failed or took too long, with what it printed
         */
        void await() {
            try {
                if (!process.waitFor(BUDGET_SECONDS, TimeUnit.SECONDS)) {
                    throw new PlatformException(
                            "keytool", 0, "keytool " + verb + " did not end within " + BUDGET_SECONDS + " s");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new PlatformException("keytool", 0, "interrupted while keytool " + verb + " was running", e);
            } finally {
                process.destroyForcibly();
            }
            if (process.exitValue() != 0) {
                throw new PlatformException("keytool", process.exitValue(), "keytool " + verb + " failed: " + said());
            }
        }

        void abandon() {
            process.destroyForcibly();
        }

        private String said() {
            try {
                String all = Files.readString(log, StandardCharsets.UTF_8).strip();
                return all.substring(0, Math.min(all.length(), OUTPUT_MAX));
            } catch (IOException e) {
                return "(its output cannot be read: " + e.getMessage() + ")";
            }
        }
    }
}
