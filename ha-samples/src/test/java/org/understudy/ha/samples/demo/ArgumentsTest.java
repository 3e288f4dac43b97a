package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;

class ArgumentsTest {

    @Test
    void no_words_mean_every_fault_once() {
        assertThat(Arguments.parse(List.of())).isEqualTo(new Arguments(List.of(Fault.values()), 1, false, false));
    }

    @Test
    void a_fault_takes_runs_and_json_in_any_order() {
        Arguments wanted = new Arguments(List.of(Fault.KILL), 10, true, false);
        assertThat(Arguments.parse(List.of("kill", "--runs", "10", "--json"))).isEqualTo(wanted);
        assertThat(Arguments.parse(List.of("--json", "--runs", "10", "kill"))).isEqualTo(wanted);
    }

    @Test
    void help_wins() {
        assertThat(Arguments.parse(List.of("kill", "--help")).isHelp()).isTrue();
    }

    @Test
    void unknown_words_are_named() {
        for (List<String> words : List.of(
                List.of("explode"),
                List.of("kill", "pause"),
                List.of("--runs"),
                List.of("--runs", "0"),
                List.of("--runs", "1001"),
                List.of("--runs", "many"),
                List.of("--jsonx"),
                List.of(""))) {
            assertThatThrownBy(() -> Arguments.parse(words))
                    .as(words.toString())
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining(words.contains("--runs") ? "--runs" : words.get(words.size() - 1));
        }
    }

    @Test
    void every_fault_is_in_the_usage() {
        for (Fault fault : Fault.values()) {
            assertThat(Arguments.USAGE).contains(fault.word());
        }
    }
}
