package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.membership.agents.OcfAgent;

/** Whole nodes with an agent that Debian ships; each node has a file of its own in the place of a host. */
@Timeout(180)
class AgentGroupIT {

    @TempDir
    Path directory;

    @Test
    void an_agent_starts_with_its_group_is_started_again_when_it_ends_and_moves() throws Exception {
        assumeTrue(
                Files.isExecutable(OcfAgent.ROOT.resolve("resource.d/heartbeat/Dummy")),
                "NOT SHOWN: there are no resource agents here; apt-get install --no-install-recommends"
                        + " resource-agents");
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            serv1.resources().register(group("serv1"));
            serv2.resources().register(group("serv2"));

            await(() -> isRunning(serv1) && Files.exists(state("serv1")));
            assertThat(state("serv2")).doesNotExist();
            Files.delete(state("serv1"));
            await(() -> isRunning(serv1) && Files.exists(state("serv1")));

            assertThat(serv1.resources()
                            .move("dummy", NodeId.of("serv2"), Duration.ofSeconds(30))
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .outcome())
                    .isEqualTo(MoveResult.Outcome.DONE);
            await(() -> isRunning(serv2) && Files.exists(state("serv2")));
            assertThat(state("serv1")).doesNotExist();
            assertThat(serv2.resources().status("dummy").proof()).contains(ProofKind.RELEASED);
        }
    }

    private Path state(String node) {
        return directory.resolve(node + ".state");
    }

    private Group group(String node) {
        OcfAgent dummy = OcfAgent.builder("dummy", "ocf:heartbeat:Dummy")
                .environment("HA_RSCTMP", directory.toString())
                .parameter("state", state(node).toString())
                .lookEvery(Duration.ofMillis(200))
                .build();
        return Group.named("dummy")
                .prefer("serv1", "serv2")
                .resource("dummy", dummy)
                .startBudget(dummy.startBudget())
                .stopBudget(dummy.stopBudget())
                .build();
    }

    private static boolean isRunning(HaNode node) {
        return node.resources().status().stream()
                .anyMatch(status -> status.group().equals("dummy") && status.state() == GroupStatus.State.RUNNING);
    }
}
