package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
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

/**
 * With a program in the place of systemctl that answers in its form: what {@code show} writes, the statuses of systemctl(1), and the sentences
 * of systemd 252. Whether a real systemd behaves so is not shown here.
 */
@Timeout(60)
class SystemdUnitTest {
    private static final String UNIT = "shop.service";

    @TempDir
    Path directory;

    private Scratch scratch;
    private Path systemctl;
    private final Contexts context = new Contexts();

    @BeforeEach
    void install() throws IOException {
        scratch = new Scratch(directory);
        set("loaded", "inactive", "dead", "[not set]");
        scratch.write("on-start", "become active running 3");
        scratch.write("on-stop", "become inactive dead '[not set]'");
        scratch.write("on-kill", "become failed failed '[not set]'");
        scratch.write("on-reset-failed", "become inactive dead '[not set]'");
        scratch.write("on-show", "");
        systemctl = scratch.program(
                "systemctl",
                "#!/bin/sh\nDIR=" + directory
                        + "\nverb=$1\nfor unit; do :; done\n[ $verb = show ] || echo \"$*\" >>$DIR/calls\n"
                        + "[ $unit = " + UNIT + " ] || exit 5\n"
                        + "become() { echo \"loaded $1 $2 $3\" >$DIR/unit; }\n"
                        + ". $DIR/on-$verb\n"
                        + "[ $verb = show ] || exit 0\n"
                        + "read -r load active sub tasks <$DIR/unit\n"
                        + "printf 'Result=success\\n"
                        + "MainPID=0\\n"
                        + "ControlPID=0\\n"
                        + "TasksCurrent=%s\\n"
                        + "LoadState=%s\\n"
                        + "ActiveState=%s\\n"
                        + "SubState=%s\\n"
                        + "UnitFileState=%s\\n"
                        + "' \"$tasks\" $load $active $sub \"$(cat $DIR/file 2>/dev/null)\"\n");
    }

    private void set(String load, String active, String sub, String tasks) throws IOException {
        scratch.write("unit", load + " " + active + " " + sub + " " + tasks + "\n");
    }

    private SystemdUnit.Builder builder() {
        return SystemdUnit.builder(UNIT)
                .command(systemctl.toString())
                .lookEvery(Duration.ofMillis(10))
                .startBudget(Duration.ofSeconds(20))
                .stopBudget(Duration.ofSeconds(20));
    }

    private ResourceException refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ResourceException.class, call);
    }

    @Test
    void it_starts_works_and_stops() throws Exception {
        SystemdUnit unit = builder().build();
        assertThat(unit.probe()).isEqualTo(Presence.ABSENT);
        unit.start(context);
        assertThat(unit.monitor()).isEqualTo(Health.healthy());
        assertThat(unit.probe()).isEqualTo(Presence.HERE);
        unit.stop(context);
        assertThat(unit.probe()).isEqualTo(Presence.ABSENT);
        assertThat(scratch.lines("calls"))
                .containsExactly("start --no-ask-password -- " + UNIT, "stop --no-ask-password -- " + UNIT);
        assertThat(context.alarms).isEmpty();
        assertThat(unit.remains()).containsExactly("program/systemd/shop.service");
    }

    @Test
    void a_failed_unit_is_reset_before_it_is_started_and_after_it_was_stopped() throws Exception {
        set("loaded", "failed", "failed", "[not set]");
        SystemdUnit unit = builder().build();
        assertThat(unit.probe()).as("nothing of it runs").isEqualTo(Presence.ABSENT);
        unit.start(context);
        scratch.write("on-stop", "become failed failed '[not set]'");
        unit.stop(context);
        assertThat(scratch.lines("calls").stream().map(call -> call.split(" ")[0]))
                .containsExactly("reset-failed", "start", "stop", "reset-failed");
    }

    @Test
    void what_systemd_would_start_by_itself_raises_an_alarm() throws Exception {
        scratch.write("file", "enabled");
        builder().build().start(context);
        assertThat(context.alarms).singleElement().asString().contains("systemctl disable shop.service");
    }

    @ParameterizedTest
    @CsvSource({"masked, systemctl unmask", "not-found, there is no unit", "bad-setting, systemd-analyze verify"})
    void what_cannot_be_loaded_is_not_for_this_node(String load, String why) throws Exception {
        set(load, "inactive", "dead", "[not set]");
        SystemdUnit unit = builder().build();
        ResourceException e = refused(() -> unit.start(context));
        assertThat(e.severity()).isEqualTo(Severity.HARD);
        assertThat(e).hasMessageContaining(why);
        assertThat(scratch.lines("calls")).isEmpty();
        scratch.write("on-stop", "echo Failed to stop shop.service: Unit shop.service not loaded. >&2; exit 5");
        unit.stop(context);
    }

    @ParameterizedTest
    @CsvSource({"1, SOFT", "4, HARD", "5, HARD"})
    void a_start_that_fails_says_what_systemd_said(int status, Severity severity) throws Exception {
        scratch.write(
                "on-start",
                "become failed failed '[not set]'; echo Job for shop.service failed because the control process exited"
                        + " with error code. >&2; exit " + status);
        ResourceException e = refused(() -> builder().build().start(context));
        assertThat(e.severity()).isEqualTo(severity);
        assertThat(e).hasMessageContaining("it is failed").hasMessageContaining("exited with error code");
    }

    @Test
    void a_start_waits_while_the_unit_is_on_its_way() throws Exception {
        scratch.write("on-start", "become activating start 1");
        scratch.write(
                "on-show",
                "[ -f $DIR/seen ] && become active running 3; grep -q activating $DIR/unit && touch $DIR/seen");
        SystemdUnit unit = builder().build();
        unit.start(context);
        assertThat(unit.monitor()).isEqualTo(Health.healthy());
    }

    @Test
    void one_that_never_arrives_has_not_started() throws Exception {
        SystemdUnit unit = builder().startBudget(Duration.ofSeconds(3)).build();
        scratch.write("on-start", "become activating start 1");
        assertThat(refused(() -> unit.start(context))).hasMessageContaining("it is activating (start)");
        scratch.write("on-start", "become inactive dead '[not set]'");
        assertThat(refused(() -> unit.start(context))).hasMessageContaining("it is inactive");
    }

    @Test
    void a_unit_that_systemd_starts_again_is_degraded_and_in_the_end_failed() throws Exception {
        SystemdUnit unit = builder().startBudget(Duration.ofSeconds(4)).build();
        unit.start(context);
        set("loaded", "activating", "auto-restart", "[not set]");
        assertThat(Scratch.monitorUntil(unit, Health.State.DEGRADED).reason()).contains("auto-restart");
        assertThat(Scratch.monitorUntil(unit, Health.State.FAILED).severity()).isEqualTo(Severity.SOFT);
    }

    @Test
    void what_ended_or_failed_is_told() throws Exception {
        SystemdUnit unit = builder().build();
        unit.start(context);
        set("loaded", "inactive", "dead", "[not set]");
        Scratch.monitorUntil(unit, Health.State.NOT_RUNNING);
        set("loaded", "failed", "failed", "[not set]");
        Scratch.monitorUntil(unit, Health.State.FAILED);
    }

    @Test
    void what_left_processes_has_not_stopped_until_they_are_killed() throws Exception {
        SystemdUnit unit = builder().build();
        unit.start(context);
        scratch.write("on-stop", "become inactive dead 2");
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("it has processes");
        scratch.write("on-kill", "exit 1");
        assertThat(unit.kill()).isFalse();
        scratch.write("on-kill", "become failed failed '[not set]'");
        assertThat(unit.kill()).isTrue();
        assertThat(scratch.lines("calls")).contains("kill --no-ask-password --signal=SIGKILL -- shop.service");
    }

    @Test
    void a_stop_that_hangs_or_lies_has_not_stopped() throws Exception {
        SystemdUnit unit = builder().stopBudget(Duration.ofSeconds(2)).build();
        unit.start(context);
        scratch.write("on-stop", "become deactivating stop-sigterm 2; sleep 600");
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("was killed after 2000 ms");
        scratch.write("on-stop", "exit 0");
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("it is deactivating");
        set("loaded", "active", "running", "3");
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("it is active");
    }

    /** What systemctl says here: word for word as recorded where no systemd runs. */
    @Test
    void without_systemd_there_is_no_answer_and_nothing_is_stopped() throws Exception {
        SystemdUnit unit = builder().build();
        unit.start(context);
        scratch.write(
                "on-show",
                "echo \"System has not been booted with systemd as init system (PID 1). Can't operate.\" >&2; exit 1");
        assertThat(unit.probe()).isEqualTo(Presence.UNKNOWN);
        assertThat(Scratch.monitorUntil(unit, Health.State.FAILED).reason())
                .contains("has not been booted with systemd");
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("does not tell the state");
        ResourceException e = refused(() -> unit.start(context));
        assertThat(e.severity()).isEqualTo(Severity.HARD);
        assertThat(unit.kill()).isFalse();
    }

    @Test
    void half_an_answer_is_none() throws Exception {
        SystemdUnit unit = builder().build();
        scratch.write("on-show", "echo ActiveState=inactive; exit 0");
        assertThat(unit.probe()).isEqualTo(Presence.UNKNOWN);
        assertThat(refused(() -> unit.stop(context))).hasMessageContaining("does not tell the state");
    }

    @Test
    void every_mistake_in_the_settings_is_named() {
        for (String name : new String[] {"shop", "--help.service", "a b.service", "", null}) {
            assertThatThrownBy(() -> SystemdUnit.builder(name)
                            .command(systemctl.toString())
                            .build())
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("with its ending, for example nginx.service");
        }
        assertThatThrownBy(() -> SystemdUnit.builder(UNIT)
                        .command("systemctl")
                        .stopBudget(Duration.ZERO)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("absolute path")
                .hasMessageContaining("stopBudget");
        assertThatThrownBy(() -> SystemdUnit.builder(UNIT).command().build())
                .isInstanceOf(ConfigurationException.class);
    }
}
