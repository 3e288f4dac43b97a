package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.security.ClusterCertificates;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.InNamespaces;
import org.understudy.ha.testkit.netns.Lab;
import org.understudy.ha.testkit.netns.Side;

/** Whole nodes: a server whose router is silent, though cable and cluster are well, loses its group to one that reaches it. */
@InNamespaces
@Timeout(150)
class SilentGatewayNetnsIT {
    private static final long ASKED_NANOS = TimeUnit.SECONDS.toNanos(3);

    @Test
    void a_silent_gateway_moves_the_group_and_explain_says_so() {
        // The extension gives each test inside a directory of its own, and removes it.
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        List<String> names = List.of("serv1", "serv2", "witness");
        Map<String, Path> keys = new LinkedHashMap<>();
        ClusterCertificates.create(
                        scratch.resolve("keys"),
                        "mutual-failover",
                        names.stream().map(NodeId::of).toList())
                .nodes()
                .forEach((node, directory) -> keys.put(node.value(), directory));
        // Forwarded: a split cuts the LAN only, and the nodes go on talking.
        try (Lab lab = Lab.builder()
                .forwarded(1)
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .host("witness", Side.B)
                .client("router", Side.B)
                .build()) {
            Map<String, SampleNode> nodes = names.stream()
                    .collect(Collectors.toMap(
                            name -> name,
                            name -> new SampleNode(
                                    lab.host(name),
                                    RoutedServer.class.getName(),
                                    scratch.resolve(name),
                                    keys.get(name))));
            nodes.values().forEach(SampleNode::start);
            SampleNode one = nodes.get("serv1");
            SampleNode two = nodes.get("serv2");
            Host router = lab.host("router");
            assertThat(router.lanAddress()).isEqualTo(RoutedServer.ROUTER);
            await("serv1 owns the group", one, () -> one.owned(Stage.GROUP).isPresent());
            long before = one.owned(Stage.GROUP).orElseThrow().token();
            await(
                    "the router was asked",
                    one,
                    () -> router.run("ip", "neigh", "show", "to", one.host().lanAddress())
                            .contains(one.host().lanMac()));
            // A router that never answered is not lost, so its answers are to be heard.
            long asked = System.nanoTime();
            await("its answers were heard", one, () -> System.nanoTime() - asked > ASKED_NANOS);
            assertThat(one.owned(Stage.GROUP).map(Result.Owner::token)).contains(before);

            lab.split();
            await("serv2 owns the group", two, () -> two.owned(Stage.GROUP).isPresent());
            assertThat(one.host().hasLanCarrier()).isTrue();
            Optional<Result.Owner> after = two.owned(Stage.GROUP);
            assertThat(after.map(Result.Owner::proof)).contains("RELEASED");
            assertThat(after.orElseThrow().token()).isGreaterThan(before);
            assertThat(addresses(one.host())).doesNotContain("10.77.0.50");
            assertThat(addresses(two.host())).contains("10.77.0.50/32");
            for (SampleNode node : List.of(one, two)) {
                await("explain says why on " + node.name(), node, () -> {
                    node.command("explain");
                    return node.tail()
                            .lines()
                            .anyMatch(line -> line.contains("because: ")
                                    && line.contains("gateway " + RoutedServer.ROUTER + " does not answer on lan0"));
                });
            }
        }
    }

    private static String addresses(Host host) {
        return host.run("ip", "addr", "show", "dev", "lan0");
    }

    private static void await(String what, SampleNode node, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(40)) {
                throw new AssertionError("not within 40 s: " + what + "\n" + node.tail());
            }
            Thread.onSpinWait();
        }
    }
}
