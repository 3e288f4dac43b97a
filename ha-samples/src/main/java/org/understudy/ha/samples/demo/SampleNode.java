package org.understudy.ha.samples.demo;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;

/** One node of the sample: a JVM in a host of the laboratory, its input for commands and what its events said last. */
final class SampleNode {
    private static final int LINES_KEPT = 12;

    private final Host host;
    private final String main;
    private final Path directory;
    private final Path keys;
    private final Path log;
    private volatile Optional<Life> life = Optional.empty();

    /** One run of the process. */
    private static final class Life {
        private final HostProcess program;
        private final BufferedWriter commands;
        private final Map<String, Map<String, String>> groups = new ConcurrentHashMap<>();
        private final Deque<String> lines = new ArrayDeque<>();
        private volatile String state = "not heard of yet";

        Life(HostProcess program) {
            this.program = program;
            this.commands = new BufferedWriter(
                    new OutputStreamWriter(program.process().getOutputStream(), StandardCharsets.UTF_8));
        }
    }

    SampleNode(Host host, String main, Path directory, Path keys) {
        this.host = host;
        this.main = main;
        this.directory = directory;
        this.keys = keys;
        this.log = directory.resolveSibling(host.name() + ".log");
    }

    String name() {
        return host.name();
    }

    Host host() {
        return host;
    }

    /** Starts the node, unless it runs. */
    void start() {
        if (isAlive()) {
            return;
        }
        Path temporary = directory.resolve("tmp");
        try {
            Files.createDirectories(temporary);
            Class<?> program = Class.forName(main);
            List<String> flags =
                    List.of("-Djava.io.tmpdir=" + temporary, "-Djna.tmpdir=" + temporary, Jvm.BOTH_VERSIONS);
            List<String> arguments = List.of(name(), directory.resolve("state").toString(), keys.toString(), "--json");
            ProcessBuilder builder = new ProcessBuilder(Jvm.command(64, flags, program, arguments))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            Life started = new Life(host.start(builder));
            life = Optional.of(started);
            Thread reader = new Thread(() -> read(started), "ha-demo-" + name());
            reader.setDaemon(true);
            reader.start();
        } catch (IOException | ClassNotFoundException e) {
            throw new PlatformException("exec", 0, "cannot start node " + name() + ": " + e.getMessage(), e);
        }
    }

    boolean isAlive() {
        return life.map(l -> l.program.isAlive()).orElse(false);
    }

    /** The process. */
    HostProcess program() {
        return life.orElseThrow(() -> new PlatformException("kill", 0, name() + " was never started")).program;
    }

    /** What the node last said of itself, for example {@code ACTIVE}. */
    String state() {
        return life.map(l -> l.state).orElse("never started");
    }

    /** What the node last said of a group: the fields of its event. */
    Map<String, String> group(String group) {
        return life.map(l -> l.groups.getOrDefault(group, Map.<String, String>of()))
                .orElse(Map.of());
    }

    /** Who the node says owns a group, if it runs there and the node is that owner. */
    Optional<Result.Owner> owned(String group) {
        Map<String, String> status = group(group);
        if (!isAlive() || !"RUNNING".equals(status.get("state")) || !status.containsKey("token")) {
            return Optional.empty();
        }
        return Optional.of(
                new Result.Owner(name(), Long.parseLong(status.get("token")), status.getOrDefault("proof", "unknown")));
    }

    /** Gives a command; a dead node does not hear it. */
    void command(String line) {
        if (!isAlive()) {
            return;
        }
        try {
            BufferedWriter commands = life.orElseThrow().commands;
            commands.write(line + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new PlatformException("write", 0, "node " + name() + " takes no commands: " + e.getMessage(), e);
        }
    }

    /** The last lines the node printed and logged. */
    String tail() {
        List<String> text = new ArrayList<>();
        life.ifPresent(l -> {
            synchronized (l.lines) {
                text.addAll(l.lines);
            }
        });
        try {
            List<String> logged = Files.exists(log) ? Files.readAllLines(log) : List.of();
            text.addAll(logged.subList(Math.max(0, logged.size() - LINES_KEPT), logged.size()));
        } catch (IOException e) {
            text.add("(its log cannot be read: " + e.getMessage() + ")");
        }
        return "last words of " + name() + ":\n    " + String.join("\n    ", text);
    }

    private static void read(Life life) {
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(life.program.process().getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                hear(life, line);
            }
        } catch (IOException e) {
            life.state = "its output broke off: " + e.getMessage();
        }
    }

    private static void hear(Life life, String line) {
        synchronized (life.lines) {
            life.lines.addLast(line);
            if (life.lines.size() > LINES_KEPT) {
                life.lines.removeFirst();
            }
        }
        Map<String, String> event;
        try {
            event = FlatJson.parse(line);
        } catch (MalformedMessageException e) {
            // Not an event; it stands among the last words.
            return;
        }
        if ("node".equals(event.get("event"))) {
            life.state = event.getOrDefault("state", "unknown");
        } else if ("group".equals(event.get("event"))) {
            life.groups.put(event.getOrDefault("group", ""), event);
        }
    }
}
