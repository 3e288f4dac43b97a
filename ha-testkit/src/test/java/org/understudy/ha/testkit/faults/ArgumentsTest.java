package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;

class ArgumentsTest {

    @Test
    void words_are_understood_in_any_order() {
        Arguments arguments = Arguments.parse(
                List.of("--json", "--seed", "9", "--nodes", "5", "--count", "1000", "--episode", "3"), 1);
        assertThat(arguments.count()).isEqualTo(1000);
        assertThat(arguments.nodes()).isEqualTo(5);
        assertThat(arguments.seed()).isEqualTo(9);
        assertThat(arguments.episode()).isEqualTo(3);
        assertThat(arguments.isJson()).isTrue();
    }

    @Test
    void without_a_seed_the_fresh_one_is_taken() {
        assertThat(Arguments.parse(List.of(), 77).seed()).isEqualTo(77);
    }

    @Test
    void a_wrong_word_or_number_is_refused_with_a_remedy() {
        for (List<String> words : List.of(
                List.of("--cout", "3"),
                List.of("--count", "0"),
                List.of("--count"),
                List.of("--count", "many"),
                List.of("--nodes", "4"),
                List.of("--nodes", "7"),
                List.of("--seed", "-1"))) {
            assertThatThrownBy(() -> Arguments.parse(words, 1)).isInstanceOf(ConfigurationException.class);
        }
    }
}
