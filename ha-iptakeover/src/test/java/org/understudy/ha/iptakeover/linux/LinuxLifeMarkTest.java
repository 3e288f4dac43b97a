package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort;

/** Real processes and the real kernel; needs no privilege. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinuxLifeMarkTest {
    private final HostPort host = new LinuxHostPort();

    @TempDir
    private Path directory;

    @Test
    void it_breaks_when_the_process_that_holds_it_is_killed_and_not_while_that_is_stopped() throws Exception {
        try (Holder holder = new Holder(file())) {
            CompletableFuture<Boolean> end = end();
            signal("STOP", holder.process.pid());
            assertThatThrownBy(() -> end.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            signal("KILL", holder.process.pid());

            assertThat(end.get()).isTrue();
        }
    }

    @Test
    void it_does_not_break_when_it_is_let_go_of() throws Exception {
        try (Holder holder = new Holder(file())) {
            CompletableFuture<Boolean> end = end();
            holder.tell("release");

            assertThat(end.get()).isFalse();
        }
    }

    @Test
    void a_file_that_is_not_there_is_named() {
        assertThatThrownBy(() -> host.lifeMark(directory.resolve("none")))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("none");
    }

    private Path file() throws IOException {
        return Files.createFile(directory.resolve("mark"));
    }

    private CompletableFuture<Boolean> end() {
        HostPort.LifeMark mark = host.lifeMark(directory.resolve("mark")).orElseThrow();
        return CompletableFuture.supplyAsync(mark::awaitEnd);
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static final class Holder implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;
        private final BufferedWriter in;

        Holder(Path file) throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-Xshare:auto",
                            "-cp",
                            System.getProperty("java.class.path"),
                            MarkedProcess.class.getName(),
                            file.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            out = process.inputReader(StandardCharsets.UTF_8);
            in = process.outputWriter(StandardCharsets.UTF_8);
            assertThat(out.readLine()).isEqualTo("held");
        }

        void tell(String word) throws IOException {
            in.write(word + "\n");
            in.flush();
            assertThat(out.readLine()).isEqualTo("released");
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
