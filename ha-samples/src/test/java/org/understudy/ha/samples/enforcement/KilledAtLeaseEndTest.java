package org.understudy.ha.samples.enforcement;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/** Three processes on loopback; {@code -Denforcement.rounds=10} repeats the pauses for figures. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledAtLeaseEndTest {
    private static final Logger LOG = LoggerFactory.getLogger(KilledAtLeaseEndTest.class);
    private static final int KILLED = 128 + 9;
    private static final int ROUNDS = Integer.getInteger("enforcement.rounds", 1);
    private static final String CONSENT = "KILL_AT_LEASE_END";

    @TempDir
    Path directory;

    private final LinuxHostPort host = new LinuxHostPort();
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final List<Integer> ports = new ArrayList<>();

    @BeforeEach
    void choosePorts() throws IOException {
        // None of those that the kernel gives to whoever connects: ip(7), ip_local_port_range.
        for (int port = 32_000 + (int) (ProcessHandle.current().pid() % 700); ports.size() < 3; port++) {
            try (ServerSocket streams = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket datagrams = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                assertThat(streams.isBound() && datagrams.isBound()).isTrue();
                ports.add(port);
            } catch (BindException e) {
                // Somebody has it.
                continue;
            }
        }
    }

    @AfterEach
    void endAll() {
        nodes.values().forEach(Node::close);
    }

    @Test
    void a_paused_owner_is_killed_by_its_kernel_and_the_other_takes_over() throws Exception {
        pausesOfTheOwner("a kernel timer", false);
    }

    @Test
    void a_paused_owner_is_killed_by_its_guardian_and_the_other_takes_over() throws Exception {
        pausesOfTheOwner("the guardian", true);
    }

    /** The owner is resumed where its lease ends: who comes back too late must not be there any more. */
    private void pausesOfTheOwner(String killer, boolean isTimerless) throws Exception {
        start(CONSENT, isTimerless);
        Node owner = nodes.get("a");
        Node other = nodes.get("b");
        owner.await("acting");
        assertThat(owner.coverage()).contains("PROCESS_KILL").contains(killer);
        for (int round = 0; round < ROUNDS; round++) {
            long stopped = host.bootNanos();
            signal("STOP", owner.process.pid());
            String acting = other.await("acting");
            long begun = Long.parseLong(acting.split(" ")[2]);
            signalIfThere("CONT", owner.process.pid());

            assertThat(owner.process.waitFor()).isEqualTo(KILLED);
            assertThat(acting.split(" ")[1]).isIn("DIED", "EXPIRED");
            assertThat(lastAct(owner))
                    .as("no act of the old owner after the first of the new")
                    .isLessThan(begun);
            LOG.info(
                    "{}: paused owner replaced after {} ms with proof {}",
                    killer,
                    (begun - stopped) / 1_000_000,
                    acting.split(" ")[1]);
            Node again = start(owner.name, CONSENT, isTimerless);
            again.await("group ELSEWHERE");
            owner = other;
            other = again;
        }
    }

    @Test
    void an_owner_that_stops_in_time_is_not_killed() throws Exception {
        start(CONSENT, false);
        Node owner = nodes.get("a");
        owner.await("acting");
        signal("STOP", nodes.get("b").process.pid());
        signal("STOP", nodes.get("w").process.pid());

        owner.await("group UNOWNED");
        long stopped = lastAct(owner);
        assertThat(owner.process.waitFor(1500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(lastAct(owner)).as("it acts no more").isEqualTo(stopped);

        signal("CONT", nodes.get("b").process.pid());
        signal("CONT", nodes.get("w").process.pid());
        owner.await("acting", "group ELSEWHERE");
        assertThat(owner.process.isAlive()).isTrue();
    }

    @Test
    void a_lost_killer_is_an_alarm_and_covers_nothing_any_more() throws Exception {
        start(CONSENT, true);
        Node owner = nodes.get("a");
        owner.await("acting");
        owner.guardian.orElseThrow().destroyForcibly();

        owner.await("alarm PROCESS_KILL by the guardian");
        assertThat(owner.coverage()).contains("NOT COVERED").contains("guardian process has ended");
        assertThat(owner.process.isAlive()).isTrue();
    }

    @Test
    void without_consent_nobody_is_killed_and_nobody_takes_over() throws Exception {
        start("NEVER_HALT", false);
        Node owner = nodes.get("a");
        owner.await("acting");
        assertThat(owner.coverage()).contains("NOT COVERED").contains("KILL_AT_LEASE_END");
        signal("STOP", owner.process.pid());

        assertThat(nodes.get("b").hears("acting", 3000)).isFalse();
        assertThat(owner.process.isAlive()).isTrue();
        signal("CONT", owner.process.pid());
    }

    private void start(String policy, boolean isTimerless) throws IOException {
        for (String name : List.of("a", "b", "w")) {
            start(name, policy, isTimerless);
        }
    }

    private Node start(String name, String policy, boolean isTimerless) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                (isTimerless ? timerlessPath() + ":" : "") + System.getProperty("java.class.path"),
                PlainNode.class.getName(),
                name,
                directory.toString(),
                policy));
        ports.forEach(port -> command.add(Integer.toString(port)));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(name + ".err").toFile()))
                .start();
        Node node = new Node(name, process);
        nodes.put(name, node);
        String[] up = node.await("up").split(" ");
        node.guardian = ProcessHandle.of(Long.parseLong(up[2]));
        return node;
    }

    /** A directory of its own, before everything else on the class path, so that the fake is found by these processes only. */
    private Path timerlessPath() throws IOException {
        Path path = directory.resolve("timerless");
        Path services = path.resolve("META-INF/services/org.understudy.ha.api.spi.HostPort");
        Files.createDirectories(services.getParent());
        Files.writeString(services, TimerlessHostPort.class.getName());
        return path;
    }

    private long lastAct(Node node) throws IOException {
        List<String> acts = Files.readAllLines(directory.resolve(node.name + ".acts"));
        return Long.parseLong(acts.get(acts.size() - 1));
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(signalIfThere(name, pid)).isZero();
    }

    private static int signalIfThere(String name, long pid) throws Exception {
        return new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .redirectErrorStream(true)
                .start()
                .waitFor();
    }

    private final class Node {
        private final String name;
        private final Process process;
        private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
        private Optional<ProcessHandle> guardian = Optional.empty();

        private Node(String name, Process process) {
            this.name = name;
            this.process = process;
            Thread reader = new Thread(this::read, "reader-" + name);
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("> ")) {
                        said.add(line.substring(2));
                    }
                }
            } catch (IOException e) {
                LOG.debug("node {} speaks no more: {}", name, e.toString());
            }
        }

        /** The next line that begins with one of these. */
        private String await(String... beginnings) throws IOException {
            return hear(60_000, beginnings);
        }

        private boolean hears(String beginning, long millis) throws IOException {
            return !hear(millis, beginning).isEmpty();
        }

        private String hear(long millis, String... beginnings) throws IOException {
            long until = System.nanoTime() + millis * 1_000_000;
            try {
                while (true) {
                    String line = said.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
                    if (line == null) {
                        if (millis < 60_000) {
                            return "";
                        }
                        throw new AssertionError(name + " never said " + List.of(beginnings) + "; "
                                + Files.readString(directory.resolve(name + ".err")));
                    }
                    for (String beginning : beginnings) {
                        if (line.startsWith(beginning)) {
                            return line;
                        }
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }

        private String coverage() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            return await("coverage");
        }

        private void close() {
            process.destroyForcibly().onExit().join();
            guardian.ifPresent(ProcessHandle::destroyForcibly);
        }
    }
}
