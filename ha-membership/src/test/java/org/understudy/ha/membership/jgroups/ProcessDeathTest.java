package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.security.TestCertificates;

/** A real process is killed, stopped and resumed. Prints how long each took to be seen; asserts only that it was. */
@Timeout(60)
@Isolated
class ProcessDeathTest {
    private final TestCluster cluster = TestCluster.secure("a", "b", "c");

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void death_stop_and_return_of_a_process_show_in_the_view_and_do_not_disturb_a_third_node(boolean isCoordinator)
            throws IOException, InterruptedException {
        String role = isCoordinator ? "coordinator" : "participant";
        Process process = isCoordinator ? launch() : null;
        try (LogLines lines = new LogLines();
                JGroupsChannel a = cluster.channel("a");
                JGroupsChannel b = cluster.channel("b")) {
            Wiretap atA = new Wiretap();
            Wiretap atB = new Wiretap();
            long forming = System.nanoTime();
            a.start(atA);
            b.start(atB);
            if (process == null) {
                atA.awaitView("a", "b");
                process = launch();
            }
            List<NodeId> view = atA.awaitView("a", "b", "c");
            report(role + ", form a view", forming);
            assertThat(view.get(0).equals(NodeId.of("c"))).isEqualTo(isCoordinator);
            atB.awaitView("a", "b", "c");

            long stopped = System.nanoTime();
            signal(process, "STOP");
            fillTheWindow(a);
            atA.awaitView("a", "b");
            report(role + ", SIGSTOP seen in the view", stopped);
            atB.awaitView("a", "b");

            a.send(NodeId.of("b"), "beside a full window".getBytes());
            atB.awaitFrame("a:beside a full window");
            long resumed = System.nanoTime();
            signal(process, "CONT");
            Thread sender = new Thread(() -> askUntilAnswered(a, atA), "test-asking");
            sender.start();
            atA.awaitFrame("c:echo hello");
            report(role + ", first frame after SIGCONT", resumed);
            atA.awaitView("a", "b", "c");
            report(role + ", back in the view after SIGCONT", resumed);
            atB.awaitView("a", "b", "c");
            sender.join();

            role = atA.view().get(0).equals(NodeId.of("c")) ? "coordinator" : "participant";
            long killed = System.nanoTime();
            process.destroyForcibly().waitFor();
            atA.awaitView("a", "b");
            report(role + ", kill -9 seen in the view", killed);
            atB.awaitView("a", "b");

            assertThat(lines.warnings())
                    .as("a peer that is away is no reason to warn")
                    .isEmpty();
        } finally {
            if (process != null) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** More than the sockets of both sides hold: whoever writes to the stopped process now blocks. */
    private static void fillTheWindow(JGroupsChannel a) {
        for (int i = 0; i < 300; i++) {
            a.send(NodeId.of("c"), new byte[1 << 20]);
        }
    }

    private static void askUntilAnswered(JGroupsChannel a, Wiretap atA) {
        while (!atA.frames().contains("c:echo hello")) {
            a.send(NodeId.of("c"), "hello".getBytes());
            atA.awaitChange(10);
        }
    }

    private Process launch() throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChannelProcess.class.getName(),
                        "c",
                        TestCertificates.demoDirectory("c").toString(),
                        "a=" + cluster.address("a").getPort(),
                        "b=" + cluster.address("b").getPort(),
                        "c=" + cluster.address("c").getPort()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        String line = "";
        BufferedReader errors = process.errorReader();
        while (line != null && !line.equals("READY")) {
            line = errors.readLine();
        }
        assertThat(line).as("the node process started").isNotNull();
        return process;
    }

    private static void signal(Process process, String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    private static void report(String what, long since) {
        System.out.printf("channel: %s: %.0f ms%n", what, (System.nanoTime() - since) / 1e6);
    }
}
