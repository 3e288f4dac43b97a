package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.spi.Severity;

class ScriptStatusTest {

    @ParameterizedTest
    @CsvSource({
        "0, RUNNING",
        "1, STOPPED",
        "2, STOPPED",
        "3, STOPPED",
        "4, UNKNOWN",
        "5, UNKNOWN",
        "100, UNKNOWN",
        "150, UNKNOWN",
        "255, UNKNOWN"
    })
    void the_status_of_an_init_script(int status, Finding.State state) {
        assertThat(ScriptExit.finding(status, "told").state()).isEqualTo(state);
    }

    @ParameterizedTest
    @CsvSource({"1, SOFT", "2, HARD", "3, HARD", "4, HARD", "5, HARD", "6, HARD", "7, SOFT", "8, SOFT", "255, SOFT"})
    void a_failure_of_an_init_script_reaches_its_host_at_the_most(int status, Severity severity) {
        assertThat(ScriptExit.severity(status)).isEqualTo(severity);
        assertThat(ScriptExit.meaning(status)).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "running, RUNNING",
        "'drbddisk is RUNNING', RUNNING",
        "OK, RUNNING",
        "'IPaddr: OK', RUNNING",
        "stopped, STOPPED",
        "'Apache is Stopped.', STOPPED",
        "'not running', STOPPED",
        "'is not currently running', STOPPED",
        "'', UNKNOWN",
        "ok, UNKNOWN",
        "broken, UNKNOWN",
        "'nonstopped', UNKNOWN",
        "'forerunning', UNKNOWN",
        "'TOKEN', UNKNOWN",
        "'a is running, b is stopped', UNKNOWN",
        "'not running, OK', UNKNOWN"
    })
    void the_words_of_a_heartbeat_script(String words, Finding.State state) {
        assertThat(HeartbeatStatus.finding(words + "\n", "told").state()).isEqualTo(state);
    }
}
