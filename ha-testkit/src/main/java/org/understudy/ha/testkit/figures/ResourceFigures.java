package org.understudy.ha.testkit.figures;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.understudy.ha.api.Advisor;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.store.FileNodeStateStore;

/**
 * What looking after resources costs, and how fast many are taken over.
 *
 * <p><b>Idle.</b> A node alone in its cluster, in a process of its own, with one resource, and with a thousand in a thousand groups and in a
 * hundred, each looked at every so often: processor time of the whole process, as a part of one core.
 *
 * <p><b>Loss.</b> Three nodes in a process each; the one that runs 500 groups is killed. Counted are the writes of the cluster
 * record until the last group is about to be started on the survivor, and timed is how long that takes from the kill and from the first start.
 * The proof of the death lies between the two.
 *
 * <p>Exit status 1 if a node with a thousand resources at the default interval costs 2 % of a core or more, if a loss usually takes more than one write, or if its median takes more
 * than 100 ms from the first start.
 */
public final class ResourceFigures {

    private static final String IDLE = "--idle";
    private static final String NODE = "--node";
    private static final String CLUSTER = "resources";
    private static final String LOG = "understudy.log";
    private static final String READY = "ready";
    private static final String ENDED = "ended";
    private static final double IDLE_PERCENT_MAX = 2;
    private static final double STARTS_MS_MAX = 100;
    /** Long, so that a busy machine is no reason for doubt; a death that is proved does not wait for it. */
    private static final Duration LEASE = Duration.ofSeconds(10);

    private static final int RESOURCES = 1_000;
    private static final int LOST = 500;
    private static final int LOSSES = 5;
    /** Until what is called a few times a second is compiled, as in a process that has run for a while; before, compiling costs more than what is measured. */
    private static final long SETTLE_MILLIS = 180_000;

    private static final long IDLE_MILLIS = 30_000;
    private static final long QUIET_MILLIS = 3_000;
    private static final long LOOK_MILLIS = 100;
    private static final long WAIT_SECONDS_MAX = 120;
    /** What is looked at: groups, resources, and how often in milliseconds; 0 is as often as a group does by itself. */
    private static final int[][] LOOKS = {
        {1, 1, 0}, {RESOURCES, RESOURCES, 0}, {RESOURCES / 10, RESOURCES, 0}, {RESOURCES, RESOURCES, 50}
    };

    private ResourceFigures() {}

    /** Arguments: {@code [--json]}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        // A line for each group and each decision about it is not what whoever runs this wants to read.
        System.setProperty(LOG, "WARN");
        if (args.length > 0 && args[0].equals(IDLE)) {
            beIdle(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]), Integer.parseInt(args[4]));
            return;
        }
        if (args.length > 0 && args[0].equals(NODE)) {
            beNode(
                    Path.of(args[1]),
                    args[2],
                    Arrays.stream(args).skip(3).map(Integer::valueOf).toList());
            return;
        }
        boolean isJson = args.length > 0 && args[0].equals("--json");
        boolean isGood = true;
        for (int[] look : LOOKS) {
            double percent = idle(look[0], look[1], look[2], isJson);
            isGood &= look[2] != 0 || percent < IDLE_PERCENT_MAX;
        }
        isGood &= losses(isJson);
        System.exit(isGood ? 0 : 1);
    }

    // ---- idle ----------------------------------------------------------------------------------------------------

    private static double idle(int groups, int resources, int everyMillis, boolean isJson)
            throws IOException, InterruptedException {
        String[] found;
        Path directory = Files.createTempDirectory("understudy-resources");
        List<String> arguments = List.of(
                IDLE,
                directory.toString(),
                Integer.toString(groups),
                Integer.toString(resources),
                Integer.toString(everyMillis));
        try (Child child = new Child(arguments)) {
            found = child.ready();
            child.kill();
        } finally {
            delete(directory);
        }
        double percent = Double.parseDouble(found[1]);
        long looks = Long.parseLong(found[2]);
        String interval = everyMillis == 0 ? "the default interval" : "every " + everyMillis + " ms";
        System.out.printf(
                Locale.ROOT,
                isJson
                        ? "{\"figure\":\"idle-resources\",\"resources\":%d,\"groups\":%d,\"interval\":\"%s\",\"looks_per_second\":%d,"
                                + "\"core_percent\":%.2f,\"wanted\":%s}%n"
                        : "idle   %d resources in %d groups, %s: %d looks a second, %.2f %% of a core%s%n",
                resources,
                groups,
                interval,
                looks,
                percent,
                wanted(everyMillis == 0, percent, isJson));
        return percent;
    }

    private static String wanted(boolean isWanted, double percent, boolean isJson) {
        if (isJson) {
            return isWanted ? String.format(Locale.ROOT, "%.1f", IDLE_PERCENT_MAX) : "null";
        }
        return isWanted
                ? String.format(
                        Locale.ROOT,
                        ", wanted less than %.0f%s",
                        IDLE_PERCENT_MAX,
                        percent < IDLE_PERCENT_MAX ? "" : ": missed")
                : "";
    }

    private static void beIdle(Path directory, int groups, int resources, int everyMillis) throws InterruptedException {
        AtomicLong looks = new AtomicLong();
        try (HaNode node = HaNode.builder()
                .cluster(CLUSTER)
                .node("n1")
                .peer("n1", "127.0.0.1:" + LoopbackCluster.freePorts(1).get(0))
                .stateDirectory(directory.resolve("n1"))
                .insecure()
                .withoutGuardian()
                .form()
                .start()) {
            for (int group = 0; group < groups; group++) {
                Group.Builder builder = Group.named("group-" + group).prefer("n1");
                for (int i = 0; i < resources / groups; i++) {
                    builder.resource("resource-" + i, new Looked(looks));
                }
                if (everyMillis > 0) {
                    builder.monitorEvery(Duration.ofMillis(everyMillis));
                }
                node.resources().register(builder.build());
            }
            await(node, () -> isAll(node, groups, GroupStatus.State.RUNNING));
            TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
            long before = looks.get();
            long processor = LoopbackCluster.processorNanos();
            long begin = System.nanoTime();
            TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
            double seconds = (System.nanoTime() - begin) / 1e9;
            double percent = 100 * (LoopbackCluster.processorNanos() - processor) / 1e9 / seconds;
            System.out.printf(
                    Locale.ROOT, "%s %.3f %d%n", READY, percent, Math.round((looks.get() - before) / seconds));
            // Until it is killed: what its groups do at a close is not measured.
            TimeUnit.SECONDS.sleep(WAIT_SECONDS_MAX);
        }
    }

    // ---- the loss of a node --------------------------------------------------------------------------------------

    private static boolean losses(boolean isJson) throws IOException, InterruptedException {
        Spread fromKill = new Spread();
        Spread fromFirst = new Spread();
        List<Long> writes = new ArrayList<>();
        String proofs = "";
        for (int run = 0; run < LOSSES; run++) {
            Path directory = Files.createTempDirectory("understudy-resources");
            try {
                Loss loss = loss(directory);
                fromKill.add(loss.fromKill);
                fromFirst.add(loss.fromFirst);
                writes.add(loss.writes);
                proofs = loss.proofs;
            } finally {
                delete(directory);
            }
        }
        Collections.sort(writes);
        long usual = writes.get(writes.size() / 2);
        boolean isGood = usual == 1 && fromFirst.isWithin((long) (STARTS_MS_MAX * 1e6));
        System.out.printf(
                Locale.ROOT,
                isJson
                        ? "{\"figure\":\"lost-node\",\"groups\":%d,\"runs\":%d,\"record_writes\":%d,\"record_writes_max\":%d,\"proofs\":\"%s\","
                                + "\"kill_to_last_start_ms\":%s,\"first_to_last_start_ms\":%s,\"first_to_last_start_worst_ms\":%s,\"missed\":%s}%n"
                        : "loss   of a node with %d groups, %d times: %d write of the record, at most %d, proofs %s; from the kill to the"
                                + " last start %s ms, from the first start to the last %s ms, worst %s ms, wanted one write and at most "
                                + Math.round(STARTS_MS_MAX) + " ms%s%n",
                LOST,
                LOSSES,
                usual,
                writes.get(writes.size() - 1),
                proofs,
                Spread.millis(fromKill.medianNanos(), false),
                Spread.millis(fromFirst.medianNanos(), false),
                Spread.millis(fromFirst.worstNanos(), false),
                isJson ? Boolean.toString(!isGood) : isGood ? "" : ": missed");
        return isGood;
    }

    private record Loss(long fromKill, long fromFirst, long writes, String proofs) {}

    private static Loss loss(Path directory) throws IOException, InterruptedException {
        List<Integer> ports = LoopbackCluster.freePorts(3);
        try (HaNode witness = node(directory, "n3", ports);
                Child victim = new Child(arguments(directory, "n1", ports));
                Child survivor = new Child(arguments(directory, "n2", ports))) {
            victim.ready();
            // Only now may it offer the groups: while so many nodes start on one machine none of them is to move.
            survivor.go();
            survivor.ready();
            if (witness.state() == NodeState.CLOSED) {
                throw new IllegalStateException("the witness is gone");
            }
            TimeUnit.MILLISECONDS.sleep(QUIET_MILLIS);
            long killed = System.nanoTime();
            victim.kill();
            String[] found = survivor.ready();
            survivor.kill();
            // What a node that was killed last accepted is on its disk; each write of the record has the next number.
            long writes = recordNumber(directory.resolve("n2")) - recordNumber(directory.resolve("n1"));
            // The clock is the kernel's, and so the same in every process.
            long first = Long.parseLong(found[1]);
            long last = Long.parseLong(found[2]);
            return new Loss(last - killed, last - first, writes, found[3].replace(',', ' '));
        }
    }

    private static List<String> arguments(Path directory, String name, List<Integer> ports) {
        List<String> arguments = new ArrayList<>(List.of(NODE, directory.toString(), name));
        ports.forEach(port -> arguments.add(port.toString()));
        return arguments;
    }

    /** Runs the groups or stands by; tells when it does, and when it has been asked to start the last of them. */
    private static void beNode(Path directory, String name, List<Integer> ports)
            throws IOException, InterruptedException {
        AtomicInteger begun = new AtomicInteger();
        AtomicLong first = new AtomicLong();
        AtomicLong last = new AtomicLong();
        boolean isVictim = name.equals("n1");
        try (HaNode node = node(directory, name, ports)) {
            if (!isVictim && System.in.read() < 0) {
                return;
            }
            offer(node, () -> {
                long now = System.nanoTime();
                first.compareAndSet(0, now);
                last.accumulateAndGet(now, Math::max);
                begun.incrementAndGet();
            });
            await(node, () -> isAll(node, LOST, isVictim ? GroupStatus.State.RUNNING : GroupStatus.State.ELSEWHERE));
            while (!isVictim && !isSuccessor(node)) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
            System.out.println(READY);
            if (!isVictim) {
                await(node, () -> begun.get() == LOST);
                System.out.printf(READY + " %d %d %s%n", first.get(), last.get(), proofs(node));
            }
            TimeUnit.SECONDS.sleep(WAIT_SECONDS_MAX);
        }
    }

    /** Whether the record has all that it offers: whoever has not been heard to offer a group yet cannot be granted it. */
    private static boolean isSuccessor(HaNode node) {
        return node.advisor().whatIf(new Advisor.Change.NodeLost(NodeId.of("n1"))).outcomes().stream()
                .allMatch(outcome -> outcome.after().equals(Optional.of(node.id())));
    }

    private static String proofs(HaNode node) {
        return node.resources().status().stream()
                .filter(GroupStatus::isHere)
                .flatMap(status -> status.proof().stream())
                .map(Enum::toString)
                .distinct()
                .collect(Collectors.joining(","));
    }

    private static HaNode node(Path directory, String name, List<Integer> ports) {
        return HaNode.builder()
                .cluster(CLUSTER)
                .node(name)
                .peer("n1", "127.0.0.1:" + ports.get(0))
                .peer("n2", "127.0.0.1:" + ports.get(1))
                .witness("n3", "127.0.0.1:" + ports.get(2))
                .stateDirectory(directory.resolve(name))
                .insecure()
                .timing(Timing.withLease(LEASE))
                .form()
                .start();
    }

    private static void offer(HaNode node, Runnable started) {
        for (int group = 0; group < LOST; group++) {
            node.resources()
                    .register(Group.named("group-" + group)
                            .prefer("n1")
                            .resourceBehindAddress("resource", new Looked(new AtomicLong()) {
                                @Override
                                public void start(StartContext context) {
                                    started.run();
                                }
                            })
                            .build());
        }
    }

    private static long recordNumber(Path state) throws IOException {
        try (FileNodeStateStore store = new FileNodeStateStore(state)) {
            return store.open()
                    .payload()
                    .map(RecordCodec::decodeDurable)
                    .flatMap(DurableState::accepted)
                    .map(ClusterRecord::number)
                    .orElse(0L);
        }
    }

    // ---- what both share -----------------------------------------------------------------------------------------

    private static boolean isAll(HaNode node, int groups, GroupStatus.State state) {
        List<GroupStatus> known = node.resources().status();
        return known.size() == groups && known.stream().allMatch(status -> status.state() == state);
    }

    /** Another process of this class. What it says is always read, or its log would stop it. */
    private static final class Child implements AutoCloseable {
        private final Process process;
        private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

        private Child(List<String> arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-Xss256k",
                    "-D" + LOG + "=" + System.getProperty(LOG),
                    "-cp",
                    System.getProperty("java.class.path"),
                    ResourceFigures.class.getName()));
            command.addAll(arguments);
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Thread reader = new Thread(this::read, "reader");
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith(READY)) {
                        said.add(line);
                    }
                }
                said.add(ENDED);
            } catch (IOException e) {
                said.add(ENDED);
            }
        }

        /** The words with which it says that it is ready. */
        private String[] ready() throws InterruptedException {
            String line = said.poll(2 * WAIT_SECONDS_MAX + (SETTLE_MILLIS + IDLE_MILLIS) / 1_000, TimeUnit.SECONDS);
            if (line == null || line.equals(ENDED)) {
                throw new IllegalStateException("the other process ended early, or says nothing");
            }
            return line.split(" ", -1);
        }

        /** Lets it go on. */
        private void go() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        }

        private void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static void await(HaNode node, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS_MAX);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + WAIT_SECONDS_MAX + " s: "
                        + node.resources().status().stream().limit(3).toList());
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Is always well, and counts who asks. */
    private static class Looked implements ManagedResource {
        private final AtomicLong looks;

        Looked(AtomicLong looks) {
            this.looks = looks;
        }

        @Override
        public void start(StartContext context) {
            // Nothing runs.
        }

        @Override
        public void stop(StopContext context) {
            // Nothing runs.
        }

        @Override
        public Health monitor() {
            looks.incrementAndGet();
            return Health.healthy();
        }
    }
}
