package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.samples.mutualfailover.MutualFailover;
import org.understudy.ha.testkit.netns.InNamespaces;

/** The sample on a real kernel: every fault of the demo, with the proof it must lead to and never two hosts that answer. */
@InNamespaces
@Timeout(280)
class MutualFailoverNetnsIT {

    private static final Map<Fault, ProofKind> PROOFS = Map.of(
            Fault.HANDOVER, ProofKind.RELEASED,
            Fault.KILL, ProofKind.DIED,
            Fault.UNPLUG, ProofKind.RELEASED,
            Fault.PAUSE, ProofKind.EXPIRED,
            Fault.POWEROFF, ProofKind.EXPIRED,
            Fault.SPLIT, ProofKind.EXPIRED);

    @Test
    void the_other_server_takes_over_with_the_right_proof_and_a_higher_token_and_never_do_two_hosts_answer() {
        // The extension gives each test inside a directory of its own, and removes it.
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        Map<String, Path> keys = new LinkedHashMap<>();
        ClusterCertificates.create(
                        scratch.resolve("keys"),
                        "mutual-failover",
                        List.of(NodeId.of("serv1"), NodeId.of("serv2"), NodeId.of("witness")))
                .nodes()
                .forEach((node, directory) -> keys.put(node.value(), directory));
        assertThat(PROOFS.keySet()).containsExactlyInAnyOrder(Fault.values());
        try (Stage stage = Stage.build(MutualFailover.class.getName(), scratch, keys)) {
            stage.settle();
            SoftAssertions.assertSoftly(softly -> {
                for (Fault fault : Fault.values()) {
                    Result result = stage.run(fault, 1).result();
                    softly.assertThat(result.isGood()).as(result.toJson()).isTrue();
                    softly.assertThat(result.after().map(Result.Owner::proof))
                            .as(result.toJson())
                            .contains(PROOFS.get(fault).name());
                    stage.settle();
                }
            });
        }
    }
}
