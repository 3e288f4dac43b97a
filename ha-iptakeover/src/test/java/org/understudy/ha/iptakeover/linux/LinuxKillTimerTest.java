package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort;

/** Real processes and the real kernel; needs no privilege. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinuxKillTimerTest {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxKillTimerTest.class);
    private static final int KILLED = 128 + 9;

    private final HostPort host = new LinuxHostPort();

    @Test
    void a_stopped_process_is_killed_at_the_absolute_instant() throws Exception {
        try (Child child = new Child(List.of())) {
            long deadline = host.bootNanos() + 1_000_000_000L;
            assertThat(child.tell("arm 1 " + deadline)).isEqualTo("armed done");
            try (HostPort.ProcessWatch watch = host.watch(child.process.pid())) {
                signal("STOP", child.process.pid());

                assertThat(watch.awaitEnd(20_000)).isTrue();
                long lateness = host.bootNanos() - deadline;
                LOG.info("a stopped process was gone {} us after its deadline", lateness / 1000);
                assertThat(lateness).as("not before").isPositive();
            }
            assertThat(child.process.waitFor()).isEqualTo(KILLED);
        }
    }

    @Test
    void a_writer_that_comes_late_prolongs_nothing() throws Exception {
        try (Child child = new Child(List.of())) {
            long deadline = host.bootNanos() + 60_000_000_000L;
            child.tell("arm 1 " + deadline);
            assertThat(child.tell("arm 1 " + host.bootNanos()))
                    .as("an earlier deadline changes nothing")
                    .isEqualTo("armed done");
            assertThat(child.tell("arm 2 " + (deadline + 1)))
                    .as("another incarnation is not taken")
                    .isEqualTo("done");
            assertThat(child.tell("disarm 2")).isEqualTo("done");
            assertThat(child.tell("disarm 1")).isEqualTo("done");
            assertThat(child.tell("arm 2 " + host.bootNanos()))
                    .as("a first one in the past is not taken")
                    .isEqualTo("done");

            child.tell("arm 2 " + (host.bootNanos() + 200_000_000L));
            assertThat(child.process.waitFor()).isEqualTo(KILLED);
        }
    }

    @Test
    void what_was_disarmed_does_not_kill() throws Exception {
        try (Child child = new Child(List.of())) {
            child.tell("arm 1 " + (host.bootNanos() + 300_000_000L));
            child.tell("disarm 1");

            assertThat(child.process.waitFor(700, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(child.tell("disarm 1")).isEqualTo("done");
        }
    }

    @Test
    void process_number_one_says_that_it_cannot_be_killed() throws Exception {
        try (Child child = new Child(List.of("unshare", "-Urpf", "--kill-child", "--mount-proc"))) {
            assertThat(child.first).contains("number 1 of its PID namespace").contains("--init");
        }
    }

    @Test
    void a_watched_process_is_killed_through_the_watch() throws Exception {
        try (Child child = new Child(List.of());
                HostPort.ProcessWatch watch = host.watch(child.process.pid())) {
            signal("STOP", child.process.pid());
            assertThat(watch.cannotKillBecause()).isEmpty();

            watch.kill();

            assertThat(watch.awaitEnd(20_000)).isTrue();
            assertThat(child.process.waitFor()).isEqualTo(KILLED);
            watch.kill();
        }
    }

    @Test
    void a_process_that_may_not_be_killed_is_named_beforehand() {
        try (HostPort.ProcessWatch watch = host.watch(1)) {
            assertThat(watch.cannotKillBecause()).contains("number 1");
        }
        assertThatThrownBy(() -> host.watch(Integer.MAX_VALUE)).isInstanceOf(PlatformException.class);
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    private static final class Child implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;
        private final BufferedWriter commands;
        private final String first;

        private Child(List<String> wrapper) throws IOException {
            List<String> command = new ArrayList<>(wrapper);
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    TimedProcess.class.getName()));
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            answers = process.inputReader(StandardCharsets.UTF_8);
            commands = process.outputWriter(StandardCharsets.UTF_8);
            first = String.valueOf(answers.readLine());
        }

        private String tell(String command) throws IOException {
            commands.write(command + "\n");
            commands.flush();
            return String.valueOf(answers.readLine());
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
