package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.membership.checks.CheckResult.Answer;

@Timeout(60)
class CommandCheckTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(500);

    @TempDir
    Path scratch;

    private Path script(String text) throws Exception {
        Path file = Files.createTempFile(scratch, "check", ".sh");
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void its_exit_status_is_the_answer() throws Exception {
        assertThat(CommandCheck.of(script("exit 0")).build().check(LONG).answer())
                .isEqualTo(Answer.YES);
        CheckResult failed =
                CommandCheck.of(script("echo disk full; exit 2")).build().check(LONG);
        assertThat(failed.answer()).isEqualTo(Answer.NO);
        assertThat(failed.reason()).endsWith("ended with 2: disk full");
        CheckResult unknown =
                CommandCheck.of(script("exit 3")).unknownStatus(3).build().check(LONG);
        assertThat(unknown.answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(unknown.isLate()).isFalse();
        assertThat(CommandCheck.of(script("kill -9 $$")).build().check(LONG).answer())
                .isEqualTo(Answer.NO);
    }

    @Test
    void its_output_is_compared_and_its_arguments_go_through_no_shell() throws Exception {
        CommandCheck check = CommandCheck.of(script("echo \"$1-$COLOUR\""), "a b;$(x)")
                .environment("COLOUR", "green")
                .expect("a b;\\$\\(x\\)-green")
                .build();
        assertThat(check.check(LONG).answer()).isEqualTo(Answer.YES);
        assertThat(CommandCheck.of(script("echo red"))
                        .expect("green")
                        .build()
                        .check(LONG)
                        .answer())
                .isEqualTo(Answer.NO);
    }

    @Test
    void one_that_is_not_there_is_unknown() throws Exception {
        CheckResult missing =
                CommandCheck.of(scratch.resolve("missing")).build().check(LONG);
        assertThat(missing.answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(missing.reason()).contains("chmod a+x");
    }

    @Test
    void one_that_hangs_is_killed_with_all_that_it_started() throws Exception {
        Path pids = scratch.resolve("pids");
        Path script = script("(setsid sh -c 'echo $$ > " + pids + "; exec sleep 1000' &)\nsleep 1000");
        CheckResult late = CommandCheck.of(script).build().check(Duration.ofSeconds(5));
        assertThat(late.isLate()).as(late.reason()).isTrue();
        assertGone(pids);
    }

    @Test
    void what_one_leaves_behind_is_killed_and_not_waited_for() throws Exception {
        Path pids = scratch.resolve("pids");
        Path script =
                script("sh -c 'echo $$ > " + pids + "; exec sleep 1000' &\nwhile [ ! -s " + pids + " ]; do :; done");
        assertThat(CommandCheck.of(script).build().check(LONG).answer()).isEqualTo(Answer.YES);
        assertGone(pids);
    }

    private static void assertGone(Path pids) throws Exception {
        Optional<ProcessHandle> child =
                ProcessHandle.of(Long.parseLong(Files.readString(pids).strip()));
        Threads.await(() -> child.filter(ProcessHandle::isAlive).isEmpty(), "the child still runs");
    }

    @Test
    void one_that_never_stops_writing_is_killed_and_its_output_bounded() throws Exception {
        CheckResult late = CommandCheck.of(script("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxx; done"))
                .build()
                .check(SHORT);
        assertThat(late.isLate()).isTrue();
        assertThat(late.reason()).hasSizeLessThan(600);
    }

    @Test
    void an_interrupt_kills_it() throws Exception {
        Path started = scratch.resolve("started");
        CommandCheck check = CommandCheck.of(script("echo $$ > " + started + "; exec sleep 1000"))
                .build();
        AtomicReference<Object> outcome = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.set(check.check(Duration.ofHours(1)));
            } catch (InterruptedException e) {
                outcome.set(e);
            }
        });
        thread.start();
        Threads.await(() -> Files.exists(started) && started.toFile().length() > 0, "it was not started");
        thread.interrupt();
        thread.join(20_000);
        assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
        assertGone(started);
    }
}
