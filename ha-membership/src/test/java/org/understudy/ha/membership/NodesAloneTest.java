package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
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
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.store.FileNodeStateStore;

/** What whole nodes share with all else in their process: its threads, its log, its beans and its flight recording. */
@Timeout(120)
@Isolated
class NodesAloneTest {

    private static final int WINDOWS_MAX = 6;
    /** What the cluster survives is said two seconds after what has changed it. */
    private static final long SETTLED_MILLIS = 4_000;

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
        all.setLevel(Level.INFO);
        all.addAppender(lines);
        try {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            runAndMove(serv1, serv2);
            await(() -> decisions(lines).stream()
                            .filter(line -> line.contains("granted to serv2#1"))
                            .count()
                    == 3);
            assertThat(lines.list.stream()
                            .map(ILoggingEvent::getFormattedMessage)
                            .filter(line -> line.contains("GRANT_MADE")))
                    .isEmpty();
            awaitSettled(lines);
            // Of every kind, and of every node.
            assertThat(decisions(lines))
                    .containsExactlyInAnyOrderElementsOf(cluster.nodes().stream()
                            .flatMap(node -> node.history().newest(1_000).stream())
                            .map(Decision::sentence)
                            .toList());
            assertIdleIsSilent(lines);
        } finally {
            all.detachAppender(lines);
            all.setLevel(level);
        }
    }

    private static List<String> decisions(ListAppender<ILoggingEvent> lines) {
        return lines.list.stream()
                .filter(line -> line.getLoggerName().equals("org.understudy.ha.decisions"))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    /** Nothing at all is said for three leases: whoever talks when nothing happens does so with each heartbeat or round. */
    private static void assertIdleIsSilent(ListAppender<ILoggingEvent> lines) throws InterruptedException {
        long window = 3 * ThreeNodesOnLoopback.PATIENT.lease().toNanos();
        for (int i = 0; i < WINDOWS_MAX; i++) {
            awaitSettled(lines);
            int before = lines.list.size();
            long begun = System.nanoTime();
            await(() -> System.nanoTime() - begun > window);
            List<String> said = lines.list.stream()
                    .skip(before)
                    .map(ILoggingEvent::getFormattedMessage)
                    .toList();
            // A machine that stands still is something that happens, and so is what follows from it: such a window
            // shows nothing.
            if (said.stream().noneMatch(NodesAloneTest::isOfStall)) {
                assertThat(said)
                        .as("lines of three leases in which nothing happened")
                        .isEmpty();
                return;
            }
        }
        abort("NOT SHOWN: this machine stood still in each of " + WINDOWS_MAX + " windows of three leases");
    }

    /** What has happened has been written, and what is said a while after it as well. */
    private static void awaitSettled(ListAppender<ILoggingEvent> lines) throws InterruptedException {
        await(() -> lines.list.stream()
                .filter(line -> !isOfStall(line.getFormattedMessage()))
                .allMatch(line -> System.currentTimeMillis() - line.getTimeStamp() > SETTLED_MILLIS));
    }

    private static boolean isOfStall(String line) {
        return line.contains("that the lease leaves for it");
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

    @Test
    void a_flight_recording_shows_decisions_and_stops_that_failed() throws Exception {
        Collection<RecordedEvent> events = new ConcurrentLinkedQueue<>();
        try (RecordingStream stream = new RecordingStream()) {
            stream.setReuse(false);
            for (String name : List.of("org.understudy.ha.Decision", "org.understudy.ha.StopFailed")) {
                stream.enable(name);
                stream.onEvent(name, events::add);
            }
            stream.startAsync();
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            CountDownLatch isMended = new CountDownLatch(1);
            serv1.resources().register(group(new Stuck(isMended)));
            serv2.resources().register(group());
            await(() -> isRunning(serv1));
            serv1.operator().standby(serv1.id());

            await(() -> events.stream()
                    .anyMatch(e -> e.getEventType().getName().endsWith(".StopFailed")
                            && "serv1".equals(e.getString("node"))
                            && "files".equals(e.getString("group"))
                            && "blocked".equals(e.getString("consequence"))));
            await(() -> events.stream()
                    .anyMatch(e -> e.getEventType().getName().endsWith(".Decision")
                            && e.getLong("number") > 0
                            && String.valueOf(e.getString("sentence")).contains("serv1")));
            isMended.countDown();
            await(() -> isRunning(serv2));
        }
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
        return group(new Idle());
    }

    private static Group group(ManagedResource resource) {
        return Group.named("files")
                .prefer("serv1", "serv2")
                .resource("app", resource)
                .build();
    }

    /** Cannot be stopped before it is mended. */
    private static final class Stuck extends Idle {
        private final CountDownLatch isMended;

        private Stuck(CountDownLatch isMended) {
            this.isMended = isMended;
        }

        @Override
        public void stop(StopContext context) throws ResourceException {
            if (isMended.getCount() > 0) {
                throw new ResourceException(Severity.SOFT, "planned");
            }
        }
    }

    private static class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }

        @Override
        public void stop(StopContext context) throws ResourceException {}
    }
}
