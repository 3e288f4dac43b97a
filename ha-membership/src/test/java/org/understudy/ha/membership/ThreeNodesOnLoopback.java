package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.store.FileNodeStateStore;

/** A cluster serv1, serv2, witness in this JVM, for tests that need whole nodes. */
final class ThreeNodesOnLoopback implements AutoCloseable {

    /** A busy machine stands still for two seconds now and then: what ends a lease is to be the test. */
    static final Timing PATIENT = Timing.withLease(Duration.ofSeconds(3));

    private static final String WITNESS = "witness";

    private final Path directory;
    private final List<HaNode> nodes = new ArrayList<>();
    private final List<String> names;
    private final List<Integer> ports = new ArrayList<>();

    ThreeNodesOnLoopback(Path directory) throws IOException {
        this(directory, WITNESS);
    }

    /** @param third serv3, or what is a witness */
    ThreeNodesOnLoopback(Path directory, String third) throws IOException {
        this.directory = directory;
        this.names = List.of("serv1", "serv2", third);
        ports.addAll(FreePorts.choose(names.size()));
    }

    HaNode start(String name) {
        return start(name, PATIENT, FileNodeStateStore::new);
    }

    HaNode start(String name, Timing timing, Function<Path, NodeStateStore> stores) {
        return start(name, timing, stores, builder -> {});
    }

    HaNode start(String name, Consumer<HaNodeBuilder> more) {
        return start(name, PATIENT, FileNodeStateStore::new, more);
    }

    private HaNode start(
            String name, Timing timing, Function<Path, NodeStateStore> stores, Consumer<HaNodeBuilder> more) {
        HaNodeBuilder builder =
                builder(directory, name, names, ports).withoutGuardian().timing(timing);
        more.accept(builder);
        NodeConfig config = builder.validate();
        HaNode node = UnderstudyNode.start(config, stores);
        nodes.add(node);
        return node;
    }

    /** For a node in this process, or in another one. */
    static HaNodeBuilder builder(Path directory, String name, List<String> names, List<Integer> ports) {
        HaNodeBuilder builder = HaNode.builder()
                .cluster("test")
                .node(name)
                .stateDirectory(directory.resolve(name))
                .insecure()
                .form();
        for (int i = 0; i < names.size(); i++) {
            String address = "127.0.0.1:" + ports.get(i);
            if (names.get(i).equals(WITNESS)) {
                builder.witness(names.get(i), address);
            } else {
                builder.peer(names.get(i), address);
            }
        }
        return builder;
    }

    List<Integer> ports() {
        return List.copyOf(ports);
    }

    /** Refers to a closed node no more. */
    void forget(HaNode closed) {
        nodes.remove(closed);
    }

    /** Those that run. */
    List<HaNode> nodes() {
        return List.copyOf(nodes);
    }

    int port(String name) {
        return ports.get(names.indexOf(name));
    }

    /** Looks every 20 ms: what a test waits for here is not told by one event. */
    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        CountDownLatch never = new CountDownLatch(1);
        // Asked once where it holds: some conditions are requests.
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("condition within 40 s").isLessThan(deadline);
            assertThat(never.await(20, TimeUnit.MILLISECONDS)).isFalse();
        }
    }

    @Override
    public void close() {
        close(nodes);
    }

    /** All at once: where they leave one after the other, the last one waits for a majority that is gone. */
    static void close(Collection<HaNode> nodes) {
        CompletableFuture.allOf(nodes.stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close, task -> new Thread(task, "test-closing").start()))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }
}
