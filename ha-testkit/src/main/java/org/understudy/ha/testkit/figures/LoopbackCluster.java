package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/**
 * A whole cluster in one process, with resources that do nothing: what its nodes cost when nothing happens, and how long a planned move
 * takes. Prints lines {@code figure NAME VALUE}. Without guardians and keys: those have figures of their own.
 */
final class LoopbackCluster implements AutoCloseable {

    static final String FIGURE = "figure";
    static final String IDLE_PERCENT = "idle-percent";
    static final String HEAP_MB = "heap-mb";
    static final String THREADS = "threads";
    static final String MOVE_MS = "move-ms";

    private static final long UP_SECONDS_MAX = 180;
    private static final long SETTLE_MILLIS = 5_000;
    private static final long IDLE_MILLIS = 10_000;
    private static final long PAUSE_MILLIS = 100;
    private static final int STARTS_MAX = 16;
    private static final int PORT_MIN = 10_000;
    private static final int PORT_MAX = 32_000;
    private static final int PORTS_TRIED_MAX = 1_000;
    private static final Duration MOVE_MAX = Duration.ofSeconds(20);

    private final Path directory;
    private final List<HaNode> nodes = new ArrayList<>();
    private final BlockingQueue<Long> begun = new ArrayBlockingQueue<>(STARTS_MAX);

    private LoopbackCluster(Path directory, int peers, int groups) throws IOException {
        this.directory = directory;
        List<Integer> ports = freePorts(peers);
        for (int i = 0; i < peers; i++) {
            HaNodeBuilder builder = HaNode.builder().cluster("growth").node(name(i));
            for (int peer = 0; peer < peers; peer++) {
                builder.peer(name(peer), "127.0.0.1:" + ports.get(peer));
            }
            nodes.add(builder.stateDirectory(directory.resolve(name(i)))
                    .insecure()
                    .withoutGuardian()
                    .form()
                    .start());
        }
        for (int group = 0; group < groups; group++) {
            for (HaNode node : nodes) {
                node.resources()
                        .register(Group.named("group-" + group)
                                .prefer(name(0), name(1))
                                .resource("nothing", new Nothing(group == 0))
                                .build());
            }
        }
    }

    /** Arguments: peers, groups, moves. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int peers = Integer.parseInt(args[0]);
        int groups = Integer.parseInt(args[1]);
        int moves = Integer.parseInt(args[2]);
        Path directory = Files.createTempDirectory("understudy-growth");
        try {
            long threads = threads();
            double heap = heapMegabytes();
            try (LoopbackCluster cluster = new LoopbackCluster(directory, peers, groups)) {
                cluster.await(() -> cluster.isRunning(groups));
                TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
                long processor = processorNanos();
                long begin = System.nanoTime();
                TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
                double share = (processorNanos() - processor) / (double) (System.nanoTime() - begin);
                print(IDLE_PERCENT, 100 * share / peers);
                print(THREADS, (threads() - threads) / (double) peers);
                print(HEAP_MB, (heapMegabytes() - heap) / peers);
                print(MOVE_MS, cluster.moveMillis(moves));
            }
        } finally {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
        System.exit(0);
    }

    private static void print(String name, double value) {
        System.out.printf(Locale.ROOT, "%s %s %.3f%n", FIGURE, name, value);
    }

    // ---- what is measured ----------------------------------------------------------------------------------------

    private boolean isRunning(int groups) {
        List<GroupStatus> known = nodes.get(0).resources().status();
        return known.size() == groups && known.stream().allMatch(status -> status.state() == GroupStatus.State.RUNNING);
    }

    /** From the request to the start on the other node: median. */
    private double moveMillis(int moves) throws InterruptedException {
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < moves; i++) {
            int to = (i + 1) % 2;
            begun.clear();
            long asked = System.nanoTime();
            var result = nodes.get(0).resources().move("group-0", NodeId.of(name(to)), MOVE_MAX);
            Long started = begun.poll(MOVE_MAX.toSeconds(), TimeUnit.SECONDS);
            if (started == null || result.toCompletableFuture().join().outcome() != MoveResult.Outcome.DONE) {
                throw new IllegalStateException("move " + i + " was not done: "
                        + result.toCompletableFuture().join());
            }
            millis.add((started - asked) / 1e6);
            HaNode target = nodes.get(to);
            await(() -> target.resources().status("group-0").state() == GroupStatus.State.RUNNING);
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        Collections.sort(millis);
        return millis.get(millis.size() / 2);
    }

    static long processorNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    private static long threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    private static double heapMegabytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1e6;
    }

    // ---- the cluster ---------------------------------------------------------------------------------------------

    private static String name(int node) {
        return "n" + (node + 1);
    }

    /** Below those that the kernel gives to outgoing connections: a node that dials must not take the next one's port. */
    static List<Integer> freePorts(int count) {
        List<Integer> ports = new ArrayList<>();
        int from = ThreadLocalRandom.current().nextInt(PORT_MIN, PORT_MAX - PORTS_TRIED_MAX);
        for (int port = from; ports.size() < count && port < from + PORTS_TRIED_MAX; port++) {
            if (isFree(port)) {
                ports.add(port);
            }
        }
        if (ports.size() < count) {
            throw new IllegalStateException("no " + count + " free ports from " + from);
        }
        return ports;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                DatagramSocket datagrams =
                        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            return socket.isBound() && datagrams.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    private void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(UP_SECONDS_MAX);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + UP_SECONDS_MAX + " s: "
                        + nodes.get(0).resources().status().stream().limit(3).toList());
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Override
    public void close() {
        nodes.forEach(HaNode::close);
    }

    /** Does nothing; the one that is moved says when it was started. */
    private final class Nothing implements ManagedResource {
        private final boolean isTold;

        Nothing(boolean isTold) {
            this.isTold = isTold;
        }

        @Override
        public void start(StartContext context) throws ResourceException {
            if (isTold && !begun.offer(System.nanoTime())) {
                throw new ResourceException(Severity.FATAL, "started more often than it was moved");
            }
        }

        @Override
        public void stop(StopContext context) {
            // Nothing runs.
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }
}
