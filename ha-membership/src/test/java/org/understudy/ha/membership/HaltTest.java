package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;

/** A process that is halted because a group in it cannot be stopped. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class HaltTest {

    @TempDir
    Path directory;

    @Test
    void what_cannot_be_stopped_halts_a_process_that_allows_it_and_another_node_takes_over() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            Path said = directory.resolve("said");
            Process serv1 = start(cluster.ports(), said);
            try {
                serv2.resources().register(HaltingNode.group(new Idle()));
                await(() -> holder(serv2).equals("serv1 RUNNING"));
                // Refused until this node's offer is known.
                await(() -> !serv1.isAlive() || isOrderedHere(serv2));

                assertThat(serv1.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(serv1.exitValue()).isEqualTo(70);
                await(() -> holder(serv2).equals("serv2 RUNNING"));
            } finally {
                serv1.destroyForcibly();
            }

            assertThat(serv2.resources().status("files").proof()).contains(ProofKind.DIED);
            await(() -> serv2.history().newest("files", 10).stream()
                    .anyMatch(decision -> decision.proof().equals(Optional.of(ProofKind.DIED))
                            && decision.from().map(Object::toString).equals(Optional.of("serv1#1"))));
            // Its last words, although a listener hangs over them.
            assertThat(Files.readString(said))
                    .contains("> alarm the group could not be stopped and is blocked")
                    .contains("the disk is busy")
                    .contains("group files cannot be stopped: halting this process, as the host allowed");
        }
    }

    private static boolean isOrderedHere(HaNode serv2) {
        serv2.resources().move("files", NodeId.of("serv2"), Duration.ofSeconds(5));
        return serv2.resources().status("files").atHolder().equals(Optional.of(GroupStatus.State.STOPPING));
    }

    private static String holder(HaNode node) {
        return node.resources().status().stream()
                .filter(status -> status.group().equals("files"))
                .flatMap(status -> status.holder().stream()
                        .map(holder -> holder.node() + " " + status.atHolder().orElse(GroupStatus.State.RUNNING)))
                .findFirst()
                .orElse("");
    }

    private Process start(List<Integer> ports, Path said) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                HaltingNode.class.getName(),
                directory.toString()));
        ports.forEach(port -> command.add(port.toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
    }

    private static final class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public void stop(StopContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }
}
