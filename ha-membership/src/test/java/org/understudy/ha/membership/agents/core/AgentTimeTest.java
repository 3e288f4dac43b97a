package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentTimeTest {

    @ParameterizedTest
    @CsvSource({
        "20, 20000",
        "20s, 20000",
        " 20 s , 20000",
        "2m30s, 150000",
        "500ms, 500",
        "1min, 60000",
        "1h, 3600000",
        "1d, 86400000",
        "9d, 86400000",
        "0, 0"
    })
    void times_of_agents_are_read(String text, long millis) {
        assertThat(AgentTime.parse(text)).contains(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "s", "-5", "1.5s", "20 parsecs", "20s x", "99999999999"})
    void what_is_no_time_is_none(String text) {
        assertThat(AgentTime.parse(text)).isEmpty();
    }
}
