package org.understudy.ha.iptakeover.lab;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A JVM on a host, talked to line by line. */
public final class LabJvm implements AutoCloseable {
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    LabJvm(List<String> prefix, String missingJar) {
        this(prefix, missingJar, Agent.class);
    }

    LabJvm(List<String> prefix, String missingJar, Class<?> agent) {
        List<String> command = new ArrayList<>(prefix);
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", classPath(missingJar), agent.getName()));
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new AssertionError("no JVM", e);
        }
        in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String classPath(String missingJar) {
        String all = System.getProperty("java.class.path");
        return missingJar.isEmpty()
                ? all
                : Arrays.stream(all.split(File.pathSeparator))
                        .filter(e -> !new File(e).getName().startsWith(missingJar))
                        .collect(Collectors.joining(File.pathSeparator));
    }

    /** Says a command and waits for its answer. */
    public String ask(String command) {
        try {
            in.write(command + "\n");
            in.flush();
            String line = out.readLine();
            while (line != null && !line.startsWith(Agent.ANSWER)) {
                System.out.println(line);
                line = out.readLine();
            }
            if (line == null) {
                throw new AssertionError("the JVM ended instead of answering " + command);
            }
            return line.substring(Agent.ANSWER.length());
        } catch (IOException e) {
            throw new AssertionError(command, e);
        }
    }

    /** {@code kill -SIGNAL}. */
    public void signal(String signal) {
        Segment.run("kill", "-" + signal, Long.toString(process.pid()));
    }

    /** Waits for the end of the process. */
    public void awaitEnd() {
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("the JVM does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
