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

    private static final List<String> NAMES = List.of("serv1", "serv2", "witness");

    private final Path directory;
    private final List<HaNode> nodes = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();

    ThreeNodesOnLoopback(Path directory) throws IOException {
        this.directory = directory;
        ports.addAll(FreePorts.choose(NAMES.size()));
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
        HaNodeBuilder builder = HaNode.builder()
                .cluster("test")
                .node(name)
                .peer(NAMES.get(0), "127.0.0.1:" + ports.get(0))
                .peer(NAMES.get(1), "127.0.0.1:" + ports.get(1))
                .witness(NAMES.get(2), "127.0.0.1:" + ports.get(2))
                .stateDirectory(directory.resolve(name))
                .insecure()
                .withoutGuardian()
                .timing(timing)
                .form();
        more.accept(builder);
        NodeConfig config = builder.validate();
        HaNode node = UnderstudyNode.start(config, stores);
        nodes.add(node);
        return node;
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
        return ports.get(NAMES.indexOf(name));
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
