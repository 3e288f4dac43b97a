package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.samples.mutualfailover.MutualFailover;
import org.understudy.ha.testkit.netns.InNamespaces;

/** What is broken on purpose must show: a measurement that cannot fail proves nothing. */
@InNamespaces
@Timeout(150)
class SabotageNetnsIT {

    @Test
    void an_old_owner_that_takes_the_address_while_it_restarts_is_heard() {
        try (Stage stage = stage(StubbornServer.class)) {
            stage.settle();
            Result result = stage.run(Fault.KILL, 1).result();
            assertThat(result.unheard()).isEmpty();
            assertThat(result.doubleNanos()).as(result.toJson()).isGreaterThan(50_000_000);
            assertThat(result.isGood()).isFalse();
        }
    }

    @Test
    void a_run_with_broken_ears_is_bad() throws IOException, InterruptedException {
        try (Stage stage = stage(MutualFailover.class)) {
            stage.settle();
            // Nothing but the questions to serv1 goes through this card.
            assertThat(new ProcessBuilder("ip", "-n", "client1", "link", "set", "ear1", "down")
                            .inheritIO()
                            .start()
                            .waitFor())
                    .isZero();
            Result result = stage.run(Fault.HANDOVER, 1).result();
            assertThat(result.doubleNanos()).isZero();
            assertThat(result.isGood()).isFalse();
            assertThat(result.toJson()).contains("\"double_ms\":null");
            assertThat(result.unheard())
                    .hasSize(3)
                    .allSatisfy(sentence -> assertThat(sentence).contains("did not hear serv1"));
        }
    }

    private static Stage stage(Class<?> server) {
        // The extension gives each test a directory of its own, and removes it.
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        Map<String, Path> keys = new LinkedHashMap<>();
        ClusterCertificates.create(
                        scratch.resolve("keys"),
                        "mutual-failover",
                        List.of(NodeId.of("serv1"), NodeId.of("serv2"), NodeId.of("witness")))
                .nodes()
                .forEach((node, directory) -> keys.put(node.value(), directory));
        return Stage.build(server.getName(), scratch, keys);
    }
}
