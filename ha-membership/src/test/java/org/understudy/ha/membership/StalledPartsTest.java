package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Stalls;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.internal.loop.NodeLoop;
import org.understudy.ha.membership.spi.NodeStateStore;
import org.understudy.ha.membership.store.FileNodeStateStore;

/** Whole nodes of which one part stands still for several leases: the session lives on, and whatever does not need that part. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class StalledPartsTest {

    private static final Timing TIMING = ThreeNodesOnLoopback.PATIENT;

    private static final long LEASES = 2;

    @TempDir
    Path directory;

    private final CountDownLatch goOn = new CountDownLatch(1);
    private final List<HaEvent.StallNoticed> noticed = new CopyOnWriteArrayList<>();
    private ThreeNodesOnLoopback cluster;

    @BeforeEach
    void begin() throws IOException {
        cluster = new ThreeNodesOnLoopback(directory);
    }

    @AfterEach
    void end() {
        goOn.countDown();
        cluster.close();
    }

    @Test
    void a_disk_that_hangs_ends_no_session_stops_nothing_and_is_published() throws Exception {
        HangingStore[] made = new HangingStore[1];
        HaNode serv1 = cluster.start("serv1", TIMING, path -> made[0] = new HangingStore(new FileNodeStateStore(path)));
        HaNode serv2 = cluster.start("serv2", TIMING, FileNodeStateStore::new);
        cluster.start("witness", TIMING, FileNodeStateStore::new);
        listen(serv1);
        serv1.resources().register(group("files", new Steady(), "serv1"));
        await(() -> isRunning(serv1, "files"));
        FencingToken before = token(serv1, "files");

        made[0].isHanging.set(true);
        // Another record is another write, and the other two decide it without this disk.
        serv2.resources().register(group("mail", new Steady(), "serv2"));
        await(() -> isRunning(serv2, "mail"));
        await(() -> lastedLeases(serv1.stalls().write().last()));

        Stalls stalls = serv1.stalls();
        assertThat(stalls.tightest().getValue().share()).isGreaterThan(1);
        assertThat(stalls.write().worst()).isGreaterThan(stalls.write().margin());
        await(() -> noticed.stream().anyMatch(n -> n.what().equals("write") && n.isMarginUsedUp()));
        assertKept(serv1, "files", before);

        goOn.countDown();
        serv1.resources().register(group("late", new Steady(), "serv1"));
        await(() -> isRunning(serv1, "late"));
        assertThat(serv1.stalls().answers()).containsOnlyKeys(NodeId.of("serv2"), NodeId.of("witness"));
    }

    @Test
    void resources_and_listeners_that_hang_end_no_session_and_delay_no_other_group() throws Exception {
        HaNode serv1 = cluster.start("serv1", TIMING, FileNodeStateStore::new);
        HaNode serv2 = cluster.start("serv2", TIMING, FileNodeStateStore::new);
        cluster.start("witness", TIMING, FileNodeStateStore::new);
        CountDownLatch inListener = new CountDownLatch(1);
        serv1.listen(event -> hang(inListener));
        Steady files = new Steady();
        serv1.resources().register(group("files", files, "serv1"));
        await(() -> isRunning(serv1, "files"));
        FencingToken before = token(serv1, "files");
        CountDownLatch inStart = new CountDownLatch(1);
        CountDownLatch inMonitor = new CountDownLatch(1);

        serv1.resources().register(group("starts", new Steady(inStart, null), "serv1"));
        serv1.resources().register(group("looks", new Steady(null, inMonitor), "serv1"));
        inListener.await();
        inStart.await();
        inMonitor.await();
        CountDownLatch inContinuation = new CountDownLatch(1);
        // A move that was decided before anybody waited for it is told on the thread that asks: then it is asked again.
        Thread here = Thread.currentThread();
        while (inContinuation.getCount() > 0) {
            CountDownLatch wasHere = new CountDownLatch(1);
            serv1.resources()
                    .move("files", NodeId.of("serv1"), Duration.ofSeconds(20))
                    .thenRun(() -> {
                        if (Thread.currentThread().equals(here)) {
                            wasHere.countDown();
                        } else {
                            hang(inContinuation);
                        }
                    });
            await(() -> wasHere.getCount() == 0 || inContinuation.getCount() == 0);
        }
        inContinuation.await();
        long hungSince = System.nanoTime();
        await(() -> lastedLeases(Duration.ofNanos(System.nanoTime() - hungSince)));

        assertKept(serv1, "files", before);
        serv1.resources().register(group("late", new Steady(), "serv1"));
        await(() -> isRunning(serv1, "late"));
        assertThat(isRunning(serv2, "files")).isFalse();
    }

    @Test
    void a_resource_that_raises_a_million_alarms_fills_no_mailbox_and_costs_no_lease() throws Exception {
        HaNode serv1 = cluster.start("serv1", TIMING, FileNodeStateStore::new);
        cluster.start("serv2", TIMING, FileNodeStateStore::new);
        cluster.start("witness", TIMING, FileNodeStateStore::new);
        List<String> alarms = new CopyOnWriteArrayList<>();
        serv1.listen(event -> {
            if (event instanceof HaEvent.Alarm alarm && alarm.sentence().endsWith(" 1000000")) {
                alarms.add(alarm.sentence());
            }
        });
        Steady files = new Steady();
        serv1.resources().register(group("files", files, "serv1"));
        await(() -> isRunning(serv1, "files"));
        FencingToken before = token(serv1, "files");
        ManagedResource.StartContext context = files.context;

        double longest = 0;
        for (int i = 1; i <= 1_000_000; i++) {
            context.alarm("alarm " + i);
            context.softState().tell(new byte[] {(byte) i});
            if (i % 10_000 == 0) {
                longest = Math.max(longest, waiting(serv1));
            }
        }

        assertThat(longest).isLessThan(NodeLoop.MAILBOX_MAX / 4);
        await(() -> alarms.size() == 1);
        assertKept(serv1, "files", before);
    }

    private static double waiting(HaNode node) {
        return node.metrics().find("ha.loop.waiting", Map.of()).orElseThrow().value();
    }

    private void hang(CountDownLatch isThere) {
        isThere.countDown();
        boolean wasInterrupted = false;
        while (goOn.getCount() > 0) {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void listen(HaNode node) {
        node.listen(event -> {
            if (event instanceof HaEvent.StallNoticed stall) {
                noticed.add(stall);
            }
        });
    }

    private static boolean lastedLeases(Duration since) {
        return since.compareTo(TIMING.lease().multipliedBy(LEASES)) > 0;
    }

    private static void assertKept(HaNode node, String group, FencingToken before) throws InterruptedException {
        // Without fresh confirmations this is false for ever.
        await(() -> node.quorum().isQuorate());
        assertThat(node.state()).isEqualTo(NodeState.ACTIVE);
        assertThat(isRunning(node, group)).isTrue();
        assertThat(token(node, group)).isEqualTo(before);
    }

    private static FencingToken token(HaNode node, String group) {
        return node.resources().status(group).token().orElseThrow();
    }

    private static boolean isRunning(HaNode node, String group) {
        return node.resources().status().stream()
                .anyMatch(s -> s.group().equals(group) && s.state() == GroupStatus.State.RUNNING);
    }

    private static Group group(String name, ManagedResource resource, String... preferred) {
        return Group.named(name)
                .prefer(preferred)
                .monitorEvery(Duration.ofMillis(100))
                .resource("steady", resource)
                .build();
    }

    /** Does nothing, or hangs in one of its calls whatever interrupts it. */
    private final class Steady implements ManagedResource {
        private final CountDownLatch inStart;
        private final CountDownLatch inMonitor;
        private volatile StartContext context;

        private Steady() {
            this(null, null);
        }

        private Steady(CountDownLatch inStart, CountDownLatch inMonitor) {
            this.inStart = inStart;
            this.inMonitor = inMonitor;
        }

        @Override
        public void start(StartContext started) {
            context = started;
            if (inStart != null) {
                hang(inStart);
            }
        }

        @Override
        public void stop(StopContext context) {}

        @Override
        public Health monitor() {
            if (inMonitor != null) {
                hang(inMonitor);
            }
            return Health.healthy();
        }
    }

    /** A store whose fsync does not return while it hangs. */
    private final class HangingStore implements NodeStateStore {
        private final NodeStateStore store;
        private final AtomicBoolean isHanging = new AtomicBoolean();

        private HangingStore(NodeStateStore store) {
            this.store = store;
        }

        @Override
        public Opened open() {
            return store.open();
        }

        @Override
        public void save(byte[] payload) {
            if (isHanging.get()) {
                hang(new CountDownLatch(1));
            }
            store.save(payload);
        }

        @Override
        public long writeCount() {
            return store.writeCount();
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
