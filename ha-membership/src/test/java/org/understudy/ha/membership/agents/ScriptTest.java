package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

@Timeout(60)
class ScriptTest {
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration OFTEN = Duration.ofMillis(10);

    @TempDir
    Path directory;

    private Scratch scratch;
    private final Contexts context = new Contexts();

    @BeforeEach
    void open() {
        scratch = new Scratch(directory);
    }

    @AfterEach
    void endWhatRuns() {
        scratch.close();
    }

    private Path script(String start, String stop, String status) throws IOException {
        return scratch.program(
                "service",
                "#!/bin/sh\nDIR=" + directory
                        + "\necho \"$*\" >>$DIR/calls\nfor action; do :; done\ncase $action in\nstart) " + start
                        + ";;\nstop) " + stop + ";;\nstatus) " + status + ";;\nesac\n");
    }

    private Script init(String start, String stop, String status) throws IOException {
        return Script.lsb("service", script(start, stop, status))
                .lookEvery(OFTEN)
                .statusBudget(Duration.ofSeconds(5))
                .build();
    }

    @Test
    void an_init_script_starts_works_and_stops() throws Exception {
        Script script = init("touch $DIR/on", "rm -f $DIR/on", "[ -f $DIR/on ] || exit 3");
        assertThat(script.probe()).isEqualTo(Presence.ABSENT);
        script.start(context);
        script.start(context);
        assertThat(script.monitor()).isEqualTo(Health.healthy());
        assertThat(script.probe()).isEqualTo(Presence.HERE);
        script.stop(context);
        script.stop(context);
        assertThat(scratch.lines("calls"))
                .startsWith("status", "start", "start")
                .endsWith("stop", "status", "stop", "status");
        assertThat(script.remains()).containsExactly("program/script/service/service");
        assertThat(script.stopBudget()).isEqualTo(Duration.ofSeconds(65));
    }

    @ParameterizedTest
    @CsvSource({"1, SOFT", "2, HARD", "3, HARD", "4, HARD", "5, HARD", "6, HARD", "7, SOFT", "99, SOFT"})
    void every_status_of_an_init_script_has_its_severity(int status, Severity severity) throws Exception {
        Script script = init("echo words; exit " + status, "exit " + status, "exit 3");
        ResourceException e = catchThrowableOfType(ResourceException.class, () -> script.start(context));
        assertThat(e.severity()).isEqualTo(severity);
        assertThat(e).hasMessageContaining("service start ended with " + status + ", it said: words");
        assertThatThrownBy(() -> script.stop(context)).isInstanceOf(ResourceException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, HEALTHY, HERE",
        "1, NOT_RUNNING, ABSENT",
        "2, NOT_RUNNING, ABSENT",
        "3, NOT_RUNNING, ABSENT",
        "4, FAILED, UNKNOWN",
        "150, FAILED, UNKNOWN"
    })
    void every_state_of_an_init_script_is_told(int status, Health.State state, Presence presence) throws Exception {
        Script script = init("exit 0", "exit 0", "exit " + status);
        assertThat(script.probe()).isEqualTo(presence);
        script.start(context);
        Scratch.monitorUntil(script, state);
        if (presence == Presence.ABSENT) {
            script.stop(context);
        } else {
            assertThatThrownBy(() -> script.stop(context))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("status does not say that it is stopped");
        }
    }

    @Test
    void a_script_of_heartbeat_has_its_arguments_first_and_is_known_by_its_words() throws Exception {
        Path program = script(
                "touch $DIR/on",
                "rm -f $DIR/on; exit 0",
                "if [ -f $DIR/on ]; then echo $2 running; exit 1; else echo stopped; fi");
        Script script = Script.heartbeat("disk", program, "r0", "two words")
                .lookEvery(OFTEN)
                .build();
        assertThat(script.probe()).isEqualTo(Presence.ABSENT);
        script.start(context);
        Scratch.until(
                "somebody looked",
                () -> script.monitor().state() == Health.State.HEALTHY
                        && scratch.lines("calls").size() == 3);
        script.stop(context);
        assertThat(scratch.lines("calls"))
                .containsExactly(
                        "r0 two words status",
                        "r0 two words start",
                        "r0 two words status",
                        "r0 two words stop",
                        "r0 two words status");
    }

    @ParameterizedTest
    @CsvSource({"''", "echo both running and stopped", "echo what?", "echo running >&2", "sleep 600"})
    void words_that_are_no_answer_stop_nothing(String status) throws Exception {
        Script script = Script.heartbeat("disk", script("exit 0", "exit 0", status.isEmpty() ? ":" : status))
                .lookEvery(OFTEN)
                .statusBudget(SHORT)
                .build();
        assertThat(script.probe()).isEqualTo(Presence.UNKNOWN);
        script.start(context);
        Scratch.monitorUntil(script, Health.State.FAILED);
        assertThatThrownBy(() -> script.stop(context)).isInstanceOf(ResourceException.class);
    }

    @Test
    void one_that_hangs_is_killed_with_everything_it_started() throws Exception {
        Script script = Script.lsb(
                        "service",
                        script(
                                scratch.child("setsid") + "\n" + scratch.untilChildren(1) + "; sleep 600",
                                "exit 0",
                                "exit 3"))
                .startBudget(Duration.ofSeconds(1))
                .build();
        assertThatThrownBy(() -> script.start(context))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("was killed after 1000 ms");
        Scratch.until("it is gone", () -> scratch.alive() == 0);
        script.stop(context);
    }

    @Test
    void every_mistake_in_the_settings_is_named() throws IOException {
        assertThatThrownBy(() -> Script.lsb("", Path.of("x")).startBudget(null).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("1 to 64 letters")
                .hasMessageContaining("startBudget")
                .hasMessageContaining("absolute path");
        assertThatThrownBy(() ->
                        Script.heartbeat("a", script("", "", ""), "x", null).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("argument");
        Path plain = scratch.program("plain", "echo no interpreter\n");
        assertThatThrownBy(() -> Script.lsb("a", plain).build()).hasMessageContaining("neither a program nor a text");
    }
}
