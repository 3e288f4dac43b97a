package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;

class OcfExitTest {

    @ParameterizedTest
    @CsvSource({
        "0,   HEALTHY,     SOFT,  FAILED,      HERE",
        "1,   FAILED,      SOFT,  FAILED,      UNKNOWN",
        "2,   FAILED,      HARD,  FAILED,      UNKNOWN",
        "3,   FAILED,      HARD,  FAILED,      UNKNOWN",
        "4,   FAILED,      HARD,  FAILED,      UNKNOWN",
        "5,   FAILED,      HARD,  FAILED,      UNKNOWN",
        "6,   FAILED,      FATAL, FAILED,      UNKNOWN",
        "7,   NOT_RUNNING, SOFT,  NOT_RUNNING, ABSENT",
        "8,   FAILED,      SOFT,  HEALTHY,     HERE",
        "9,   FAILED,      SOFT,  FAILED,      HERE",
        "10,  FAILED,      SOFT,  FAILED,      UNKNOWN",
        "126, FAILED,      SOFT,  FAILED,      UNKNOWN",
        "137, FAILED,      SOFT,  FAILED,      UNKNOWN",
        "189, FAILED,      SOFT,  FAILED,      UNKNOWN",
        "190, DEGRADED,    SOFT,  FAILED,      HERE",
        "191, FAILED,      SOFT,  DEGRADED,    HERE",
        "255, FAILED,      SOFT,  FAILED,      UNKNOWN"
    })
    void a_monitor_means_this_for_an_unpromoted_one_a_promoted_one_and_one_that_nobody_started(
            int status, Health.State unpromoted, Severity severity, Health.State promoted, Presence presence) {
        Finding finding = OcfExit.of(status).finding("told");
        assertThat(finding.health(false).state()).isEqualTo(unpromoted);
        assertThat(finding.health(false).severity()).isEqualTo(severity);
        assertThat(finding.health(true).state()).isEqualTo(promoted);
        assertThat(finding.presence()).isEqualTo(presence);
        assertThat(finding.isStopped()).isEqualTo(status == 7);
    }

    @ParameterizedTest
    @CsvSource({
        "START,   0 190",
        "STOP,    0 7",
        "PROMOTE, 0 8 191",
        "DEMOTE,  0",
        "NOTIFY,  0",
        "RELOAD,  0",
        "VALIDATE_ALL, 0"
    })
    void only_these_say_that_an_action_was_carried_out(OcfAction action, String statuses) {
        List<Integer> done = IntStream.rangeClosed(0, 255)
                .filter(status -> OcfExit.of(status).isDone(action))
                .boxed()
                .toList();
        assertThat(done.stream().map(String::valueOf)).containsExactly(statuses.split(" "));
    }

    @Test
    void what_is_not_healthy_says_why() {
        for (int status = 1; status <= 255; status++) {
            Finding finding = OcfExit.of(status).finding("told");
            for (boolean isPromoted : new boolean[] {true, false}) {
                Health health = finding.health(isPromoted);
                assertThat(health.state() == Health.State.HEALTHY)
                        .as("%d", status)
                        .isEqualTo(health.reason().isEmpty());
            }
        }
    }
}
