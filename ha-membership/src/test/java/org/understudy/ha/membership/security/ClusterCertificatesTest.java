package org.understudy.ha.membership.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.NodeId;

@Timeout(60)
class ClusterCertificatesTest {
    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");

    @TempDir
    private Path scratch;

    @Test
    void one_call_makes_keys_that_load_and_an_authority_that_signs_further_nodes() throws IOException {
        ClusterCertificates made = ClusterCertificates.create(scratch.resolve("keys"), "shop", List.of(A, B));
        Path added = ClusterCertificates.addNode(made.directory(), NodeId.of("late"));

        assertThat(NodeKeys.load(made.nodes().get(A)).node()).isEqualTo(A);
        assertThat(NodeKeys.load(made.nodes().get(B)).cluster()).isEqualTo("shop");
        assertThat(NodeKeys.load(added).node()).isEqualTo(NodeId.of("late"));
        assertThat(filesBelow(scratch))
                .as("nothing else is left, no draft and no log")
                .containsExactlyInAnyOrder(
                        "keys/ca/keys.p12",
                        "keys/ca/password",
                        "keys/ca/secret",
                        "keys/a/keys.p12",
                        "keys/a/trust.p12",
                        "keys/a/password",
                        "keys/a/secret",
                        "keys/b/keys.p12",
                        "keys/b/trust.p12",
                        "keys/b/password",
                        "keys/b/secret",
                        "keys/late/keys.p12",
                        "keys/late/trust.p12",
                        "keys/late/password",
                        "keys/late/secret");
        try (Stream<Path> tree = Files.walk(made.directory())) {
            for (Path path : tree.toList()) {
                String expected = Files.isDirectory(path) ? "rwx------" : "rw-------";
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .as(path.toString())
                        .isEqualTo(expected);
            }
        }
        assertThatThrownBy(() -> ClusterCertificates.addNode(made.directory(), A))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("never overwritten");
    }

    @Test
    void all_nodes_of_a_cluster_derive_the_same_key_and_other_clusters_another() {
        ClusterCertificates made = ClusterCertificates.create(scratch.resolve("keys"), "shop", List.of(A, B));
        Path added = ClusterCertificates.addNode(made.directory(), NodeId.of("late"));
        ClusterCertificates other = ClusterCertificates.create(scratch.resolve("other"), "shop", List.of(A));
        byte[] key = key(made.nodes().get(A), "addresses");
        assertThat(key)
                .hasSize(32)
                .isEqualTo(key(made.nodes().get(B), "addresses"))
                .isEqualTo(key(added, "addresses"))
                .isNotEqualTo(key(made.nodes().get(A), "other"))
                .isNotEqualTo(key(other.nodes().get(A), "addresses"));
    }

    @Test
    void an_authority_made_before_there_were_secrets_signs_nodes_with_one_and_its_old_nodes_go_on() throws IOException {
        ClusterCertificates made = ClusterCertificates.create(scratch.resolve("keys"), "shop", List.of(A));
        Files.delete(made.authority().resolve("secret"));
        Files.delete(made.nodes().get(A).resolve("secret"));
        Path late = ClusterCertificates.addNode(made.directory(), NodeId.of("late"));
        assertThat(NodeKeys.load(made.nodes().get(A)).clusterKey("addresses")).isEmpty();
        Files.copy(made.authority().resolve("secret"), made.nodes().get(A).resolve("secret"));
        assertThat(key(made.nodes().get(A), "addresses")).isEqualTo(key(late, "addresses"));
    }

    private static byte[] key(Path directory, String purpose) {
        return NodeKeys.load(directory).clusterKey(purpose).orElseThrow();
    }

    @Test
    void existing_files_are_never_overwritten() throws IOException {
        Path directory = Files.createDirectory(scratch.resolve("keys"));
        Files.writeString(directory.resolve("mine"), "precious");

        assertThatThrownBy(() -> ClusterCertificates.create(directory, "shop", List.of(A)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("never overwritten");
        assertThat(filesBelow(scratch)).containsExactly("keys/mine");
    }

    @Test
    void all_mistakes_in_the_node_list_are_named_at_once() {
        assertThatThrownBy(() ->
                        ClusterCertificates.create(scratch.resolve("keys"), "shop", List.of(A, NodeId.of("ca"), A)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("named twice")
                .hasMessageContaining("rename the node");
        assertThatThrownBy(() -> ClusterCertificates.create(scratch.resolve("keys"), "no such name", List.of(A)))
                .hasMessageContaining("is not a cluster name");
        assertThatThrownBy(() -> ClusterCertificates.create(scratch.resolve("no/parent"), "shop", List.of(A)))
                .hasMessageContaining("no parent directory");
        assertThatThrownBy(() -> ClusterCertificates.addNode(scratch, A))
                .hasMessageContaining("holds no certificate authority");
    }

    @Test
    void a_java_without_keytool_is_named_with_the_remedy() {
        assertThatThrownBy(() -> Keytool.below(scratch))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("has no bin/keytool")
                .hasMessageContaining("complete JDK or JRE 17");
    }

    private static List<String> filesBelow(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.filter(Files::isRegularFile)
                    .map(path -> root.relativize(path).toString())
                    .toList();
        }
    }
}
