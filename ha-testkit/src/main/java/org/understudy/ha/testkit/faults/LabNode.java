package org.understudy.ha.testkit.faults;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.SmallDisk;

/** A host with a node of the suite: its process, life after life, and what that said. One thread commands it. */
final class LabNode implements AutoCloseable {
    private static final int DISK_KILOBYTES = 2048;
    private static final int LOG_LINES = 15;

    private final Host host;
    private final SmallDisk disk;
    private final StateCopy directory;
    private final Path keys;
    private final Path scratch;
    private final Path log;
    private final List<String> shared;
    private final Consumer<History.Fact> heard;
    private volatile Optional<Process> process = Optional.empty();
    private int lives;

    /** What a node last said of a group. */
    record Status(String state, String holder, long token) {}

    /** One life. */
    private static final class Process {
        private final History.Life life;
        private final HostProcess program;
        private final BufferedWriter commands;
        private final Map<String, Status> groups = new ConcurrentHashMap<>();
        /** What was asked of it as an operator, and whether it is done. */
        private final Map<String, Boolean> decided = new ConcurrentHashMap<>();

        private volatile int answered;
        private volatile String state = "NEW";
        private volatile String reason = "";
        private boolean isPaused;

        Process(History.Life life, HostProcess program) {
            this.life = life;
            this.program = program;
            this.commands = new BufferedWriter(
                    new OutputStreamWriter(program.process().getOutputStream(), StandardCharsets.UTF_8));
        }
    }

    /**
     * @param shared the arguments that are the same for every node: number of nodes; then sink; then directory of the locks
     */
    LabNode(Host host, Path scratch, Path keys, List<String> shared, Consumer<History.Fact> heard) {
        this.host = host;
        this.keys = keys;
        this.scratch = scratch;
        this.log = scratch.resolve(host.name() + ".log");
        this.shared = List.copyOf(shared);
        this.heard = heard;
        this.disk = SmallDisk.mount(scratch.resolve(host.name() + "-state"), DISK_KILOBYTES);
        this.directory = new StateCopy(disk.directory().resolve("state"), scratch.resolve(host.name() + "-copy"));
    }

    String name() {
        return host.name();
    }

    Host host() {
        return host;
    }

    SmallDisk disk() {
        return disk;
    }

    /** How many lives it has had, this one included. */
    int lives() {
        return lives;
    }

    /** Whether this life has answered an operator's words since they were {@linkplain #forget forgotten}. */
    boolean hasAnswered(String words) {
        return process.filter(p -> p.decided.containsKey(words)).isPresent();
    }

    /** Whether it has answered that they are done. */
    boolean hasDone(String words) {
        return process.filter(p -> p.decided.getOrDefault(words, false)).isPresent();
    }

    void forget(String words) {
        process.ifPresent(p -> p.decided.remove(words));
    }

    /** The incarnation under which it says that it runs something; empty if it runs nothing. */
    Optional<Long> incarnation() {
        return process.flatMap(p -> p.groups.values().stream()
                .filter(s -> s.state().equals("RUNNING"))
                .map(s -> Long.parseLong(s.holder().substring(s.holder().indexOf('#') + 1)))
                .findFirst());
    }

    /** Its state directory; to be touched only while it is dead. */
    StateCopy directory() {
        return directory;
    }

    /** Starts the node, unless it runs. */
    void start(String locks) {
        if (isAlive()) {
            return;
        }
        directory.keep();
        Path temporary = scratch.resolve(name() + "-tmp");
        try {
            Files.createDirectories(temporary);
        } catch (IOException e) {
            throw new PlatformException("mkdir", 0, "cannot make " + temporary + ": " + e.getMessage(), e);
        }
        History.Life life = new History.Life(name(), ++lives);
        List<String> flags = List.of("-Djava.io.tmpdir=" + temporary, "-Djna.tmpdir=" + temporary);
        List<String> arguments = List.of(
                name(),
                String.valueOf(life.number()),
                shared.get(0),
                disk.directory().resolve("state").toString(),
                keys.toString(),
                shared.get(1),
                locks,
                shared.get(2));
        ProcessBuilder builder = new ProcessBuilder(Jvm.command(64, flags, FaultNode.class, arguments))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Process started = new Process(life, host.start(builder));
        process = Optional.of(started);
        Thread reader = new Thread(() -> read(started), "ha-faults-" + life);
        reader.setDaemon(true);
        reader.start();
    }

    boolean isAlive() {
        return process.map(p -> p.program.isAlive()).orElse(false);
    }

    /** What the node last said of itself. */
    String state() {
        return process.filter(p -> p.program.isAlive()).map(p -> p.state).orElse("DEAD");
    }

    String reason() {
        return process.map(p -> p.reason).orElse("");
    }

    Optional<Status> group(String group) {
        return process.filter(p -> p.program.isAlive()).map(p -> p.groups.get(group));
    }

    /** The token under which this node says it runs a group; 0 if it does not say so. */
    long runs(String group) {
        return group(group)
                .filter(s -> s.state().equals("RUNNING"))
                .map(Status::token)
                .orElse(0L);
    }

    /** Whether this node says it begins to run a group or runs it, under a token above another. */
    boolean takesOver(String group, long above) {
        return group(group)
                .filter(s -> s.state().equals("STARTING") || s.state().equals("RUNNING"))
                .filter(s -> s.token() > above)
                .isPresent();
    }

    /** The last question about faults that this life has answered; 0 if none. */
    int answered() {
        return process.filter(p -> p.program.isAlive()).map(p -> p.answered).orElse(0);
    }

    /** SIGKILL. */
    void kill() {
        process.filter(p -> p.program.isAlive()).ifPresent(p -> {
            heard.accept(new History.Died(System.nanoTime(), p.life));
            p.program.kill();
            awaitEnd(p);
        });
    }

    /** SIGKILL to the guardian and at once to the node. */
    void killBoth() {
        Optional<Process> alive = process.filter(p -> p.program.isAlive());
        List<Long> all = host.processes();
        alive.ifPresent(p -> {
            all.remove(p.program.pid());
            heard.accept(new History.Died(System.nanoTime(), p.life));
        });
        all.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        alive.ifPresent(p -> {
            p.program.kill();
            awaitEnd(p);
        });
    }

    void pause() {
        process.filter(p -> p.program.isAlive()).ifPresent(p -> {
            p.isPaused = true;
            p.program.pause();
        });
    }

    void resume() {
        process.filter(p -> p.isPaused).ifPresent(p -> {
            p.isPaused = false;
            if (p.program.isAlive()) {
                p.program.resume();
            }
        });
    }

    /** Gives a command; a dead node does not hear it, and one that dies meanwhile may not. */
    void command(String line) {
        process.filter(p -> p.program.isAlive()).ifPresent(p -> {
            try {
                p.commands.write(line + "\n");
                p.commands.flush();
            } catch (IOException e) {
                // It has just died: then it obeys nobody.
                p.reason = "took no command: " + e.getMessage();
            }
        });
    }

    Path log() {
        return log;
    }

    /** The last lines of its log. */
    String tail() {
        List<String> text = new ArrayList<>(List.of(name() + " is " + state() + ": " + reason()));
        try {
            List<String> logged = Files.exists(log) ? Files.readAllLines(log) : List.of();
            text.addAll(logged.subList(Math.max(0, logged.size() - LOG_LINES), logged.size()));
        } catch (IOException e) {
            text.add("(its log cannot be read: " + e.getMessage() + ")");
        }
        return String.join("\n    ", text);
    }

    private static void awaitEnd(Process ended) {
        try {
            ended.program.process().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read(Process from) {
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(from.program.process().getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                hear(from, line);
            }
        } catch (IOException e) {
            from.reason = "its output broke off: " + e.getMessage();
        }
        heard.accept(new History.Died(System.nanoTime(), from.life));
    }

    private void hear(Process from, String line) {
        try {
            Lines.parse(line).ifPresent(heard);
            if (line.startsWith("G ")) {
                String[] words = line.split(" ", 8);
                from.groups.put(words[2], new Status(words[3], words[4], Long.parseLong(words[5])));
            } else if (line.startsWith("Q ")) {
                from.answered = Integer.parseInt(line.substring(2));
            } else if (line.startsWith("V ")) {
                String[] words = line.split(" ", 3);
                from.decided.put(words[2], Boolean.valueOf(words[1]));
            } else if (line.startsWith("N ")) {
                String[] words = line.split(" ", 5);
                from.state = words[3];
                from.reason = words[4];
            }
        } catch (MalformedMessageException e) {
            from.reason = e.getMessage();
            heard.accept(new History.Unreadable(System.nanoTime(), from.life + ": " + e.getMessage()));
        }
    }

    @Override
    public void close() {
        killBoth();
        disk.close();
    }
}
