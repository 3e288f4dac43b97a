package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressAuthority;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Answer;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Claim;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Verdict;
import org.understudy.ha.iptakeover.spi.AddressAuthorityContract;

@Timeout(60)
class ScriptAuthorityTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Claim CLAIM = AddressAuthorityContract.claim("serv1", 7);

    @TempDir
    Path directory;

    static Path script(Path directory, String text) throws IOException {
        Path script = directory.resolve("address.sh");
        Files.writeString(script, text);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    private AddressAuthority authority(String... lines) throws IOException {
        return ScriptAuthority.of(script(directory, "#!/bin/sh\n" + String.join("\n", lines) + "\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, YES, YES, YES",
        "1, NO, NO, NO",
        "2, UNKNOWN, UNKNOWN, UNKNOWN",
        "3, NO, YES, UNKNOWN",
        "4, UNKNOWN, UNKNOWN, UNKNOWN",
        "126, UNKNOWN, UNKNOWN, UNKNOWN",
        "127, UNKNOWN, UNKNOWN, UNKNOWN",
        "255, UNKNOWN, UNKNOWN, UNKNOWN"
    })
    void every_status_has_its_meaning(int status, Verdict assign, Verdict release, Verdict owner) throws Exception {
        AddressAuthority authority = authority("echo words of the script", "exit " + status);
        Answer assigned = authority.assign(CLAIM, LONG);
        assertThat(assigned.verdict()).isEqualTo(assign);
        assertThat(assigned.detail()).contains("words of the script");
        assertThat(authority.release(CLAIM, LONG).verdict()).isEqualTo(release);
        assertThat(authority.owner(CLAIM, LONG).verdict()).isEqualTo(owner);
    }

    @Test
    void a_signal_is_no_answer() throws Exception {
        Answer answer = authority("echo half done", "kill -9 $$").assign(CLAIM, LONG);
        assertThat(answer.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(answer.detail()).endsWith("address.sh assign ended with 137, it said: half done");
    }

    @Test
    void it_is_told_who_asks_for_what_under_which_token() throws Exception {
        Claim claim = new Claim(
                IpAddress.parse("2001:db8::50").orElseThrow(),
                NodeId.of("serv2"),
                Map.of("INSTANCE", "i-0abc; rm -rf $HOME"),
                new FencingToken(281474976710657L));
        Answer answer = authority(
                        "echo \"$*,$UNDERSTUDY_ADDRESS,$UNDERSTUDY_NODE,$UNDERSTUDY_TOKEN\"",
                        "echo \"$UNDERSTUDY_BUDGET_MILLIS,$UNDERSTUDY_HINT_INSTANCE,$HOME\"",
                        "read -r line && exit 9; exit 0")
                .owner(claim, LONG);
        assertThat(answer)
                .isEqualTo(
                        Answer.yes("owner 2001:db8::50,2001:db8::50,serv2,281474976710657 30000,i-0abc; rm -rf $HOME,"
                                + System.getenv("HOME")));
    }

    @Test
    void one_that_hangs_is_killed_with_all_its_children() throws Exception {
        AddressAuthority authority = authority(
                "echo begun >&2",
                "echo $$ >>" + directory + "/pids",
                "sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' &",
                "setsid sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' &",
                "sleep 600");
        Answer answer = authority.assign(CLAIM, SHORT);
        assertThat(answer.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(answer.detail())
                .contains("address.sh assign was killed after 500 ms with 3 processes, ")
                .contains(" (sleep), ")
                .endsWith(", it said: begun");
        assertThat(pids()).hasSize(3);
        until("all are gone", this::areAllGone);
    }

    @Test
    void one_that_is_interrupted_is_killed() throws Exception {
        AddressAuthority authority = authority("echo $$ >>" + directory + "/pids", "exec sleep 600");
        Thread[] caller = new Thread[1];
        CountDownLatch interrupted = new CountDownLatch(1);
        caller[0] = new Thread(() -> {
            try {
                authority.owner(CLAIM, LONG);
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        caller[0].start();
        until("it runs", () -> !pids().isEmpty());
        caller[0].interrupt();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        until("it is gone", this::areAllGone);
    }

    @Test
    void one_that_floods_its_output_is_read_and_its_words_are_cut() throws Exception {
        Answer answer =
                authority("head -c 20000000 /dev/zero | tr '\\0' x", "exit 1").assign(CLAIM, LONG);
        assertThat(answer.verdict()).isEqualTo(Verdict.NO);
        assertThat(answer.detail()).hasSizeLessThan(2000).matches("x+ … [0-9]+ bytes … x+");
    }

    @Test
    void one_that_floods_for_ever_is_killed() throws Exception {
        Answer answer = authority("exec yes").assign(CLAIM, SHORT);
        assertThat(answer.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(answer.detail()).contains("was killed after 500 ms").hasSizeLessThan(4000);
    }

    @Test
    void one_that_leaves_a_child_behind_is_not_believed_and_the_child_is_killed() throws Exception {
        AddressAuthority authority = authority(
                "setsid sh -c 'echo $$ >>" + directory + "/pids; exec sleep 600' &",
                "while [ ! -s " + directory + "/pids ]; do sleep 0.01; done",
                "exit 0");
        Answer answer = authority.assign(CLAIM, LONG);
        assertThat(answer.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(answer.detail())
                .matches(".*address.sh assign ended with 0 and left 1 process, [0-9]+ \\(sleep\\) running, killed");
        until("it is gone", this::areAllGone);
    }

    @Test
    void a_background_child_that_has_ended_is_none() throws Exception {
        assertThat(authority("sleep 0.01 &", "wait").assign(CLAIM, LONG)).isEqualTo(Answer.yes(""));
    }

    @Test
    void what_cannot_be_run_is_said_with_the_remedy() throws Exception {
        Path missing = directory.resolve("none");
        AddressAuthority authority = ScriptAuthority.of(missing);
        assertThat(authority.obstacle())
                .isEqualTo(missing + " does not exist: put the program there, or correct the path");
        assertThat(authority.assign(CLAIM, LONG).verdict()).isEqualTo(Verdict.NO);
        assertThat(authority.release(CLAIM, LONG).verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(authority.owner(CLAIM, LONG).verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(ScriptAuthority.of(directory).obstacle()).contains("is not a file");

        Path script = script(directory, "echo no interpreter\n");
        assertThat(ScriptAuthority.of(script).obstacle()).contains("neither a program nor a text that begins with #!");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xrwx"));
        assertThat(ScriptAuthority.of(script).obstacle()).endsWith("chmod o-w " + script);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(ScriptAuthority.of(script).obstacle())
                .isEqualTo(script + " cannot be executed by this user: chmod a+x " + script);
        assertThatThrownBy(() -> ScriptAuthority.of(Path.of("address.sh")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("script = address.sh: give an absolute path");
    }

    @Test
    void a_missing_interpreter_is_a_certain_no_to_an_assignment_and_nothing_else() throws Exception {
        AddressAuthority authority = ScriptAuthority.of(script(directory, "#!/nowhere/sh\n"));
        assertThat(authority.obstacle()).contains("names the interpreter in its first line as /nowhere/sh");
        assertThat(authority.assign(CLAIM, LONG)).isEqualTo(Answer.no(authority.obstacle()));
        assertThat(authority.release(CLAIM, LONG).verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(authority.owner(CLAIM, LONG).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void a_program_of_the_machine_is_run_as_it_is() throws Exception {
        assertThat(ScriptAuthority.of(Path.of("/bin/true")).obstacle()).isEmpty();
        assertThat(ScriptAuthority.of(Path.of("/bin/false")).owner(CLAIM, LONG)).isEqualTo(Answer.no(""));
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
