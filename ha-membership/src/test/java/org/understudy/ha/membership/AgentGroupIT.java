package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.ManagedResource;
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

    /** The agent keeps its role in its file: each node can be seen to be unpromoted or promoted. */
    @Test
    void an_agent_with_two_roles_runs_on_both_nodes_and_is_promoted_on_one() throws Exception {
        assumeTrue(
                Files.isExecutable(OcfAgent.ROOT.resolve("resource.d/heartbeat/Stateful")),
                "NOT SHOWN: there are no resource agents here; apt-get install --no-install-recommends"
                        + " resource-agents");
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            OcfAgent own = stateful("serv1", false);
            serv1.resources().register(promotable(own));
            serv2.resources().register(promotable(stateful("serv2", false)));

            await(() -> roles().equals(List.of("master", "slave")) || roles().equals(List.of("slave", "master")));
            HaNode owner = role("serv1").equals("master") ? serv1 : serv2;
            HaNode other = owner == serv1 ? serv2 : serv1;
            await(() -> owner.resources().status("site").state() == GroupStatus.State.RUNNING);
            assertThat(own.budget(ManagedResource.Call.PROMOTE)).contains(Duration.ofSeconds(20));

            // The other one's score may still be on its way.
            await(() -> owner.resources()
                            .move("site", other.id(), Duration.ofSeconds(30))
                            .toCompletableFuture()
                            .join()
                            .outcome()
                    == MoveResult.Outcome.DONE);
            await(() -> role(other.id().value()).equals("master")
                    && role(owner.id().value()).equals("slave"));

            // Its promoted one loses its role by itself: it is looked at as promoted, and is taken over.
            Files.writeString(state(other.id().value()), "slave\n");
            await(() -> role(owner.id().value()).equals("master"));
            await(() -> role(other.id().value()).equals("slave"));
        }
        assertThat(state("serv1")).doesNotExist();
        assertThat(state("serv2")).doesNotExist();
    }

    @Test
    void an_agent_that_starts_promoted_is_refused_where_the_group_promotes() throws Exception {
        assumeTrue(Files.isExecutable(OcfAgent.ROOT.resolve("resource.d/heartbeat/Stateful")), "NOT SHOWN");
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            assertThatThrownBy(() -> serv1.resources().register(promotable(stateful("serv1", true))))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("without promoted()");
        }
    }

    private OcfAgent stateful(String node, boolean isPromoted) {
        OcfAgent.Builder builder = OcfAgent.builder("site", "ocf:heartbeat:Stateful")
                .environment("HA_RSCTMP", directory.toString())
                .parameter("state", state(node).toString())
                .lookEvery(Duration.ofMillis(200));
        return (isPromoted ? builder.promoted() : builder).build();
    }

    private static Group promotable(OcfAgent agent) {
        return Group.named("site")
                .prefer("serv1", "serv2")
                .copies(2)
                .promotable()
                .resource("site", agent)
                .build();
    }

    private List<String> roles() {
        return List.of(role("serv1"), role("serv2"));
    }

    private String role(String node) {
        try {
            return Files.readString(state(node)).strip();
        } catch (IOException e) {
            return "stopped";
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
