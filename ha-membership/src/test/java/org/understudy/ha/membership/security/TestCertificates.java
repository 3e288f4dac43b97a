package org.understudy.ha.membership.security;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.understudy.ha.api.NodeId;

/** Certificates made once for all tests of this JVM, because keytool takes its time. */
public final class TestCertificates {
    private static final Map<String, ClusterCertificates> MADE = new LinkedHashMap<>();

    private TestCertificates() {}

    /** Keys of a node of cluster {@code demo}, which has a, b, c, d, and a stranger that no test configures. */
    public static NodeKeys demo(String node) {
        return NodeKeys.load(demoDirectory(node));
    }

    public static Path demoDirectory(String node) {
        return cluster("demo", ClusterCertificates.Validity.STANDARD, "a", "b", "c", "d", "stranger")
                .nodes()
                .get(NodeId.of(node));
    }

    /** Keys of node a or b of another cluster that is called demo as well. */
    public static NodeKeys impostor(String node) {
        return NodeKeys.load(impostorDirectory(node));
    }

    public static Path impostorDirectory(String node) {
        return cluster("demo/impostor", ClusterCertificates.Validity.STANDARD, "a", "b")
                .nodes()
                .get(NodeId.of(node));
    }

    /** Keys of node c, signed by the authority of cluster demo, with a certificate that ended two days ago. */
    public static synchronized Path expiredDirectory() {
        Path demo = demoDirectory("c").getParent();
        Path expired = demo.resolve("expired");
        return Files.exists(expired)
                ? expired
                : ClusterCertificates.addNode(
                        demo, expired, NodeId.of("c"), new ClusterCertificates.Validity("-3d", 0, 1));
    }

    private static synchronized ClusterCertificates cluster(
            String key, ClusterCertificates.Validity validity, String... nodes) {
        return MADE.computeIfAbsent(key, name -> {
            try {
                Path directory = Files.createTempDirectory("understudy-certificates");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
                return ClusterCertificates.create(
                        directory.resolve("made"),
                        name.split("/")[0],
                        Stream.of(nodes).map(NodeId::of).toList(),
                        validity);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static void delete(Path root) {
        try (Stream<Path> tree = Files.walk(root)) {
            List<Path> paths = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path path : paths) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
