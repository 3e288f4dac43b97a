package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.spi.Health;

class UnitStateTest {

    static String show(String load, String active, String sub, String result, String tasks) {
        return "Result=" + result + "\nMainPID=0\nControlPID=0\nTasksCurrent=" + tasks + "\nLoadState=" + load
                + "\nActiveState=" + active + "\nSubState=" + sub + "\nUnitFileState=disabled\n";
    }

    @ParameterizedTest
    @CsvSource({
        "active, running, 5, RUNNING, false",
        "active, exited, [not set], RUNNING, false",
        "active, mounted, [not set], RUNNING, false",
        "reloading, reload, 5, RUNNING, false",
        "activating, start, 1, CHANGING, false",
        "activating, auto-restart, [not set], CHANGING, false",
        "deactivating, stop-sigterm, 2, CHANGING, false",
        "inactive, dead, [not set], STOPPED, true",
        "inactive, dead, 18446744073709551615, STOPPED, true",
        "inactive, dead, 2, FAILED, false",
        "failed, failed, [not set], FAILED, true",
        "failed, failed, 1, FAILED, false",
        "something-new, x, [not set], UNKNOWN, false"
    })
    void a_state_means_this(String active, String sub, String tasks, Finding.State state, boolean isEnded) {
        UnitState unit =
                UnitState.parse(show("loaded", active, sub, "success", tasks)).orElseThrow();
        assertThat(unit.finding().state()).isEqualTo(state);
        assertThat(unit.isEnded()).isEqualTo(isEnded);
        assertThat(unit.obstacle("a.service")).isEmpty();
    }

    @Test
    void a_main_process_keeps_a_unit_from_being_ended() {
        String text = show("loaded", "failed", "failed", "timeout", "[not set]").replace("MainPID=0", "MainPID=4711");
        assertThat(UnitState.parse(text).orElseThrow().isEnded()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "masked, is masked",
        "not-found, there is no unit",
        "bad-setting, cannot be loaded (bad-setting)",
        "error, cannot be loaded"
    })
    void what_is_not_loaded_cannot_be_started(String load, String why) {
        UnitState unit =
                UnitState.parse(show(load, "inactive", "dead", "success", "0")).orElseThrow();
        assertThat(unit.obstacle("a.service").orElseThrow()).contains(why).contains("a.service");
        assertThat(unit.finding().isStopped()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "ActiveState=active\n",
                "LoadState=loaded\nActiveState=\n",
                "System has not been booted with systemd"
            })
    void half_an_answer_is_none(String text) {
        assertThat(UnitState.parse(text)).isEmpty();
    }

    @Test
    void enabled_is_what_systemd_starts_by_itself() {
        String text = show("loaded", "inactive", "dead", "success", "0");
        assertThat(UnitState.parse(text).orElseThrow().isEnabled()).isFalse();
        assertThat(UnitState.parse(text.replace("disabled", "enabled"))
                        .orElseThrow()
                        .isEnabled())
                .isTrue();
        assertThat(UnitState.parse(text.replace("disabled", "enabled-runtime"))
                        .orElseThrow()
                        .isEnabled())
                .isTrue();
    }

    @Test
    void a_change_is_waited_for_and_then_it_is_a_failure() {
        Patience patience = new Patience(100);
        Finding changing = Finding.changing("it is activating");
        assertThat(patience.judge(changing, 1000).health(false).state()).isEqualTo(Health.State.DEGRADED);
        assertThat(patience.judge(changing, 1099).health(false).state()).isEqualTo(Health.State.DEGRADED);
        assertThat(patience.judge(changing, 1100).health(false).state()).isEqualTo(Health.State.FAILED);
        assertThat(patience.judge(Finding.running(), 1101).health(false)).isEqualTo(Health.healthy());
        assertThat(patience.judge(changing, 1150).health(false).state())
                .as("a change of its own")
                .isEqualTo(Health.State.DEGRADED);
    }
}
