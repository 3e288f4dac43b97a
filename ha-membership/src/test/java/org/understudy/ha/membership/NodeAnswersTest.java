package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.PATIENT;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.store.FileNodeStateStore;

/** Whoever asks a whole node is answered, whatever becomes of it. No majority is there, so nothing is decided. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class NodeAnswersTest {

    private static final NodeId SERV2 = NodeId.of("serv2");

    @TempDir
    Path directory;

    private ThreeNodesOnLoopback cluster;

    @BeforeEach
    void begin() throws Exception {
        cluster = new ThreeNodesOnLoopback(directory);
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void a_move_with_a_limit_that_cannot_be_is_refused() {
        HaNode serv1 = cluster.start("serv1");

        for (Duration limit : new Duration[] {
            Duration.ofSeconds(Long.MAX_VALUE), Duration.ofDays(365_000), Duration.ZERO, Duration.ofSeconds(-1), null
        }) {
            assertThatThrownBy(() -> serv1.resources().move("files", SERV2, limit))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("move limit")
                    .hasMessageContaining("at most");
        }
    }

    @Test
    void a_move_that_waits_ends_with_its_node() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        CompletableFuture<MoveResult> moved =
                serv1.resources().move("files", SERV2, Duration.ofHours(20)).toCompletableFuture();

        serv1.close();

        assertThat(moved.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(MoveResult.Outcome.UNKNOWN);
        assertThat(moved.join().reason()).contains("this node was closed");
    }

    @Test
    void a_move_that_waits_ends_when_its_node_steps_aside() throws Exception {
        CountDownLatch isAsked = new CountDownLatch(1);
        HaNode serv1 = cluster.start("serv1", PATIENT, path -> new FailingStore(path, isAsked));
        Supplier<CompletableFuture<MoveResult>> move = () ->
                serv1.resources().move("files", SERV2, Duration.ofHours(20)).toCompletableFuture();
        CompletableFuture<MoveResult> before = move.get();

        isAsked.countDown();

        assertThat(before.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(MoveResult.Outcome.UNKNOWN);
        assertThat(before.join().reason()).contains("this node stepped aside");
        assertThat(move.get().get(30, TimeUnit.SECONDS).reason()).contains("this node stepped aside");
    }

    @Test
    void whoever_asks_beside_a_close_is_answered_too() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        CountDownLatch begun = new CountDownLatch(4);
        List<CompletableFuture<List<CompletionStage<?>>>> askers = Stream.<Supplier<CompletionStage<?>>>of(
                        () -> serv1.resources().move("files", SERV2, Duration.ofHours(20)),
                        () -> serv1.resources().move("files", SERV2, Duration.ofNanos(1)),
                        () -> serv1.operator().drain(SERV2),
                        () -> serv1.operator().clearFailures("files", SERV2))
                .map(ask -> CompletableFuture.supplyAsync(
                        () -> askUntilClosed(ask, begun), task -> new Thread(task, "test-asking").start()))
                .toList();
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

        serv1.close();

        for (CompletableFuture<List<CompletionStage<?>>> asker : askers) {
            for (CompletionStage<?> asked : asker.get(30, TimeUnit.SECONDS)) {
                assertThat(asked.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(30));
            }
        }
    }

    /** Keeps the last ones: the ones that were asked beside the close. */
    private static List<CompletionStage<?>> askUntilClosed(Supplier<CompletionStage<?>> ask, CountDownLatch begun) {
        List<CompletionStage<?>> last = new ArrayList<>();
        while (true) {
            try {
                last.add(ask.get());
                begun.countDown();
                if (last.size() > 1_000) {
                    last.remove(0).toCompletableFuture().join();
                }
            } catch (LifecycleException e) {
                return last;
            }
        }
    }

    /** Can write nothing once something was asked. */
    private static final class FailingStore implements NodeStateStore {
        private final NodeStateStore disk;
        private final CountDownLatch isAsked;

        private FailingStore(Path directory, CountDownLatch isAsked) {
            this.disk = new FileNodeStateStore(directory);
            this.isAsked = isAsked;
        }

        @Override
        public Opened open() {
            return disk.open();
        }

        @Override
        public void save(byte[] payload) {
            try {
                isAsked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new IllegalStateException("the disk is broken");
        }

        @Override
        public long writeCount() {
            return disk.writeCount();
        }

        @Override
        public void close() {
            disk.close();
        }
    }
}
