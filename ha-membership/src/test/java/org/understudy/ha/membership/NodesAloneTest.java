package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.TabularData;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.membership.store.FileNodeStateStore;

/** What whole nodes share with all else in their process: its threads, its log, its beans and its flight recording. */
@Timeout(120)
@Isolated
class NodesAloneTest {

    @TempDir
    Path directory;

    private Set<Thread> before;
    private ThreeNodesOnLoopback cluster;

    @BeforeEach
    void begin() throws Exception {
        // Another test leaves something running on purpose, and that holds a thread until this process ends.
        before = Thread.getAllStackTraces().keySet();
        cluster = new ThreeNodesOnLoopback(directory);
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    // ---- threads -------------------------------------------------------------------------------------------------

    @Test
    void no_thread_is_left_after_close() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        HaNode serv2 = cluster.start("serv2");
        HaNode witness = cluster.start("witness");
        serv1.resources().register(group());
        serv2.resources().register(group());
        witness.elections().observe("report", status -> {});
        serv1.elections().join("report", lease -> new CountDownLatch(1).await());
        await(() -> isRunning(serv1)
                && witness.elections().leader("report").leader().isPresent());

        cluster.close();

        await(() -> threads("serv1|serv2|witness").isEmpty());
    }

    @Test
    void closing_a_node_ends_what_climbs_on_it_and_leaves_no_thread() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        cluster.start("serv2");
        cluster.start("witness");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        serv1.names().observe("", status -> {});
        serv1.barriers().join("rebuild").observe(view -> {});
        serv1.recovery().observe(status -> {});
        serv1.recovery().rung("suspend", 1, Duration.ofSeconds(20), climb -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                interrupted.countDown();
            }
        });
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

        serv1.close();

        assertThat(interrupted.getCount()).isZero();
        await(() -> threads("serv1").isEmpty());
    }

    /** Those of the nodes that were not there before. */
    private List<String> threads(String nodes) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.isAlive())
                .map(Thread::getName)
                .filter(name -> name.matches("ha-(" + nodes + ")-.*"))
                .toList();
    }

    // ---- the guardian --------------------------------------------------------------------------------------------

    @Test
    void a_guardian_that_is_gone_shows_in_the_values() throws Exception {
        Set<ProcessHandle> others = ProcessHandle.current().children().collect(Collectors.toSet());
        HaNodeBuilder builder = HaNode.builder()
                .cluster("alone")
                .node("serv1")
                .peer("serv1", "127.0.0.1:" + FreePorts.choose(1).get(0))
                .stateDirectory(directory.resolve("alone"))
                .insecure()
                .form();
        try (HaNode node = UnderstudyNode.start(builder.validate(), FileNodeStateStore::new)) {
            assertThat(isGuarded(node)).isTrue();

            ProcessHandle.current()
                    .children()
                    .filter(child -> !others.contains(child))
                    .forEach(ProcessHandle::destroyForcibly);

            await(() -> !isGuarded(node));
        }
    }

    private static boolean isGuarded(HaNode node) {
        return node.metrics().find("ha.guardian", Map.of()).orElseThrow().value() > 0;
    }

    // ---- the log -------------------------------------------------------------------------------------------------

    @Test
    void the_log_has_one_line_for_each_decision_and_none_when_idle() throws Exception {
        Logger all = (Logger) LoggerFactory.getLogger("org.understudy.ha");
        Level level = all.getLevel();
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.list = new CopyOnWriteArrayList<>();
        lines.start();
        HaNode serv1 = cluster.start("serv1");
        HaNode serv2 = cluster.start("serv2");
        cluster.start("witness");
        all.setLevel(Level.INFO);
        all.addAppender(lines);
        try {
            runAndMove(serv1, serv2);
            await(() -> lines.list.stream()
                            .filter(line -> line.getLoggerName().equals("org.understudy.ha.decisions"))
                            .filter(line -> line.getFormattedMessage().contains("granted to serv2#1"))
                            .count()
                    == 3);
            assertThat(lines.list.stream()
                            .map(ILoggingEvent::getFormattedMessage)
                            .filter(line -> line.contains("GRANT_MADE")))
                    .isEmpty();
            quietFor(lines, 5);
        } finally {
            all.detachAppender(lines);
            all.setLevel(level);
        }
    }

    /** That long, and longer than a lease: whoever talks when nothing happens does so with each heartbeat. */
    private static void quietFor(ListAppender<ILoggingEvent> lines, int seconds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        CountDownLatch never = new CountDownLatch(1);
        List<String> before = said(lines);
        while (System.nanoTime() < deadline) {
            assertThat(never.await(seconds, TimeUnit.SECONDS)).isFalse();
            List<String> now = said(lines);
            if (now.size() == before.size()) {
                return;
            }
            before = now;
        }
        assertThat(before).as("lines until now").isEmpty();
    }

    /** A busy machine that stands still is something that happens. */
    private static List<String> said(ListAppender<ILoggingEvent> lines) {
        return lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> !line.contains("that the lease leaves for it"))
                .toList();
    }

    @Test
    void a_log_that_hangs_stops_neither_heartbeats_nor_groups() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        HaNode serv2 = cluster.start("serv2");
        cluster.start("witness");
        serv1.resources().register(group());
        serv2.resources().register(group());
        await(() -> isRunning(serv1));
        FencingToken token = serv1.resources().status("files").token().orElseThrow();
        CountDownLatch inLog = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AppenderBase<ILoggingEvent> full = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                inLog.countDown();
                hang(goOn);
            }
        };
        full.start();
        Logger logger = (Logger) LoggerFactory.getLogger(UnderstudyNode.class);
        Level level = logger.getLevel();
        logger.setLevel(Level.INFO);
        logger.addAppender(full);
        try {
            serv1.resources()
                    .register(Group.named("mail")
                            .prefer("serv1")
                            .resource("app", new Idle())
                            .build());
            inLog.await();
            await(() -> serv1.resources().status("mail").state() == GroupStatus.State.RUNNING);
            long hungSince = System.nanoTime();
            await(() -> System.nanoTime() - hungSince
                    > 2 * ThreeNodesOnLoopback.PATIENT.lease().toNanos());

            // Without fresh confirmations this is false for ever.
            await(() -> serv1.quorum().isQuorate() && serv1.state() == NodeState.ACTIVE);
            assertThat(isRunning(serv1)).isTrue();
            assertThat(serv1.resources().status("files").token()).contains(token);
        } finally {
            goOn.countDown();
            logger.detachAppender(full);
            logger.setLevel(level);
        }
    }

    private static void hang(CountDownLatch goOn) {
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

    // ---- beans and recordings ------------------------------------------------------------------------------------

    @Test
    void several_nodes_are_in_the_mbean_server_until_they_are_closed() throws Exception {
        HaNode serv1 = cluster.start("serv1", HaNodeBuilder::jmx);
        HaNode serv2 = cluster.start("serv2", HaNodeBuilder::jmx);
        cluster.start("witness");
        runAndMove(serv1, serv2);
        ObjectName pattern = new ObjectName("org.understudy.ha:type=Node,cluster=test,name=*");
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();

        assertThat(server.queryNames(pattern, null))
                .extracting(name -> name.getKeyProperty("name"))
                .containsExactlyInAnyOrder("serv1", "serv2");
        ObjectName one = new ObjectName("org.understudy.ha:type=Node,cluster=test,name=serv1");
        await(() -> attribute(server, one, "State").equals("ACTIVE"));
        await(() -> attribute(server, one, "Owner").equals(true));
        await(() -> attribute(server, one, "WhyNoOwner").equals(""));
        assertThat((String[]) attribute(server, one, "Groups")).anyMatch(line -> line.startsWith("files ELSEWHERE"));
        // A history is written behind what it tells of.
        await(() -> List.of((String[]) attribute(server, one, "Decisions")).stream()
                .anyMatch(line -> line.contains("serv2#")));
        TabularData metrics = (TabularData) attribute(server, one, "Metrics");
        assertThat(metrics.containsKey(new Object[] {"ha.groups{state=ELSEWHERE}"}))
                .isTrue();

        serv1.close();
        assertThat(server.isRegistered(one)).isFalse();
        serv2.close();
        assertThat(server.queryNames(pattern, null)).isEmpty();
    }

    private static Object attribute(MBeanServer server, ObjectName bean, String name) {
        try {
            return server.getAttribute(bean, name);
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_flight_recording_shows_grants_with_their_sentences() throws Exception {
        HaNode serv1 = cluster.start("serv1");
        HaNode serv2 = cluster.start("serv2");
        cluster.start("witness");
        Collection<RecordedEvent> events = new ConcurrentLinkedQueue<>();
        try (RecordingStream stream = new RecordingStream()) {
            stream.setReuse(false);
            stream.enable("org.understudy.ha.Grant");
            stream.onEvent("org.understudy.ha.Grant", events::add);
            stream.startAsync();
            runAndMove(serv1, serv2);
            // A text that is not flushed with its event is read as null: then another grant has to show it.
            for (HaNode next = serv1; !isReleaseShown(events, 5); next = next == serv1 ? serv2 : serv1) {
                HaNode owner = next;
                owner.resources().move("files", owner.id(), Duration.ofSeconds(20));
                await(() -> isRunning(owner));
            }
        }
        assertThat(events).allSatisfy(e -> assertThat(e.getString("subject")).isEqualTo("files"));
    }

    private static boolean isReleaseShown(Collection<RecordedEvent> events, int seconds) throws InterruptedException {
        long begun = System.nanoTime();
        BooleanSupplier isShown = () -> events.stream()
                .anyMatch(e -> String.valueOf(e.getString("sentence")).contains("granted to serv")
                        && "RELEASED".equals(e.getString("proof")));
        await(() -> isShown.getAsBoolean() || System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(seconds));
        return isShown.getAsBoolean();
    }

    private static void runAndMove(HaNode serv1, HaNode serv2) throws InterruptedException {
        for (HaNode node : List.of(serv1, serv2)) {
            node.resources().register(group());
        }
        await(() -> isRunning(serv1));
        serv1.resources().move("files", NodeId.of("serv2"), Duration.ofSeconds(20));
        await(() -> isRunning(serv2));
        await(() -> serv1.resources().status("files").state() == GroupStatus.State.ELSEWHERE);
    }

    private static boolean isRunning(HaNode node) {
        return node.resources().status("files").state() == GroupStatus.State.RUNNING;
    }

    private static Group group() {
        return Group.named("files")
                .prefer("serv1", "serv2")
                .resource("app", new Idle())
                .build();
    }

    private static final class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }

        @Override
        public void stop(StopContext context) {}
    }
}
