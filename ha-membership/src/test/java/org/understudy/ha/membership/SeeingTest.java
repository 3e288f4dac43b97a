package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.History.Replay;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.Metrics;
import org.understudy.ha.api.Metrics.Metric;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.membership.micrometer.NodeMeters;

/** What is to be seen of three nodes: history, values, events, one line for each decision. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class SeeingTest {

    @TempDir
    Path directory;

    private ThreeNodesOnLoopback cluster;
    private HaNode serv1;
    private HaNode serv2;

    @BeforeEach
    void begin() throws Exception {
        cluster = new ThreeNodesOnLoopback(directory);
        serv1 = cluster.start("serv1");
        serv2 = cluster.start("serv2");
        cluster.start("witness");
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void a_move_is_in_the_history_of_both_and_can_be_replayed_where_it_was_decided() throws Exception {
        runAndMove();

        for (HaNode node : List.of(serv1, serv2)) {
            await(() -> found(node, Decision.Kind.GRANTED)
                    .flatMap(Decision::proof)
                    .equals(Optional.of(ProofKind.RELEASED)));
            Decision grant = newest(node, Decision.Kind.GRANTED);
            assertThat(grant.sentence())
                    .startsWith("files is granted to serv2#1 with token 2: serv1#1 stopped it and said so");
            assertThat(grant.from()).isPresent();
        }
        await(() -> cluster.nodes().stream()
                .flatMap(node -> node.history().newest("files", 100).stream())
                .anyMatch(d -> d.isOwn() && d.reason().equals("asked to move to serv2")));
        List<Decision> own = cluster.nodes().stream()
                .flatMap(node -> node.history().newest("files", 100).stream()
                        .filter(Decision::isOwn)
                        .filter(d -> {
                            assertThat(node.history().replay(d.number()).outcome())
                                    .as(d.sentence())
                                    .isEqualTo(Replay.Outcome.SAME);
                            return true;
                        }))
                .toList();
        assertThat(own).extracting(Decision::reason).contains("asked to move to serv2");
    }

    @Test
    void why_it_moved_is_known_on_the_nodes_that_did_not_decide_it() throws Exception {
        runAndMove();
        String to = "serv2";
        // A machine that stands still makes a word late, and no sentence waits for it long.
        for (int i = 1; i < 5 && !isExplainedEverywhere(to); i++) {
            to = to.equals("serv2") ? "serv1" : "serv2";
            serv1.resources().move("files", NodeId.of(to), Duration.ofSeconds(20));
        }
        assertThat(isExplainedEverywhere(to)).isTrue();

        List<HaNode> deciders = cluster.nodes().stream()
                .filter(node -> newest(node, Decision.Kind.GRANTED).isOwn())
                .toList();
        assertThat(deciders).hasSize(1);
        NodeId decider = deciders.get(0).id();
        for (HaNode node : cluster.nodes()) {
            String why = "asked to move to " + to + (node.id().equals(decider) ? "" : "; decided by " + decider);
            Decision grant = newest(node, Decision.Kind.GRANTED);
            assertThat(grant.reason()).isEqualTo(why);
            assertThat(grant.sentence()).endsWith(" (" + why + ")");
            assertThat(node.advisor().explain("files").sentence())
                    .contains(" stopped it and said so (RELEASED), reason: " + why);
        }
    }

    private boolean isExplainedEverywhere(String to) throws InterruptedException {
        boolean isExplained = true;
        for (HaNode node : cluster.nodes()) {
            await(() -> found(node, Decision.Kind.GRANTED)
                    .flatMap(Decision::to)
                    .map(Incarnation::node)
                    .equals(Optional.of(NodeId.of(to))));
            isExplained &= newest(node, Decision.Kind.GRANTED).reason().startsWith("asked to move")
                    && newest(node, Decision.Kind.MOVE_WANTED).reason().startsWith("an operator asked");
        }
        return isExplained;
    }

    @Test
    void each_decision_is_told_once_in_order_to_a_listener() throws Exception {
        Collection<Long> numbers = new ConcurrentLinkedQueue<>();
        serv1.listen(event -> {
            if (event instanceof HaEvent.Decided decided) {
                numbers.add(decided.decision().number());
            }
        });
        runAndMove();
        await(() -> found(serv1, Decision.Kind.GRANTED)
                .filter(grant -> numbers.contains(grant.number()))
                .isPresent());

        assertThat(List.copyOf(numbers)).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void the_values_say_what_happened() throws Exception {
        runAndMove();
        await(() -> value(serv2, "ha.takeovers", "proof", "RELEASED") == 1);

        assertThat(value(serv2, "ha.group.running", "group", "files")).isEqualTo(1);
        assertThat(value(serv1, "ha.group.running", "group", "files")).isZero();
        assertThat(value(serv1, "ha.group.start.count", "group", "files")).isEqualTo(1);
        assertThat(value(serv1, "ha.group.stop.count", "group", "files")).isEqualTo(1);
        assertThat(value(serv1, "ha.group.start.time", "group", "files")).isPositive();
        assertThat(value(serv1, "ha.groups", "state", "ELSEWHERE")).isEqualTo(1);
        // Its monitor says that it runs whatever is so: a lie after a stop would not be found.
        assertThat(value(serv1, "ha.group.unheard", "group", "files")).isEqualTo(1);
        assertThat(serv1.advisor().explain("files").sentence())
                .contains("a stop of app is believed as it is: asked while it did not run, its monitor did not say so");
        // Not in a moment in which the machine has just stood still.
        await(() -> value(serv1, "ha.quorum") == 1
                && value(serv1, "ha.lease.remaining") > 0
                && serv1.metrics().health().isReady());
        assertThat(serv1.metrics().values())
                .allSatisfy(m -> assertThat(m.name()).matches("ha(\\.[a-z]+)+"))
                .allSatisfy(m -> assertThat(m.description()).isNotBlank())
                .allSatisfy(m -> assertThat(m.tags()).containsKeys("cluster", "node"))
                .extracting(m -> m.name() + m.tags())
                .doesNotHaveDuplicates();
    }

    @Test
    void a_failure_is_counted_under_its_group() throws Exception {
        serv1.resources().register(group(new Failing()));
        serv2.resources().register(group(new Idle()));

        await(() -> value(serv1, "ha.group.failures", "group", "files") >= 1);
        assertThat(value(serv1, "ha.group.start.count", "group", "files")).isZero();
    }

    @Test
    void a_registry_shows_them_follows_the_groups_and_is_clean_afterwards() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        NodeMeters meters = new NodeMeters(serv1);
        meters.bindTo(registry);
        int before = registry.getMeters().size();
        runAndMove();
        meters.refresh();

        assertThat(registry.getMeters()).hasSizeGreaterThan(before);
        await(() -> registry.find("ha.groups").tag("state", "ELSEWHERE").gauge().value() == 1);
        assertThat(registry.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getTag("cluster")).isEqualTo("test"))
                .allSatisfy(meter -> assertThat(meter.getId().getTag("node")).isEqualTo("serv1"));
        await(() -> registry.get("ha.node.owner")
                        .tags("cluster", "test", "node", "serv1")
                        .gauge()
                        .value()
                == 1);
        Gauge acceptors = registry.get("ha.acceptors").tag("node", "serv1").gauge();
        assertThat(acceptors.value()).isEqualTo(3);
        FunctionCounter starts =
                registry.get("ha.group.start.count").tag("group", "files").functionCounter();
        assertThat(starts.count()).isEqualTo(1);
        assertThat(registry.get("ha.lease.remaining").gauge().getId().getBaseUnit())
                .isEqualTo("seconds");

        meters.close();
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void a_value_is_found_without_the_tags_that_all_have_and_with_them() throws Exception {
        await(() -> value(serv1, "ha.quorum") == 1);

        assertThat(serv1.metrics().find("ha.quorum", Map.of())).isPresent();
        assertThat(serv1.metrics().find("ha.quorum", Map.of("cluster", "test", "node", "serv1")))
                .isPresent();
        assertThat(serv1.metrics().find("ha.quorum", Map.of("node", "serv2"))).isEmpty();
        assertThat(serv1.metrics().find("ha.groups", Map.of()))
                .as("there are several")
                .isEmpty();
        assertThat(serv1.metrics().find("ha.groups", Map.of("state", "RUNNING")))
                .isPresent();
    }

    @Test
    void what_is_hardly_meant_is_told_by_an_alarm_and_whenever_it_is_explained() throws Exception {
        Collection<String> alarms = new ConcurrentLinkedQueue<>();
        serv1.listen(event -> {
            if (event instanceof HaEvent.Alarm alarm) {
                alarms.add(alarm.sentence());
            }
        });
        for (HaNode node : List.of(serv1, serv2)) {
            node.resources()
                    .register(Group.named("files")
                            .prefer("serv1", "serv2")
                            .resource("db", new Promotable())
                            .placement(Placement.rules()
                                    .apart("bach")
                                    .policy("cheapest")
                                    .build())
                            .build());
            node.resources()
                    .register(Group.named("web")
                            .copies(node == serv1 ? 3 : 2)
                            .resource("app", new Idle())
                            .build());
        }
        await(() -> isRunning(serv1));

        assertThat(serv1.advisor().explain("files").sentence())
                .contains("resource db can be promoted and never will be: say copies(n) and promotable()")
                .contains("policy cheapest, which this node does not have")
                .contains("name [bach], which nobody has registered");
        assertThat(serv1.advisor().explain("web").sentence())
                .contains("has 3 copies, and 2 nodes are configured that could run them");
        await(() -> alarms.stream().anyMatch(sentence -> sentence.contains("name [bach]"))
                && alarms.stream()
                        .anyMatch(sentence ->
                                sentence.contains("different numbers of copies of web: {serv1=3, serv2=2}")));
        assertThat(alarms.stream().filter(sentence -> sentence.contains("bach")))
                .hasSize(1);
    }

    @Test
    void a_group_that_is_not_registered_any_more_can_be_taken_out_of_the_record() throws Exception {
        serv1.resources().register(group(new Idle()));
        serv2.resources().register(group(new Idle()));
        await(() -> isRunning(serv1));
        assertThat(serv2.operator()
                        .forgetGroup("files", "ann", "old")
                        .toCompletableFuture()
                        .join())
                .satisfies(result -> assertThat(result.isDone()).isFalse())
                .satisfies(result -> assertThat(result.reason()).contains("may still run somewhere"));

        for (String name : List.of("serv2", "serv1")) {
            HaNode old = name.equals("serv1") ? serv1 : serv2;
            old.close();
            cluster.forget(old);
            HaNode next = cluster.start(name, builder -> {});
            await(() -> next.quorum().isQuorate());
            serv1 = name.equals("serv1") ? next : serv1;
            serv2 = name.equals("serv2") ? next : serv2;
        }
        await(() -> serv2.resources().status().stream().anyMatch(status -> !status.isHeld()));
        await(() -> serv2.operator()
                .forgetGroup("files", "ann", "old")
                .toCompletableFuture()
                .join()
                .isDone());
        await(() -> serv1.resources().status().isEmpty()
                && serv2.resources().status().isEmpty());
        await(() -> found(serv1, Decision.Kind.FORGOTTEN)
                .filter(word -> word.reason().equals("by ann: old"))
                .isPresent());

        serv1.resources().register(group(new Idle()));
        serv2.resources().register(group(new Idle()));
        await(() -> isRunning(serv1));
        assertThat(serv1.resources().status("files").proof()).contains(ProofKind.NEVER);
        assertThat(serv1.resources().status("files").token().orElseThrow().value())
                .isGreaterThan(1);
    }

    private void runAndMove() throws InterruptedException {
        for (HaNode node : List.of(serv1, serv2)) {
            node.resources().register(group(new Idle()));
        }
        await(() -> isRunning(serv1));
        serv1.resources().move("files", NodeId.of("serv2"), Duration.ofSeconds(20));
        await(() -> isRunning(serv2));
        await(() -> serv1.resources().status("files").state() == GroupStatus.State.ELSEWHERE);
    }

    private static boolean isRunning(HaNode node) {
        return node.resources().status().stream().anyMatch(s -> s.state() == GroupStatus.State.RUNNING);
    }

    private static Group group(ManagedResource resource) {
        return Group.named("files")
                .prefer("serv1", "serv2")
                .resource("app", resource)
                .build();
    }

    private static Decision newest(HaNode node, Decision.Kind kind) {
        return found(node, kind).orElseThrow();
    }

    /** A history is written behind what it tells of. */
    private static Optional<Decision> found(HaNode node, Decision.Kind kind) {
        return node.history().newest("files", 100).stream()
                .filter(d -> d.kind() == kind)
                .findFirst();
    }

    private static double value(HaNode node, String name, String... tag) {
        Metrics metrics = node.metrics();
        return metrics.values().stream()
                .filter(m -> m.name().equals(name))
                .filter(m -> tag.length == 0 || tag[1].equals(m.tags().get(tag[0])))
                .mapToDouble(Metric::value)
                .findFirst()
                .orElse(Double.NaN);
    }

    private static class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }

        @Override
        public void stop(StopContext context) {}
    }

    private static final class Promotable extends Idle implements PromotableResource {
        @Override
        public void promote(StartContext context) {}

        @Override
        public void demote(StopContext context) {}

        @Override
        public Score score() {
            return Score.of(1);
        }
    }

    private static final class Failing extends Idle {
        @Override
        public void start(StartContext context) {
            throw new IllegalStateException("no luck");
        }
    }
}
