package org.understudy.ha.samples.enforcement;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.config.ProcessPolicy;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/**
 * A node with a resource that looks at no lease and no token: while it is started it writes the time of the boot clock to its own file,
 * again and again. Arguments: name, directory, policy, the ports of a, b and the witness. What happens is told in lines.
 */
final class PlainNode {
    private PlainNode() {}

    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        Path directory = Path.of(arguments[1]);
        HaNodeBuilder builder = HaNode.builder()
                .cluster("plain")
                .node(name)
                .peer("a", "127.0.0.1:" + arguments[3])
                .peer("b", "127.0.0.1:" + arguments[4])
                .witness("w", "127.0.0.1:" + arguments[5])
                .stateDirectory(directory.resolve(name))
                .processPolicy(ProcessPolicy.valueOf(arguments[2]))
                .insecure()
                .form();
        HaNode node = builder.start();
        say("up " + ProcessHandle.current().pid() + " "
                + ProcessHandle.current()
                        .children()
                        .map(ProcessHandle::pid)
                        .findFirst()
                        .orElse(0L));
        node.listen(event -> {
            if (event instanceof HaEvent.Alarm alarm) {
                say("alarm " + alarm.sentence());
            } else if (event instanceof HaEvent.GroupChanged change) {
                say("group " + change.status().state() + " "
                        + change.status().holder().map(Object::toString).orElse("-") + " "
                        + change.status().proof().map(Object::toString).orElse("-"));
            }
        });
        if (!name.equals("w")) {
            node.resources()
                    .register(Group.named("plain")
                            .prefer("a", "b")
                            .resource("writer", new Writer(directory.resolve(name + ".acts")))
                            .build());
        }
        while (System.in.read() >= 0) {
            say("coverage " + node.resources().coverage("plain"));
        }
        node.close();
    }

    private static void say(String line) {
        System.out.println("> " + line);
    }

    /** Stops when it is told to, and not when its lease is over. */
    private static final class Writer implements ManagedResource {
        private final Path file;
        private volatile boolean isWanted;
        private Thread thread = new Thread();

        private Writer(Path file) {
            this.file = file;
        }

        @Override
        public void start(StartContext context) {
            isWanted = true;
            say("acting " + context.proof() + " " + new LinuxHostPort().bootNanos());
            thread = new Thread(this::write, "writer");
            thread.start();
        }

        private void write() {
            LinuxHostPort host = new LinuxHostPort();
            while (isWanted) {
                try {
                    Files.writeString(
                            file, host.bootNanos() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                LockSupport.parkNanos(500_000);
            }
        }

        @Override
        public void stop(StopContext context) throws InterruptedException {
            isWanted = false;
            thread.join();
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }
}
