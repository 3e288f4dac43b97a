package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.Advisor.Change;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Operator.Result;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Severity;

/** Rules, maintenance, drain and the advisor with whole nodes. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class PlacedNodesTest {

    private static final NodeId SERV1 = NodeId.of("serv1");
    private static final NodeId SERV2 = NodeId.of("serv2");

    @TempDir
    Path directory;

    private final AtomicBoolean isBroken = new AtomicBoolean();

    @Test
    void groups_are_kept_apart_stay_in_maintenance_and_leave_a_drained_node() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            Placement apart = Placement.rules().apart("web").build();
            for (HaNode node : List.of(serv1, serv2)) {
                // Whichever of a node's groups the cluster hears of first is placed first: this one is to be at home.
                node.resources().register(group("batch", apart));
                node.resources().register(group("web", Placement.NONE));
            }
            await(() -> is(serv1, "batch", GroupStatus.State.RUNNING) && is(serv2, "web", GroupStatus.State.RUNNING));

            MoveResult together = serv1.resources()
                    .move("web", SERV1, Duration.ofSeconds(20))
                    .toCompletableFuture()
                    .join();
            assertThat(together.outcome()).isEqualTo(MoveResult.Outcome.REFUSED);
            assertThat(together.reason()).contains("it must be apart from batch, which is there");
            assertThat(serv2.advisor().whyNot("web", SERV1).sentence()).contains("apart from batch");
            assertThat(serv2.advisor().whatIf(new Change.NodeLost(SERV1)).sentence())
                    .isEqualTo("of 2 groups 1 would run nowhere [batch], 1 would be as they are");

            assertThat(result(serv1.operator().maintenance(Target.group("web"), "ann", "to mend it")))
                    .isEqualTo(new Result(true, "done"));
            // Done here is not yet known there: its own word says when it is.
            assertThat(result(serv2.operator().maintenance(Target.group("web"), "ann", "to mend it"))
                            .isDone())
                    .isTrue();
            isBroken.set(true);
            assertThat(result(serv1.operator().drain(SERV2)).reason())
                    .contains("[web (in maintenance)] still stands granted to it");
            assertThat(is(serv2, "web", GroupStatus.State.RUNNING))
                    .as("broken and let be")
                    .isTrue();

            String letBe = "broken; in maintenance, so nothing is done about it";
            await(() -> serv2.resources().status("web").reason().contains(letBe));
            assertThat(serv2.resources().status("web").troubles().failures())
                    .anyMatch(failed -> failed.reason().contains(letBe));
            assertThat(serv2.advisor().explain("web").sentence()).contains(letBe);
            await(() -> serv1.resources().status("web").reason().contains(letBe));
            assertThat(serv1.advisor().explain("web").sentence()).contains("where it runs: service: it is " + letBe);

            isBroken.set(false);
            await(() -> !serv2.resources().status("web").reason().contains(letBe));
            result(serv1.operator().endMaintenance(Target.group("web")));
            assertThat(result(serv1.operator().drain(SERV2))).isEqualTo(new Result(true, "done"));
            await(() -> is(serv1, "web", GroupStatus.State.UNOWNED));
            assertThat(serv1.advisor().explain("web").sentence())
                    .startsWith("web runs nowhere: ")
                    .contains("serv2 is on standby")
                    .contains("apart from batch");
        }
    }

    @Test
    void a_node_that_closes_stops_what_others_start_after_when_those_have_stopped() throws Exception {
        CountDownLatch isNetStopping = new CountDownLatch(1);
        AtomicBoolean wasEarly = new AtomicBoolean();
        HaNode node = HaNode.builder()
                .cluster("shop")
                .node("serv1")
                .peer("serv1", "127.0.0.1:" + FreePorts.choose(1).get(0))
                .stateDirectory(directory.resolve("serv1"))
                .insecure()
                .withoutGuardian()
                .timing(ThreeNodesOnLoopback.PATIENT)
                .form()
                .start();
        try {
            node.resources()
                    .register(Group.named("net")
                            .prefer("serv1")
                            .resource("net", stopping(isNetStopping::countDown))
                            .build());
            node.resources()
                    .register(Group.named("web")
                            .prefer("serv1")
                            .placement(Placement.rules().after("net").build())
                            .resource(
                                    "web",
                                    stopping(() -> wasEarly.set(isNetStopping.await(300, TimeUnit.MILLISECONDS))))
                            .build());
            await(() -> is(node, "web", GroupStatus.State.RUNNING));
        } finally {
            node.close();
        }
        assertThat(wasEarly).isFalse();
        assertThat(isNetStopping.getCount()).isZero();
    }

    /** What a stop does. */
    private interface Stop {
        void run() throws InterruptedException;
    }

    private static ManagedResource stopping(Stop stop) {
        return new ManagedResource() {
            @Override
            public void start(StartContext context) {
                // Runs.
            }

            @Override
            public void stop(StopContext context) throws InterruptedException {
                stop.run();
            }

            @Override
            public Health monitor() {
                return Health.healthy();
            }
        };
    }

    private static Result result(java.util.concurrent.CompletionStage<Result> asked) {
        return asked.toCompletableFuture().join();
    }

    private static boolean is(HaNode node, String group, GroupStatus.State state) {
        return node.resources().status().stream()
                .anyMatch(status -> status.group().equals(group) && status.state() == state);
    }

    private Group group(String name, Placement placement) {
        return Group.named(name)
                .prefer("serv1", "serv2")
                .placement(placement)
                .resource("service", new ManagedResource() {
                    @Override
                    public void start(StartContext context) {}

                    @Override
                    public void stop(StopContext context) {}

                    @Override
                    public Health monitor() {
                        return isBroken.get() && name.equals("web")
                                ? Health.failed(Severity.SOFT, "it is broken")
                                : Health.healthy();
                    }
                })
                .build();
    }
}
