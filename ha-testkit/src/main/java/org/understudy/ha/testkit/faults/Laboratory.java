package org.understudy.ha.testkit.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.testkit.netns.Fate;
import org.understudy.ha.testkit.netns.Forwarder;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Lab;
import org.understudy.ha.testkit.netns.Observation;
import org.understudy.ha.testkit.netns.Observer;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Side;

/**
 * A cluster of real nodes with a client and a sink, and the hand that breaks and mends it. The private network is a {@link
 * Forwarder}; the LAN, on which addresses answer and the sink listens, stays whole but for single cables, because that is when
 * a second owner would do harm. One thread uses it.
 */
final class Laboratory implements AutoCloseable {
    private static final int SINK_PORT = 9010;
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(600);
    private static final long ORPHAN_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final int LOSS_PERCENT = 30;
    /** After this nobody hears the dead any more. */
    private static final long SEEN_MILLIS = 500;
    /** After this a word about a lost majority is done, or was not taken. */
    private static final long FORCED_NANOS = TimeUnit.SECONDS.toNanos(4);

    private static final String FORCE = "force";

    private final Lab lab;
    private final List<LabNode> nodes;
    private final Observer observer;
    private final Queue<History.Fact> inbox;
    private final Map<String, History.Acted> newest;
    private final List<PendingWord> words = new ArrayList<>();
    private Optional<LabNode> alone = Optional.empty();
    private long aloneSaidNanos;
    private int lockGeneration = 1;
    private int keeperGeneration = 1;
    private boolean mayBlock;
    private int blocked;
    private long othersSettledSince;

    /**
     * A fault that was done.
     *
     * @param faults what the product calls it, as {@link FaultKind#faults}
     * @param moved the group that it asked to move
     */
    record Strike(
            Plan.Step step,
            List<LabNode> nodes,
            long nanos,
            Map<String, Long> tokens,
            int count,
            List<Fault> faults,
            Optional<String> moved) {
        Strike {
            nodes = List.copyOf(nodes);
            tokens = Map.copyOf(tokens);
            faults = List.copyOf(faults);
        }
    }

    private Laboratory(
            Lab lab,
            List<LabNode> nodes,
            Observer observer,
            Queue<History.Fact> inbox,
            Map<String, History.Acted> newest) {
        this.lab = lab;
        this.nodes = List.copyOf(nodes);
        this.observer = observer;
        this.inbox = inbox;
        this.newest = newest;
    }

    /** Builds the network, makes keys, starts nodes, client and sink. Takes some seconds. */
    static Laboratory build(int count, long seed, Path scratch) {
        Queue<History.Fact> inbox = new ConcurrentLinkedQueue<>();
        Map<String, History.Acted> newest = new ConcurrentHashMap<>();
        Lab.Builder plan = Lab.builder().forwarded(seed);
        for (int number = 1; number <= count; number++) {
            plan.host("n" + number, Side.A);
        }
        Lab lab = plan.client("client", Side.A).build();
        List<LabNode> nodes = new ArrayList<>();
        boolean isUp = false;
        try {
            Path locks = Files.createDirectories(scratch.resolve("locks"));
            Host client = lab.host("client");
            List<Host> hosts = lab.hosts().stream().filter(h -> h != client).toList();
            ClusterCertificates keys = ClusterCertificates.create(
                    scratch.resolve("keys"),
                    "faults",
                    hosts.stream().map(h -> NodeId.of(h.name())).toList());
            List<String> shared =
                    List.of(String.valueOf(count), client.lanAddress() + ":" + SINK_PORT, locks.toString());
            startSink(client, fact -> hear(inbox, newest, fact));
            for (Host host : hosts) {
                Path own = keys.nodes().get(NodeId.of(host.name()));
                nodes.add(new LabNode(host, scratch, own, shared, fact -> hear(inbox, newest, fact)));
            }
            Observer observer = Observer.start(
                    client,
                    List.of(new Observer.Target(FaultNode.FILES, FaultNode.FLOATING, FaultNode.PORT)),
                    hosts,
                    Observer.Pace.CALM,
                    scratch.resolve("client.log"));
            observer.probe(true);
            observer.begin();
            nodes.forEach(node -> node.start(FaultNode.KEEPER + 1 + "," + FaultNode.LOCK + 1));
            isUp = true;
            return new Laboratory(lab, nodes, observer, inbox, newest);
        } catch (IOException e) {
            throw new StorageException(scratch, "cannot be used: " + e.getMessage(), e);
        } finally {
            if (!isUp) {
                nodes.forEach(LabNode::close);
                lab.close();
            }
        }
    }

    private static void hear(Queue<History.Fact> inbox, Map<String, History.Acted> newest, History.Fact fact) {
        inbox.add(fact);
        if (fact instanceof History.Acted acted) {
            newest.put(acted.group(), acted);
        } else if (fact instanceof History.Accepted accepted) {
            History.Acted acted = new History.Acted(
                    accepted.nanos(), accepted.nanos(), accepted.group(), accepted.life(), accepted.token());
            inbox.add(acted);
            newest.put(acted.group(), acted);
        }
    }

    private static void startSink(Host client, Consumer<History.Fact> heard) throws IOException {
        HostProcess sink = client.start(
                new ProcessBuilder(Jvm.command(32, List.of(), SinkMain.class, List.of(String.valueOf(SINK_PORT))))
                        .redirectError(ProcessBuilder.Redirect.INHERIT));
        BufferedReader in =
                new BufferedReader(new InputStreamReader(sink.process().getInputStream(), StandardCharsets.UTF_8));
        if (!"listening".equals(in.readLine())) {
            throw new PlatformException("sink", 0, "the sink did not start; see above");
        }
        Thread reader = new Thread(
                () -> {
                    try (in) {
                        for (String line = in.readLine(); line != null; line = in.readLine()) {
                            Lines.parse(line).ifPresent(heard);
                        }
                    } catch (IOException | MalformedMessageException e) {
                        heard.accept(new History.Unreadable(System.nanoTime(), "the sink: " + e.getMessage()));
                    }
                },
                "ha-faults-sink");
        reader.setDaemon(true);
        reader.start();
    }

    List<LabNode> nodes() {
        return nodes;
    }

    Forwarder.Counts counts() {
        return lab.forwarder().counts();
    }

    /** The groups there are now; the last two are those that only their own process can end. */
    List<String> groups() {
        return List.of(FaultNode.FILES, FaultNode.WRITER, FaultNode.ELECTION, keeper(), lock());
    }

    private String lock() {
        return FaultNode.LOCK + lockGeneration;
    }

    private String keeper() {
        return FaultNode.KEEPER + keeperGeneration;
    }

    private String locks() {
        return keeper() + "," + lock();
    }

    /** Whether nothing but its own process ends a group. */
    static boolean isBound(String group) {
        return group.startsWith(FaultNode.LOCK) || group.startsWith(FaultNode.KEEPER);
    }

    /** Moves everything that was heard since the last time into a history. */
    void collect(History history) {
        Observation seen = observer.next();
        history.addSightings(seen.sightings());
        history.addProbes(seen.probes());
        for (History.Fact fact = inbox.poll(); fact != null; fact = inbox.poll()) {
            history.add(fact);
        }
    }

    void note(History.Fact fact) {
        inbox.add(fact);
    }

    /** Asks for a planned move; where it cannot be done it is refused, which is no fault. */
    void move(Plan.Move move) {
        String group = groups().get(move.group() % groups().size());
        owner(group).ifPresent(node -> {
            if (!group.startsWith("election:")) {
                node.command("move " + group + " " + nodes.get(move.node()).name());
            }
        });
    }

    /** The node that says it runs a group. */
    Optional<LabNode> owner(String group) {
        return nodes.stream().filter(n -> n.runs(group) > 0).findFirst();
    }

    /** The tokens under which a node says it runs groups. */
    Map<String, Long> owned(List<LabNode> owners) {
        Map<String, Long> tokens = new LinkedHashMap<>();
        for (String group : groups()) {
            for (LabNode node : owners) {
                if (node.runs(group) > 0) {
                    tokens.put(group, node.runs(group));
                }
            }
        }
        return tokens;
    }

    /** Which node a step strikes now. */
    LabNode target(Plan.Step step) {
        Optional<LabNode> owner = step.atOwnerOf() < 0 ? Optional.empty() : owner(groups().get(step.atOwnerOf()));
        return owner.orElse(nodes.get(step.node()));
    }

    /** Breaks something. Returns when it is broken. */
    Strike strike(Plan.Step step, LabNode target) {
        List<LabNode> struck = struck(step, target);
        Map<String, Long> tokens = owned(struck);
        Optional<String> moved = Optional.empty();
        note(new History.Injected(
                System.nanoTime(),
                step.kind().word() + " at " + struck.stream().map(LabNode::name).toList() + ", which ran " + tokens));
        long now = System.nanoTime();
        int count = 1;
        switch (step.kind()) {
            case KILL -> target.kill();
            case KILL_BOTH -> target.killBoth();
            case PAUSE, PAUSE_SHORT -> target.pause();
            case LEAVE -> target.command("quit");
            case RESTART_STORM -> count = storm(target, step.millis());
            case BLACKOUT -> {
                count = (int) nodes.stream().filter(LabNode::isAlive).count();
                nodes.forEach(LabNode::kill);
            }
            case UNPLUG -> target.host().unplugLan();
            case ISOLATE -> links(struck, Fate.CUT, true, true);
            case MUTE -> links(struck, Fate.CUT, true, false);
            case DEAF -> links(struck, Fate.CUT, false, true);
            case PARTIAL -> {
                Host other = other(target, step.other()).host();
                lab.forwarder().set(target.host(), other, Fate.CUT);
                lab.forwarder().set(other, target.host(), Fate.CUT);
            }
            case SPLIT -> links(struck, Fate.CUT, true, true);
            case LOSS -> links(struck, Fate.losing(LOSS_PERCENT), true, true);
            case DELAY -> links(struck, Fate.late(20_000, 60_000), true, true);
            case SHUFFLE -> links(struck, Fate.shuffled(15_000, 25), true, true);
            case DISK_FULL -> {
                target.disk().fill();
                moved = Optional.of(moveForTheDisk(target, step, tokens));
            }
            case DISK_LOST -> {
                target.kill();
                target.directory().lose();
                // It gets its vote back by itself; the next fault must not come before.
                words.add(PendingWord.owed(target, "admit " + target.name()));
            }
            case DISK_OLDER -> {
                target.kill();
                target.directory().restore();
                words.add(PendingWord.owed(target, "admit " + target.name()));
            }
            case VOTE_AWAY ->
                words.add(PendingWord.said(
                        other(target, step.other()), "remove " + target.name(), "admit " + target.name()));
            case STANDBY ->
                words.add(PendingWord.said(
                        other(target, step.other()), "standby " + target.name(), "activate " + target.name()));
            case CONFIRMED -> {
                Optional<String> word = target.incarnation().map(number -> "down " + target.name() + " " + number);
                target.killBoth();
                word.ifPresent(down -> {
                    other(target, step.other()).command(down);
                    words.add(PendingWord.owed(target, down));
                });
            }
            case MAJORITY_LOST -> loseMajority(target, step.other());
        }
        return new Strike(step, struck, now, tokens, count, faults(step, target), moved);
    }

    private List<LabNode> struck(Plan.Step step, LabNode target) {
        return switch (step.kind()) {
            case BLACKOUT -> nodes;
            case SPLIT -> minorityWith(target, step.other());
            case MAJORITY_LOST -> nodes.stream().filter(n -> n != target).toList();
            default -> List.of(target);
        };
    }

    /** What the product will call a step; empty if it says nothing of it. */
    List<Fault> faults(Plan.Step step, LabNode target) {
        List<NodeId> struck =
                struck(step, target).stream().map(n -> NodeId.of(n.name())).toList();
        return step.kind().faults(struck, NodeId.of(other(target, step.other()).name()));
    }

    /** A full disk hurts when something has to be written, and a move has to be. Returns the group. */
    private String moveForTheDisk(LabNode target, Plan.Step step, Map<String, Long> tokens) {
        Optional<String> own =
                tokens.keySet().stream().filter(g -> !g.startsWith("election:")).findFirst();
        own.ifPresentOrElse(
                g -> target.command(
                        "move " + g + " " + other(target, step.other()).name()),
                () -> owner(FaultNode.FILES)
                        .ifPresent(o -> o.command("move " + FaultNode.FILES + " " + target.name())));
        return own.orElse(FaultNode.FILES);
    }

    /** Who runs what, by their own word. */
    Map<String, ForesightChecker.Owner> owners() {
        Map<String, ForesightChecker.Owner> owners = new LinkedHashMap<>();
        for (String group : groups()) {
            owner(group).ifPresent(n -> owners.put(group, new ForesightChecker.Owner(n.name(), n.runs(group))));
        }
        return owners;
    }

    /** Ends everybody else, with a majority of the disks, and goes on with one. */
    private void loseMajority(LabNode survivor, int distance) {
        for (int i = 0; i < nodes.size(); i++) {
            LabNode node = other(survivor, distance + i);
            if (node != survivor) {
                // Votes are one thing; that what no lease ends has ended is another, and only who killed it knows.
                node.incarnation()
                        .ifPresent(
                                number -> words.add(PendingWord.owed(survivor, "down " + node.name() + " " + number)));
                node.killBoth();
                words.add(PendingWord.owed(survivor, "admit " + node.name()));
            }
        }
        int lost = nodes.size() - nodes.size() / 2;
        for (int i = 0; lost > 0; i++) {
            LabNode node = other(survivor, distance + i);
            if (node != survivor) {
                node.directory().lose();
                lost--;
            }
        }
        pause(SEEN_MILLIS);
        survivor.forget(FORCE);
        survivor.command(FORCE);
        aloneSaidNanos = System.nanoTime();
        alone = Optional.of(survivor);
    }

    /** The word is refused as long as a majority was heard a moment ago, and forgotten with its process. */
    private void insist() {
        LabNode node = alone.orElseThrow();
        long now = System.nanoTime();
        if (node.hasDone(FORCE)) {
            alone = Optional.empty();
        } else if (now - aloneSaidNanos > FORCED_NANOS) {
            node.forget(FORCE);
            node.command(FORCE);
            aloneSaidNanos = now;
        }
    }

    private int storm(LabNode target, int millis) {
        int kills = 0;
        for (int round = 0; round < 3; round++) {
            target.kill();
            kills++;
            target.start(locks());
            pause(millis);
        }
        return kills;
    }

    private LabNode other(LabNode node, int distance) {
        return nodes.get((nodes.indexOf(node) + distance) % nodes.size());
    }

    private List<LabNode> minorityWith(LabNode node, int distance) {
        List<LabNode> minority = new ArrayList<>(List.of(node));
        if ((nodes.size() - 1) / 2 > 1) {
            minority.add(other(node, distance));
        }
        return minority;
    }

    private void links(List<LabNode> inside, Fate fate, boolean isOut, boolean isIn) {
        for (LabNode in : inside) {
            for (LabNode out : nodes) {
                if (inside.contains(out)) {
                    continue;
                }
                if (isOut) {
                    lab.forwarder().set(in.host(), out.host(), fate);
                }
                if (isIn) {
                    lab.forwarder().set(out.host(), in.host(), fate);
                }
            }
        }
    }

    /** Mends everything and starts what is dead. */
    void mend() {
        lab.forwarder().clear();
        for (LabNode node : nodes) {
            node.host().plugLan();
            node.disk().free();
            node.resume();
        }
        restartFallen();
        note(new History.Healed(System.nanoTime()));
        othersSettledSince = 0;
    }

    /** Starts nodes whose process ended, and those that gave up and ask for it. */
    void restartFallen() {
        for (LabNode node : nodes) {
            if (node.state().equals("STEPPED_ASIDE")) {
                node.kill();
            }
            node.start(locks());
        }
        if (alone.isPresent()) {
            insist();
        } else {
            words.removeIf(word -> word.isBack(nodes));
        }
    }

    /** What is missing until every node takes part and every group is served by exactly one; empty if nothing is. */
    Optional<String> missing() {
        List<String> missing = new ArrayList<>();
        for (LabNode node : nodes) {
            if (!node.state().equals("ACTIVE")) {
                missing.add(node.name() + " is " + node.state() + " (" + node.reason() + ")");
            }
        }
        alone.ifPresent(node -> missing.add(node.name() + " does not go on alone"));
        words.forEach(word -> missing.add(word.missing()));
        if (missing.isEmpty()) {
            for (String group : groups()) {
                unserved(group).ifPresent(missing::add);
            }
        }
        boolean isLockOnly = !missing.isEmpty()
                && missing.stream()
                        .allMatch(m -> m.startsWith("'" + lock() + "'") || m.startsWith("'" + keeper() + "'"));
        long now = System.nanoTime();
        if (!isLockOnly) {
            othersSettledSince = 0;
        } else if (othersSettledSince == 0) {
            othersSettledSince = now;
        } else if (mayBlock && now - othersSettledSince > ORPHAN_NANOS) {
            missing.forEach(this::replaceLock);
        }
        return missing.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", missing));
    }

    /**
     * Says whether the group that only its process can end may stay blocked: where node and guardian died at once, or where
     * another fault swallowed the guardian's words, nothing proves the death. The next faults then get another such group.
     */
    void mayBlock(boolean isAllowed) {
        mayBlock = isAllowed;
    }

    /** How often that happened since the last call. */
    int takeBlocked() {
        int taken = blocked;
        blocked = 0;
        return taken;
    }

    private void replaceLock(String missing) {
        boolean isLock = missing.startsWith("'" + lock() + "'");
        note(new History.Injected(
                System.nanoTime(),
                (isLock ? lock() : keeper()) + " stays blocked: nobody can prove its owner's death"));
        lockGeneration += isLock ? 1 : 0;
        keeperGeneration += isLock ? 0 : 1;
        blocked++;
        othersSettledSince = 0;
        nodes.forEach(node -> node.command("lock " + (isLock ? lock() : keeper())));
    }

    private Optional<String> unserved(String group) {
        List<LabNode> owners = nodes.stream().filter(n -> n.runs(group) > 0).toList();
        if (owners.size() != 1) {
            return Optional.of("'" + group + "' runs on "
                    + owners.stream().map(LabNode::name).toList());
        }
        long token = owners.get(0).runs(group);
        long now = System.nanoTime();
        if (group.equals(FaultNode.FILES)) {
            Optional<Probe> last = observer.last(group);
            boolean isServed = last.isPresent()
                    && now - last.get().answeredNanos() < FRESH_NANOS
                    && last.get().server().endsWith(" token " + token);
            return isServed
                    ? Optional.empty()
                    : Optional.of("the client is not served '" + group + "' by "
                            + owners.get(0).name());
        }
        History.Acted acted = newest.get(group);
        boolean isActed = acted != null && acted.token() == token && now - acted.untilNanos() < FRESH_NANOS;
        return isActed
                ? Optional.empty()
                : Optional.of("'" + group + "' does nothing on " + owners.get(0).name());
    }

    /** Whether somebody acts for a group under a token above another. */
    boolean isTakenOver(String group, long above) {
        if (group.equals(FaultNode.FILES)) {
            return nodes.stream().anyMatch(n -> n.runs(group) > above);
        }
        History.Acted acted = newest.get(group);
        return acted != null && acted.token() > above;
    }

    static void pause(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        observer.close();
        nodes.forEach(LabNode::close);
        lab.close();
    }
}
