package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Scanner;
import java.util.Set;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.FloatingAddress;

/**
 * A node with one group: a service behind an IPv4 and an IPv6 address that move as one resource.
 *
 * <p>Arguments: name, state directory, key directory. Command: {@code move NODE}. Prints {@code N}, instant and state of the node; {@code G},
 * instant, state of the group and its token; {@code M}, instant and what a resource has begun or done.
 */
public final class TakeoverNode {
    static final String GROUP = "service";
    static final String FOUR = "10.77.0.50";
    static final String SIX = "fd77::50";

    private TakeoverNode() {}

    public static void main(String[] arguments) {
        String name = arguments[0];
        try (HaNode node = HaNode.builder()
                .cluster("takeover-figures")
                .node(name)
                .peer("serv1", "10.88.0.1:7400")
                .peer("serv2", "10.88.0.2:7400")
                .witness("witness", "10.88.0.3:7400")
                .stateDirectory(Path.of(arguments[1]))
                .keys(Path.of(arguments[2]))
                .form()
                .start()) {
            node.listen(TakeoverNode::tell);
            if (!name.equals("witness")) {
                FloatingAddress addresses = FloatingAddress.builder()
                        .networkInterface("lan0")
                        .address(FOUR)
                        .address(SIX)
                        .build();
                node.resources()
                        .register(Group.named(GROUP)
                                .prefer("serv1", "serv2")
                                .resourceBehindAddress("service", new Marked("service", new Service(name)))
                                .resource("addresses", new Marked("addresses", addresses))
                                .build());
            }
            Scanner in = new Scanner(System.in);
            while (in.hasNextLine()) {
                String[] words = in.nextLine().split(" ");
                say("M", System.nanoTime(), "move-heard");
                node.resources()
                        .move(GROUP, NodeId.of(words[1]), Duration.ofSeconds(5))
                        .thenAccept(result -> System.err.println("move to " + words[1] + ": " + result));
            }
        } catch (HaException e) {
            System.err.println(name + ": " + e.getMessage());
            System.exit(1);
        }
    }

    private static void tell(HaEvent event) {
        long now = System.nanoTime();
        if (event instanceof HaEvent.GroupChanged changed) {
            GroupStatus status = changed.status();
            say("G", now, status.state(), status.token().map(t -> t.value()).orElse(0L));
        } else if (event instanceof HaEvent.NodeChanged changed) {
            say("N", now, changed.state());
        }
    }

    private static void say(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words) {
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        System.out.println(line);
    }

    private record Service(String name, TakeoverService served) implements ManagedResource {
        Service(String name) {
            this(name, new TakeoverService());
        }

        @Override
        public void prepare(PrepareContext context) {
            served.prepare();
        }

        @Override
        public void retire() {
            served.retire();
        }

        @Override
        public void start(StartContext context) throws ResourceException {
            try {
                served.open(name);
            } catch (IOException e) {
                throw new ResourceException(Severity.HARD, "cannot listen: " + e.getMessage(), e);
            }
        }

        @Override
        public void stop(StopContext context) throws ResourceException {
            try {
                served.close();
            } catch (IOException e) {
                throw new ResourceException(Severity.SOFT, "a port may still be open: " + e.getMessage(), e);
            }
        }

        @Override
        public Health monitor() {
            return served.isOpen() ? Health.healthy() : Health.notRunning();
        }

        @Override
        public boolean endsWithItsThreads() {
            return true;
        }
    }

    /** A resource that tells when it is started and stopped, and is what it stands for otherwise. */
    private record Marked(String name, ManagedResource real) implements ManagedResource {
        @Override
        public void prepare(PrepareContext context) throws ResourceException, InterruptedException {
            real.prepare(context);
        }

        @Override
        public void unprepare() {
            real.unprepare();
        }

        @Override
        public void retire() {
            real.retire();
        }

        @Override
        public void start(StartContext context) throws ResourceException, InterruptedException {
            long begin = System.nanoTime();
            real.start(context);
            long end = System.nanoTime();
            say("M", begin, name + "-start");
            say("M", end, name + "-started");
        }

        @Override
        public void stop(StopContext context) throws ResourceException, InterruptedException {
            long begin = System.nanoTime();
            real.stop(context);
            long end = System.nanoTime();
            say("M", begin, name + "-stop");
            say("M", end, name + "-stopped");
        }

        @Override
        public Health monitor() {
            return real.monitor();
        }

        @Override
        public Presence probe() {
            return real.probe();
        }

        @Override
        public String probeDetail() {
            return real.probeDetail();
        }

        @Override
        public Eligibility eligibility() {
            return real.eligibility();
        }

        @Override
        public boolean kill() {
            return real.kill();
        }

        @Override
        public Scope scope() {
            return real.scope();
        }

        @Override
        public boolean endsWithItsThreads() {
            return real.endsWithItsThreads();
        }

        @Override
        public Set<Enforcement> enforcements() {
            return real.enforcements();
        }

        @Override
        public List<String> remains() {
            return real.remains();
        }
    }
}
