package org.understudy.ha.membership;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.ProcessPolicy;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/**
 * The node serv1 in a process of its own, which may be halted, with a group that cannot be stopped. Arguments: directory, and the ports of the
 * three nodes. Says each alarm on standard output.
 */
final class HaltingNode {

    private HaltingNode() {}

    public static void main(String[] arguments) throws InterruptedException {
        List<Integer> ports = Stream.of(arguments).skip(1).map(Integer::valueOf).toList();
        HaNode node = ThreeNodesOnLoopback.builder(
                        Path.of(arguments[0]), "serv1", List.of("serv1", "serv2", "witness"), ports)
                .timing(ThreeNodesOnLoopback.PATIENT)
                .processPolicy(ProcessPolicy.HALT_ALLOWED)
                .start();
        node.listen(event -> {
            if (event instanceof HaEvent.Alarm alarm) {
                System.out.println("> alarm " + alarm.sentence());
                if (alarm.sentence().contains("is blocked")) {
                    awaitForEver();
                }
            }
        });
        node.resources().register(group(new Stuck()));
        awaitForEver();
    }

    static Group group(ManagedResource resource) {
        return Group.named("files")
                .prefer("serv1", "serv2")
                .stopBudget(Duration.ofSeconds(1))
                .resource("app", resource)
                .build();
    }

    private static void awaitForEver() {
        boolean isOver = false;
        while (!isOver) {
            try {
                new CountDownLatch(1).await();
                isOver = true;
            } catch (InterruptedException e) {
                System.out.println("> interrupted");
            }
        }
    }

    private static final class Stuck implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public void stop(StopContext context) throws ResourceException {
            throw new ResourceException(Severity.SOFT, "the disk is busy");
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }
}
