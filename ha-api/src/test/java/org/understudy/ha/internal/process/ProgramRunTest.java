package org.understudy.ha.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ProgramRunTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Map<String, String> PATH = Map.of("PATH", "/usr/bin:/bin");

    @TempDir
    Path directory;

    @AfterEach
    void endWhatRuns() {
        pids().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }

    private ProgramCall call(String... lines) throws IOException {
        Path script = directory.resolve("program");
        Files.writeString(script, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return ProgramCall.apart(List.of(script.toString()), "the program", PATH);
    }

    private String child(String how) {
        return how + " sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' >/dev/null 2>&1 &";
    }

    private String whenThere(int count) {
        return "until [ -f " + directory + "/pids ] && [ $(wc -l <" + directory + "/pids) -ge " + count
                + " ]; do sleep 0.01; done";
    }

    @Test
    void its_whole_environment_is_what_it_was_given() throws Exception {
        ProgramEnd end = ProgramRun.of(
                ProgramCall.apart(List.of("/usr/bin/env"), "env", Map.of("A", "1", "B", "two words"))
                        .answering(1000),
                LONG);
        assertThat(end.answer().lines())
                .hasSize(3)
                .contains("A=1", "B=two words")
                .anyMatch(line -> line.startsWith("UNDERSTUDY_CALL="));
    }

    @Test
    void it_has_no_open_file_of_this_process_and_stands_in_the_root_directory() throws Exception {
        Path file = Files.createFile(directory.resolve("open"));
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw");
                ServerSocket socket = new ServerSocket(0)) {
            assertThat(open.getFD().valid() && socket.isBound()).isTrue();
            ProgramEnd end = ProgramRun.of(
                    call("for fd in /proc/$$/fd/*; do echo ${fd##*/} $(readlink $fd); done; pwd")
                            .answering(10_000),
                    LONG);
            assertThat(end.answer().lines())
                    .contains("0 /dev/null", "/")
                    .anyMatch(line -> line.matches("1 pipe:.*"))
                    .anyMatch(line -> line.matches("2 pipe:.*"))
                    .noneMatch(line -> line.contains("socket:") || line.contains("/open"));
        }
    }

    @Test
    void it_has_a_session_of_its_own() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setsid")), "there is no setsid here");
        ProgramEnd end = ProgramRun.of(call("cut -d ' ' -f 1,5,6 /proc/$$/stat").answering(100), LONG);
        String[] ids = end.answer().strip().split(" ");
        assertThat(ids).hasSize(3).containsOnly(ids[0]);
    }

    @Test
    void what_it_left_running_is_named_and_killed() throws Exception {
        ProgramEnd end = ProgramRun.of(call(child(""), child("setsid"), whenThere(2)), LONG);
        assertThat(end.status()).isZero();
        assertThat(end.isCertain()).isFalse();
        assertThat(end.told())
                .matches("the program ended with 0 and left 2 processes, [0-9]+ \\(sleep\\), [0-9]+ \\(sleep\\)"
                        + " running, killed");
        until("they are gone", this::areAllGone);
    }

    @Test
    void a_child_without_mark_and_parent_is_found_in_its_session() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setsid")), "there is no setsid here");
        ProgramEnd end = ProgramRun.of(call("(" + child("env -i PATH=/usr/bin:/bin") + ")", whenThere(1)), LONG);
        assertThat(end.left()).hasSize(1);
        until("it is gone", this::areAllGone);
    }

    @Test
    void what_a_daemon_was_started_for_goes_on() throws Exception {
        ProgramEnd end = ProgramRun.of(call(child("setsid"), whenThere(1)).leaving(), LONG);
        assertThat(end.isCertain()).isTrue();
        assertThat(areAllGone()).isFalse();
    }

    @Test
    void one_that_fails_names_what_it_started_and_leaves_it() throws Exception {
        ProgramEnd end =
                ProgramRun.of(call(child("setsid"), whenThere(1), "exit 3").leaving(), LONG);
        assertThat(end.told()).matches("the program ended with 3 and left 1 process, [0-9]+ \\(sleep\\) running");
        assertThat(areAllGone()).isFalse();
    }

    @Test
    void the_end_of_its_budget_ends_even_what_it_was_to_leave() throws Exception {
        ProgramEnd end =
                ProgramRun.of(call(child("setsid"), whenThere(1), "sleep 600").leaving(), SHORT);
        assertThat(end.status()).isEqualTo(ProgramEnd.TIMED_OUT);
        assertThat(end.left()).isNotEmpty();
        until("it is gone", this::areAllGone);
    }

    @Test
    void a_daemon_that_keeps_its_output_open_is_not_waited_for() throws Exception {
        ProgramEnd end = ProgramRun.of(
                call("echo started", "setsid sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' &", whenThere(1))
                        .leaving(),
                LONG);
        assertThat(end.status()).isZero();
        assertThat(end.output()).isEqualTo("started");
    }

    @Test
    void it_can_be_looked_at_from_time_to_time() throws Exception {
        ProgramRun run = ProgramRun.start(
                call("until [ -e " + directory + "/go ]; do sleep 0.01; done", "echo gone")
                        .answering(100),
                LONG);
        assertThat(run.await(Duration.ZERO)).isEmpty();
        assertThat(run.await(Duration.ofMillis(20))).isEmpty();
        Files.createFile(directory.resolve("go"));
        ProgramEnd end = run.await(LONG).orElseThrow();
        assertThat(end.answer()).isEqualTo("gone\n");
        assertThat(run.await(Duration.ZERO)).isEqualTo(Optional.of(end));
    }

    @Test
    void one_that_is_given_up_is_killed() throws Exception {
        ProgramRun run = ProgramRun.start(call(child(""), "sleep 600").leaving(), LONG);
        until("it runs", () -> !pids().isEmpty());
        run.cancel();
        assertThat(run.await(LONG).orElseThrow().status()).isEqualTo(ProgramEnd.TIMED_OUT);
        until("it is gone", this::areAllGone);
    }

    @Test
    void an_interrupt_kills_it_and_is_not_swallowed() throws Exception {
        ProgramRun run = ProgramRun.start(call("echo $$ >>" + directory + "/pids", "exec sleep 600"), LONG);
        until("it runs", () -> !pids().isEmpty());
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> run.await(LONG)).isInstanceOf(InterruptedException.class);
        assertThat(areAllGone()).isTrue();
    }

    @Test
    void an_answer_is_what_it_wrote_on_its_standard_output_up_to_a_bound() throws Exception {
        ProgramCall call = call("echo words >&2", "printf '%s' 0123456789");
        assertThat(ProgramRun.of(call.answering(10), LONG)).satisfies(end -> {
            assertThat(end.answer()).isEqualTo("0123456789");
            assertThat(end.isAnswerWhole()).isTrue();
            assertThat(end.output()).contains("words").contains("0123456789");
        });
        assertThat(ProgramRun.of(call.answering(9), LONG)).satisfies(end -> {
            assertThat(end.answer()).isEqualTo("012345678");
            assertThat(end.isAnswerWhole()).isFalse();
        });
    }

    @Test
    void of_a_flood_beginning_and_end_are_kept() throws Exception {
        ProgramEnd end = ProgramRun.of(call("echo first", "head -c 3000000 /dev/zero | tr '\\0' x", "echo last"), LONG);
        assertThat(end.output())
                .hasSizeLessThanOrEqualTo(HeadAndTail.BYTES_MAX)
                .startsWith("first xxx")
                .contains(" bytes … xxx")
                .endsWith("xlast");
    }

    @Test
    void what_is_no_program_is_told_without_running_it() throws Exception {
        Path script = directory.resolve("script");
        Files.writeString(script, "#!/bin/sh\r\nexit 0\r\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(ProgramFile.obstacle(script)).contains("line feeds only");
        Files.writeString(script, "#! /usr/bin/nothing -x\n");
        assertThat(ProgramFile.obstacle(script)).contains(" as /usr/bin/nothing, which cannot be executed");
        Files.writeString(script, "#!\n");
        assertThat(ProgramFile.obstacle(script)).contains("neither a program nor a text");
        Files.writeString(script, "#!/bin/sh -e\n");
        assertThat(ProgramFile.obstacle(script)).isEmpty();
        assertThat(ProgramFile.obstacle(Path.of("/bin/true"))).isEmpty();
    }

    private List<Long> pids() {
        try {
            Path file = directory.resolve("pids");
            return Files.exists(file)
                    ? Files.readAllLines(file).stream().map(Long::valueOf).toList()
                    : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private boolean areAllGone() {
        return pids().stream()
                .noneMatch(
                        pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 20_000_000_000L) {
                throw new AssertionError("not within 20 s: " + what);
            }
            new CountDownLatch(1).await(10, TimeUnit.MILLISECONDS);
        }
    }
}
