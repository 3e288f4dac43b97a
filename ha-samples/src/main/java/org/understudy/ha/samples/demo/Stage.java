package org.understudy.ha.samples.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.testkit.netns.Doubles;
import org.understudy.ha.testkit.netns.Hearing;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.Lab;
import org.understudy.ha.testkit.netns.Observation;
import org.understudy.ha.testkit.netns.Observer;
import org.understudy.ha.testkit.netns.Outage;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Side;
import org.understudy.ha.testkit.netns.Silence;

/**
 * The laboratory with the sample in it: {@code serv1} and {@code client1} on side A; {@code serv2}, {@code witness} and {@code
 * client2} on side B. Breaks things, measures, and repairs them again.
 */
final class Stage implements AutoCloseable {
    static final String GROUP = "files";
    /** The same service by its IPv6 address, as clients and ears call it. */
    private static final String GROUP6 = "files-v6";

    private static final Map<String, String> PREFERRED = Map.of(GROUP, "serv1", "mail", "serv2");
    private static final long SETTLE_SECONDS = 45;
    private static final long TAKEOVER_SECONDS = 15;
    private static final long CALM_MILLIS = 500;
    private static final long MOVE_AGAIN_MILLIS = 1500;

    private final Lab lab;
    private final SampleNode first;
    private final SampleNode second;
    private final SampleNode witness;
    private final Observer near;
    private final Observer far;

    /** What one run showed, and what the new owner gave as the reason. */
    record Run(Result result, String reason) {}

    private Stage(Lab lab, SampleNode first, SampleNode second, SampleNode witness, Observer near, Observer far) {
        this.lab = lab;
        this.first = first;
        this.second = second;
        this.witness = witness;
        this.near = near;
        this.far = far;
    }

    /**
     * Builds the network and starts nodes and clients.
     *
     * @param main the sample's main class
     * @param keys the key directory of each node
     */
    static Stage build(String main, Path scratch, Map<String, Path> keys) {
        Lab lab = Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .host("witness", Side.B)
                .client("client1", Side.A)
                .client("client2", Side.B)
                .build();
        List<SampleNode> nodes = Stream.of("serv1", "serv2", "witness")
                .map(name -> new SampleNode(lab.host(name), main, scratch.resolve(name), keys.get(name)))
                .toList();
        nodes.forEach(SampleNode::start);
        List<Observer.Target> targets = List.of(
                new Observer.Target(GROUP, "10.77.0.50", 8081),
                new Observer.Target(GROUP6, "fd77::50", 8081),
                new Observer.Target("mail", "10.77.0.60", 8082));
        List<Host> owners = List.of(lab.host("serv1"), lab.host("serv2"));
        Observer near = Observer.start(lab.host("client1"), targets, owners, scratch.resolve("client1.log"));
        Observer far = Observer.start(lab.host("client2"), targets, owners, scratch.resolve("client2.log"));
        near.probe(true);
        return new Stage(lab, nodes.get(0), nodes.get(1), nodes.get(2), near, far);
    }

    /**
     * Waits until every node is active, each group runs on its preferred owner and the client is served by it; asks for moves
     * where that is needed.
     *
     * @throws LifecycleException if that does not come about, saying what is missing
     */
    void settle() {
        long[] calmSince = {0};
        long[] movedAt = {0};
        await(SETTLE_SECONDS, () -> {
            Optional<String> ended = nodes().stream()
                    .filter(n -> !n.isAlive())
                    .map(n -> "the process of " + n.name() + " has ended by itself\n" + n.tail())
                    .findFirst();
            if (ended.isPresent()) {
                throw new LifecycleException(ended.get());
            }
            Optional<String> missing = unsettled();
            long now = System.nanoTime();
            if (missing.isPresent()) {
                calmSince[0] = 0;
                if (now - movedAt[0] > TimeUnit.MILLISECONDS.toNanos(MOVE_AGAIN_MILLIS) && moveHome()) {
                    movedAt[0] = now;
                }
                return missing;
            }
            if (calmSince[0] == 0) {
                calmSince[0] = now;
            }
            return now - calmSince[0] < TimeUnit.MILLISECONDS.toNanos(CALM_MILLIS)
                    ? Optional.of("the cluster is settled, but not for long enough yet")
                    : Optional.empty();
        });
    }

    /**
     * Breaks one thing, undoes it, and measures what the clients see from before the one until after the other; {@link
     * #settle} then brings everything home.
     */
    Run run(Fault fault, int number) {
        Result.Owner before = first.owned(GROUP)
                .orElseThrow(() -> new LifecycleException("serv1 lost '" + GROUP + "' before anything was broken"));
        // Only a split needs ears on both sides; otherwise one client reaches every host, and the cores are few.
        List<Observer> observers = fault == Fault.SPLIT ? List.of(near, far) : List.of(near);
        Observer judge = observers.get(observers.size() - 1);
        judge.probe(true);
        observers.forEach(Observer::begin);
        watch(300);
        long broken = System.nanoTime();
        breakIt(fault);
        boolean isTaken = tryAwait(TAKEOVER_SECONDS, () -> notTakenOver(before, judge));
        Optional<Result.Owner> after = second.owned(GROUP).filter(o -> isTaken || o.token() > before.token());
        String reason = second.group(GROUP).getOrDefault("reason", "");
        String trouble = isTaken ? "" : troubles();
        watch(700);
        bringBack(fault);
        long returned = System.nanoTime();
        watch(700);
        List<Observation> seen = observers.stream().map(Observer::end).toList();
        far.probe(false);
        Observation judged = seen.get(seen.size() - 1);
        Outage outage = Outage.of(judged, GROUP);
        Outage outage6 = Outage.of(judged, GROUP6);
        List<String> unheard = Stream.of(GROUP, GROUP6)
                .flatMap(address ->
                        Hearing.complaints(seen, address, first.host(), second.host(), broken, returned).stream())
                .distinct()
                .toList();
        Result result = new Result(
                fault,
                number,
                outage.gapNanos(),
                outage6.gapNanos(),
                outage.lost() + outage6.lost(),
                Math.max(
                        Silence.nanos(seen, GROUP, first.name(), broken),
                        Silence.nanos(seen, GROUP6, first.name(), broken)),
                Doubles.of(seen),
                unheard,
                before,
                after);
        return new Run(result, isTaken ? reason : trouble);
    }

    private void breakIt(Fault fault) {
        switch (fault) {
            case HANDOVER -> first.command("move " + GROUP + " serv2");
            case KILL -> first.program().kill();
            case PAUSE -> first.program().pause();
            case UNPLUG -> first.host().unplugLan();
            case POWEROFF -> first.host().powerOff();
            case SPLIT -> lab.split();
        }
    }

    /**
     * Undoes the fault while the observers still look, because two owners like to meet when the old one comes back; waits
     * until it is a full member again, or {@link #settle} will say why it is not.
     */
    private void bringBack(Fault fault) {
        switch (fault) {
            case HANDOVER -> {
                // Nothing is broken.
            }
            case KILL -> first.start();
            case PAUSE -> {
                first.program().resume();
                // What it takes to notice that the time is over stands in its events only after it was noticed.
                watch(3000);
            }
            case UNPLUG -> first.host().plugLan();
            case POWEROFF -> {
                first.host().powerOn();
                first.start();
            }
            case SPLIT -> {
                lab.heal();
                watch(1500);
            }
        }
        tryAwait(SETTLE_SECONDS, () -> areActive() ? Optional.empty() : Optional.of("a node is not ACTIVE"));
    }

    private boolean moveHome() {
        boolean hasMoved = false;
        for (Map.Entry<String, String> home : PREFERRED.entrySet()) {
            for (SampleNode node : List.of(first, second)) {
                boolean isAway = !node.name().equals(home.getValue());
                if (isAway && node.owned(home.getKey()).isPresent() && areActive()) {
                    node.command("move " + home.getKey() + " " + home.getValue());
                    hasMoved = true;
                }
            }
        }
        return hasMoved;
    }

    private boolean areActive() {
        return nodes().stream().allMatch(n -> n.isAlive() && n.state().equals("ACTIVE"));
    }

    private List<SampleNode> nodes() {
        return List.of(first, second, witness);
    }

    private Optional<String> unsettled() {
        List<String> missing = new ArrayList<>();
        for (SampleNode node : nodes()) {
            if (!node.state().equals("ACTIVE")) {
                missing.add(node.name() + " is " + node.state() + ", not ACTIVE");
            }
        }
        for (SampleNode owner : List.of(first, second)) {
            String group = owner == first ? GROUP : "mail";
            if (owner.owned(group).isEmpty()) {
                missing.add("'" + group + "' does not run on " + owner.name() + " (there it is "
                        + owner.group(group).getOrDefault("state", "unknown") + ": "
                        + owner.group(group).getOrDefault("reason", "") + ")");
            } else if (missing.isEmpty()) {
                unserved(near, group, owner).ifPresent(missing::add);
            }
        }
        return missing.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", missing));
    }

    private Optional<String> notTakenOver(Result.Owner before, Observer judge) {
        Optional<Result.Owner> now = second.owned(GROUP);
        if (now.isEmpty() || now.get().token() <= before.token()) {
            return Optional.of("serv2 does not own '" + GROUP + "' (there it is "
                    + second.group(GROUP).getOrDefault("state", "unknown") + ": "
                    + second.group(GROUP).getOrDefault("reason", "") + ")");
        }
        return unserved(judge, GROUP, second).or(() -> unserved(judge, GROUP6, second));
    }

    private static Optional<String> unserved(Observer client, String group, SampleNode owner) {
        Optional<Probe> last = client.last(group);
        boolean isFresh = last.isPresent() && System.nanoTime() - last.get().answeredNanos() < 300_000_000L;
        if (isFresh && last.get().server().startsWith(owner.name() + "#")) {
            return Optional.empty();
        }
        return Optional.of("the client is not served '" + group + "' by " + owner.name() + " (newest answer: "
                + last.map(Probe::server).orElse("none") + ")");
    }

    private void await(long seconds, Supplier<Optional<String>> missing) {
        if (!tryAwait(seconds, missing)) {
            throw new LifecycleException(
                    "after " + seconds + " s: " + missing.get().orElse("it came about too late") + "\n" + troubles());
        }
    }

    private static boolean tryAwait(long seconds, Supplier<Optional<String>> missing) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (missing.get().isPresent()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return true;
    }

    private static void watch(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private String troubles() {
        return nodes().stream().map(SampleNode::tail).collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        near.close();
        far.close();
        lab.close();
    }
}
