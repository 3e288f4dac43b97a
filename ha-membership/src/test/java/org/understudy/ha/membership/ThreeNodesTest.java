package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/** Three whole nodes in one JVM on loopback. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class ThreeNodesTest {

    private static final List<String> NAMES = List.of("serv1", "serv2", "witness");

    @TempDir
    Path directory;

    private final List<HaNode> nodes = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final Changes changes = new Changes();
    private final AtomicInteger active = new AtomicInteger();

    @BeforeEach
    void choosePorts() throws IOException {
        ports.addAll(FreePorts.choose(NAMES.size()));
    }

    @AfterEach
    void closeAll() {
        ThreeNodesOnLoopback.close(nodes);
    }

    @Test
    void starts_on_the_preferred_node_moves_on_request_and_hands_over_when_its_owner_leaves() {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        serv1.resources().register(group("files", "serv1", "serv2"));
        serv2.resources().register(group("files", "serv1", "serv2"));

        await(() -> isRunning(serv1, "files"));
        GroupStatus first = serv1.resources().status("files");
        assertThat(first.proof()).contains(ProofKind.NEVER);

        MoveResult moved = serv1.resources()
                .move("files", NodeId.of("serv2"), Duration.ofSeconds(20))
                .toCompletableFuture()
                .join();
        assertThat(moved.outcome()).isEqualTo(MoveResult.Outcome.DONE);
        await(() -> isRunning(serv2, "files"));
        GroupStatus second = serv2.resources().status("files");
        assertThat(second.proof()).contains(ProofKind.RELEASED);
        assertThat(token(second).isNewerThan(token(first))).isTrue();

        serv2.close();
        await(() -> isRunning(serv1, "files"));
        GroupStatus third = serv1.resources().status("files");
        assertThat(third.proof()).contains(ProofKind.RELEASED);
        assertThat(token(third).isNewerThan(token(second))).isTrue();
        assertThat(active).hasValue(1);
    }

    @Test
    void a_successor_has_what_the_owner_told_before() throws Exception {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        AtomicInteger told = new AtomicInteger();
        for (HaNode node : List.of(serv1, serv2)) {
            node.resources()
                    .register(Group.named("files")
                            .prefer("serv1", "serv2")
                            .monitorEvery(Duration.ofMillis(100))
                            .resource("app", new Teller(heard, told))
                            .build());
        }
        assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo("serv1 heard nothing");
        // What was told first may have been lost on a link that was not there yet.
        await(() -> isRunning(serv1, "files") && told.get() > 5);
        serv1.resources().move("files", NodeId.of("serv2"), Duration.ofSeconds(20));
        assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo("serv2 heard serv1");
    }

    /** Tells its node's name again and again, until the next one must have heard it. */
    private static final class Teller implements ManagedResource {
        private final BlockingQueue<String> heard;
        private final AtomicInteger told;
        private volatile Optional<StartContext> context = Optional.empty();

        private Teller(BlockingQueue<String> heard, AtomicInteger told) {
            this.heard = heard;
            this.told = told;
        }

        @Override
        public void start(StartContext started) {
            String before = started.softState()
                    .heard()
                    .map(state -> new String(state, StandardCharsets.UTF_8))
                    .orElse("nothing");
            heard.add(started.holder().node() + " heard " + before);
            started.softState().tell(started.holder().node().value().getBytes(StandardCharsets.UTF_8));
            context = Optional.of(started);
        }

        @Override
        public Health monitor() {
            context.ifPresent(started ->
                    started.softState().tell(started.holder().node().value().getBytes(StandardCharsets.UTF_8)));
            told.incrementAndGet();
            return Health.healthy();
        }

        @Override
        public void stop(StopContext stopped) {
            context = Optional.empty();
        }
    }

    @Test
    void one_leader_at_a_time_and_the_next_has_a_higher_token() throws Exception {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        List<Long> tokens = new ArrayList<>();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        var one = serv1.elections().join("report", lease -> {
            synchronized (tokens) {
                tokens.add(lease.token().value());
            }
            lease.assertValid();
            first.countDown();
            new CountDownLatch(1).await();
        });
        assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
        await(one::isLeading);
        var two = serv2.elections().join("report", lease -> {
            synchronized (tokens) {
                tokens.add(lease.token().value());
            }
            second.countDown();
            new CountDownLatch(1).await();
        });
        assertThat(two.isLeading()).isFalse();

        one.close();

        assertThat(second.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(tokens).isSorted().doesNotHaveDuplicates();
        two.close();
    }

    @Test
    void a_resource_that_fails_hard_moves_away() {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        Counting sick = new Counting();
        serv1.resources()
                .register(Group.named("mail")
                        .prefer("serv1", "serv2")
                        .resource("counting", sick)
                        .build());
        serv2.resources().register(group("mail", "serv1", "serv2"));
        await(() -> isRunning(serv1, "mail"));

        sick.health = Health.failed(Severity.HARD, "broken on purpose");

        await(() -> isRunning(serv2, "mail"));
        assertThat(serv2.resources().status("mail").proof()).contains(ProofKind.RELEASED);
        assertThat(active).hasValue(1);
    }

    @Test
    void one_of_two_stranded_nodes_owns_nothing_and_says_so() {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        HaNode witness = start("witness");
        serv1.resources().register(group("files", "serv1", "serv2"));
        serv2.resources().register(group("files", "serv1", "serv2"));
        await(() -> isRunning(serv1, "files"));

        witness.close();
        serv2.close();

        await(() -> serv1.state() == NodeState.IN_DOUBT && active.get() == 0);
        await(() -> !serv1.quorum().isQuorate());
        await(() -> !isRunning(serv1, "files"));
    }

    @Test
    void what_was_told_to_keep_running_goes_on_where_no_majority_answers() {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        HaNode witness = start("witness");
        for (HaNode node : List.of(serv1, serv2)) {
            node.resources()
                    .register(Group.named("kept")
                            .prefer("serv1", "serv2")
                            .resource("counting", new Counting())
                            .withoutQuorum(WithoutQuorum.KEEP_RUNNING)
                            .build());
        }
        await(() -> isRunning(serv1, "kept"));
        await(() -> serv1.assumptions()
                .outlook(Fault.of(Fault.Kind.CUT_OFF, serv1.id()))
                .flatMap(outlook -> outlook.group("kept"))
                .filter(said -> said.fate() == Outlook.Fate.GOES_ON)
                .isPresent());

        witness.close();
        serv2.close();

        await(() -> serv1.state() == NodeState.IN_DOUBT && !serv1.quorum().isQuorate());
        assertThat(isRunning(serv1, "kept")).isTrue();
        assertThat(active).hasValue(1);

        start("serv2");
        await(() -> serv1.quorum().isQuorate() && isRunning(serv1, "kept"));
        assertThat(active).hasValue(1);
    }

    @Test
    void an_election_goes_on_after_a_task_has_returned_and_its_participation_is_closed() throws Exception {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        for (int i = 0; i < 8; i++) {
            String name = "e" + i;
            CountDownLatch led = new CountDownLatch(1);
            var one = serv1.elections().join(name, lease -> led.countDown());
            assertThat(led.await(20, TimeUnit.SECONDS)).isTrue();
            one.close();
            CountDownLatch next = new CountDownLatch(1);
            try (var two = serv2.elections().join(name, lease -> next.countDown())) {
                assertThat(next.await(20, TimeUnit.SECONDS)).as(two.name()).isTrue();
            }
        }
    }

    @Test
    void a_task_that_ignores_the_interrupt_delays_the_next_leader_until_it_returns() throws Exception {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        CountDownLatch led = new CountDownLatch(1);
        CountDownLatch mayReturn = new CountDownLatch(1);
        var one = serv1.elections().join("busy", lease -> {
            led.countDown();
            awaitUninterruptibly(mayReturn);
        });
        assertThat(led.await(20, TimeUnit.SECONDS)).isTrue();
        CountDownLatch next = new CountDownLatch(1);
        one.close();
        serv2.elections().join("busy", lease -> next.countDown());
        assertThat(next.getCount()).isEqualTo(1);

        mayReturn.countDown();

        assertThat(next.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_group_comes_back_after_the_whole_cluster_was_closed() {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        HaNode witness = start("witness");
        serv1.resources().register(group("files", "serv1", "serv2"));
        serv2.resources().register(group("files", "serv1", "serv2"));
        await(() -> isRunning(serv1, "files"));
        witness.close();
        serv2.close();
        serv1.close();
        assertThat(active).hasValue(0);

        HaNode first = start("serv1");
        HaNode second = start("serv2");
        start("witness");
        first.resources().register(group("files", "serv1", "serv2"));
        second.resources().register(group("files", "serv1", "serv2"));

        await(() -> isRunning(first, "files") || isRunning(second, "files"));
        assertThat(active).hasValue(1);
    }

    @Test
    void what_a_caller_does_with_the_result_of_a_move_does_not_stop_the_node() throws Exception {
        HaNode serv1 = start("serv1");
        HaNode serv2 = start("serv2");
        start("witness");
        serv1.resources().register(group("files", "serv1", "serv2"));
        serv2.resources().register(group("files", "serv1", "serv2"));
        await(() -> isRunning(serv1, "files"));
        CountDownLatch mayReturn = new CountDownLatch(1);
        CountDownLatch called = new CountDownLatch(1);
        serv1.resources()
                .move("files", NodeId.of("serv2"), Duration.ofSeconds(20))
                .thenAccept(result -> {
                    called.countDown();
                    awaitUninterruptibly(mayReturn);
                });
        assertThat(called.await(20, TimeUnit.SECONDS)).isTrue();
        await(() -> isRunning(serv2, "files"));
        await(() -> serv1.state() == NodeState.ACTIVE);
        mayReturn.countDown();
    }

    @Test
    void a_state_directory_of_another_node_is_refused_and_left_alone() {
        HaNode serv1 = start("serv1");
        start("serv2");
        start("witness");
        serv1.resources().register(group("files", "serv1"));
        await(() -> isRunning(serv1, "files"));
        nodes.forEach(HaNode::close);
        assertThatThrownBy(() -> start("serv1", "serv2"))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("belongs to node serv2");
        assertThat(start("serv2").state()).isIn(NodeState.JOINING, NodeState.ACTIVE);
    }

    @Test
    void a_group_can_be_asked_for_as_soon_as_it_is_registered() {
        HaNode alone = start("serv1");
        alone.resources().register(group("files", "serv1", "serv2"));
        GroupStatus status = alone.resources().status("files");
        assertThat(status.state()).isEqualTo(GroupStatus.State.UNOWNED);
        assertThat(status.reason()).isNotBlank();
    }

    @Test
    void what_cannot_work_is_refused_with_a_remedy() {
        HaNode serv1 = start("serv1");
        serv1.resources().register(group("files", "serv1"));
        assertThatThrownBy(() -> serv1.resources().register(group("files", "serv1")))
                .isInstanceOf(LifecycleException.class)
                .hasMessageContaining("registered");
        assertThatThrownBy(() -> serv1.resources().register(group("other", "nobody")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("nobody");
        assertThatThrownBy(() -> start("serv1")).hasMessageContaining("serv1");
        assertThatThrownBy(() -> HaNode.builder()
                        .cluster("Bad Name")
                        .node("serv1")
                        .peer("serv9", "10.0.0.1")
                        .peer("serv9", "10.0.0.1:99999")
                        .start())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("cluster = Bad Name")
                .hasMessageContaining("host:port")
                .hasMessageContaining("stateDirectory")
                .hasMessageContaining("keys");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean isDone = false;
        while (!isDone) {
            try {
                latch.await();
                isDone = true;
            } catch (InterruptedException e) {
                // Ignored on purpose: this is what a stubborn task does.
                isDone = false;
            }
        }
    }

    private HaNode start(String name) {
        return start(name, name);
    }

    private HaNode start(String name, String stateDirectory) {
        HaNode node = HaNode.builder()
                .cluster("test")
                .node(name)
                .peer(NAMES.get(0), "127.0.0.1:" + ports.get(0))
                .peer(NAMES.get(1), "127.0.0.1:" + ports.get(1))
                .witness(NAMES.get(2), "127.0.0.1:" + ports.get(2))
                .stateDirectory(directory.resolve(stateDirectory))
                .insecure()
                .withoutGuardian()
                .timing(ThreeNodesOnLoopback.PATIENT)
                .form()
                .start();
        nodes.add(node);
        node.listen(changes);
        return node;
    }

    private Group group(String name, String... preferred) {
        return Group.named(name)
                .prefer(preferred)
                .resource("counting", new Counting())
                .build();
    }

    private static FencingToken token(GroupStatus status) {
        return status.token().orElseThrow();
    }

    private static boolean isRunning(HaNode node, String group) {
        return node.resources().status().stream()
                .anyMatch(s -> s.group().equals(group) && s.state() == GroupStatus.State.RUNNING);
    }

    private void await(BooleanSupplier condition) {
        assertThat(changes.await(condition)).as("condition within 30 s").isTrue();
    }

    /** Wakes waiters at each event; looks again every 50 ms for what no event tells. */
    private static final class Changes implements HaNode.Listener {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();

        @Override
        public void onEvent(HaEvent event) {
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        private boolean await(BooleanSupplier condition) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            lock.lock();
            try {
                while (!condition.getAsBoolean()) {
                    if (System.nanoTime() > deadline) {
                        return false;
                    }
                    changed.await(50, TimeUnit.MILLISECONDS);
                }
                return true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Counts how many of its kind are active. */
    private final class Counting implements ManagedResource {
        private volatile Health health = Health.healthy();
        private boolean isStarted;

        @Override
        public synchronized void start(StartContext context) throws ResourceException {
            if (!isStarted) {
                isStarted = true;
                if (active.incrementAndGet() > 1) {
                    throw new ResourceException(Severity.FATAL, "two owners");
                }
            }
        }

        @Override
        public synchronized void stop(StopContext context) {
            if (isStarted) {
                isStarted = false;
                active.decrementAndGet();
            }
        }

        @Override
        public Health monitor() {
            return health;
        }
    }
}
