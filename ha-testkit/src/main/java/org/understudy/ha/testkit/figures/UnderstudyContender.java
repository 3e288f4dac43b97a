package org.understudy.ha.testkit.figures;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Lab;

/** Three of our nodes: two that may own the addresses, and a witness. */
final class UnderstudyContender implements Contender {
    private static final int LOG_LINES = 12;

    private static final long MOVE_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private final Map<String, Node> nodes = new LinkedHashMap<>();
    /** Where the addresses must be again before the next fault. */
    private Optional<Node> home = Optional.empty();

    private long movedNanos;

    UnderstudyContender(Lab lab, Path scratch) {
        List<String> names = List.of("serv1", "serv2", "witness");
        ClusterCertificates made = ClusterCertificates.create(
                scratch.resolve("keys"),
                "takeover-figures",
                names.stream().map(NodeId::of).toList());
        for (String name : names) {
            nodes.put(name, new Node(lab.host(name), scratch, made.nodes().get(NodeId.of(name))));
        }
    }

    /** A host and the life of the node there. */
    private static final class Node {
        private final Host host;
        private final Path scratch;
        private final Path keys;
        private final Path log;
        private final List<Mark> marks = new ArrayList<>();
        private Optional<HostProcess> program = Optional.empty();
        private volatile String state = "not started";
        private volatile String group = "UNOWNED";

        Node(Host host, Path scratch, Path keys) {
            this.host = host;
            this.scratch = scratch;
            this.keys = keys;
            this.log = scratch.resolve(host.name() + ".log");
        }

        HostProcess program() {
            return program.orElseThrow(() -> new LifecycleException(host.name() + " was never started"));
        }

        boolean isAlive() {
            return program.filter(HostProcess::isAlive).isPresent();
        }

        void start() {
            if (isAlive() || !host.isOn()) {
                return;
            }
            state = "starting";
            Path temporary = scratch.resolve(host.name() + "-tmp");
            try {
                Files.createDirectories(temporary);
            } catch (IOException e) {
                throw new PlatformException("mkdir", 0, "cannot make " + temporary + ": " + e.getMessage(), e);
            }
            List<String> flags =
                    List.of("-Djava.io.tmpdir=" + temporary, "-Djna.tmpdir=" + temporary, Jvm.BOTH_VERSIONS);
            List<String> arguments =
                    List.of(host.name(), scratch.resolve(host.name() + "-state").toString(), keys.toString());
            HostProcess started = host.start(new ProcessBuilder(Jvm.command(64, flags, TakeoverNode.class, arguments))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())));
            program = Optional.of(started);
            Thread reader = new Thread(() -> read(started), "ha-figures-" + host.name());
            reader.setDaemon(true);
            reader.start();
        }

        private void read(HostProcess from) {
            try (BufferedReader in = new BufferedReader(
                    new InputStreamReader(from.process().getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    hear(line.split(" "));
                }
            } catch (IOException e) {
                state = "its output broke off: " + e.getMessage();
            }
        }

        private void hear(String[] words) {
            if (words[0].equals("N")) {
                state = words[2];
            } else if (words[0].equals("M") || words[0].equals("G")) {
                synchronized (marks) {
                    marks.add(new Mark(host.name() + " " + words[2], Long.parseLong(words[1])));
                }
                group = words[0].equals("G") ? words[2] : group;
            }
        }

        void command(String line) {
            BufferedWriter out = new BufferedWriter(
                    new OutputStreamWriter(program().process().getOutputStream(), StandardCharsets.UTF_8));
            try {
                out.write(line + "\n");
                out.flush();
            } catch (IOException e) {
                throw new PlatformException("write", 0, host.name() + " takes no commands: " + e.getMessage(), e);
            }
        }

        List<Mark> marks(long since) {
            synchronized (marks) {
                return marks.stream().filter(m -> m.nanos() - since >= 0).toList();
            }
        }

        String tail() {
            List<String> text = new ArrayList<>(List.of(host.name() + " is " + state));
            try {
                List<String> logged = Files.exists(log) ? Files.readAllLines(log) : List.of();
                text.addAll(logged.subList(Math.max(0, logged.size() - LOG_LINES), logged.size()));
            } catch (IOException e) {
                text.add("(its log cannot be read: " + e.getMessage() + ")");
            }
            return String.join("\n    ", text);
        }
    }

    @Override
    public String name() {
        return "Understudy";
    }

    @Override
    public void start() {
        nodes.values().forEach(Node::start);
    }

    @Override
    public boolean mayNeedANewStart() {
        return false;
    }

    @Override
    public Optional<String> unready() {
        Optional<String> away = home.filter(node -> !node.group.equals("RUNNING"))
                .map(node -> node.host.name() + " does not have the addresses back");
        if (away.isPresent() && System.nanoTime() - movedNanos > MOVE_AGAIN_NANOS) {
            movedNanos = System.nanoTime();
            nodes.values().stream()
                    .filter(node -> node.group.equals("RUNNING"))
                    .forEach(node ->
                            node.command("move " + home.orElseThrow().host.name()));
        }
        return away.or(this::inactive);
    }

    private Optional<String> inactive() {
        return nodes.values().stream()
                .filter(node -> !node.isAlive() || !node.state.equals("ACTIVE"))
                .map(node -> node.host.name() + " is " + node.state + ", not ACTIVE")
                .findFirst();
    }

    @Override
    public void breakIt(TakeoverFault fault, Host owner, Host next) {
        home = Optional.empty();
        Node node = node(owner);
        switch (fault) {
            case KILL -> node.program().kill();
            case PAUSE -> node.program().pause();
            case MOVE -> node.command("move " + next.name());
            case UNPLUG -> owner.unplugLan();
            case POWEROFF -> owner.powerOff();
        }
    }

    @Override
    public void mend(TakeoverFault fault, Host owner) {
        switch (fault) {
            case KILL, POWEROFF -> node(owner).start();
            // It believes what it said last until it has noticed that its time is over.
            case PAUSE -> {
                node(owner).state = "resumed";
                node(owner).program().resume();
            }
            // For a while nothing is given to a node whose link has failed, so the next fault must not need it.
            case UNPLUG -> home = Optional.of(node(owner));
            case MOVE -> {
                // Nothing was hurt.
            }
        }
    }

    private Node node(Host host) {
        return nodes.get(host.name());
    }

    @Override
    public List<Mark> marks(long sinceNanos) {
        return nodes.values().stream()
                .flatMap(node -> node.marks(sinceNanos).stream())
                .toList();
    }

    @Override
    public String troubles() {
        return nodes.values().stream().map(Node::tail).collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        nodes.values().forEach(node -> node.program.ifPresent(HostProcess::kill));
    }
}
