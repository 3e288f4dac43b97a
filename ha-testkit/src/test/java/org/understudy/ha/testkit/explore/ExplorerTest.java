package org.understudy.ha.testkit.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The small bounds, each explored to its end. */
@Tag("simulated")
class ExplorerTest {

    private static final int STATES_MAX = 5_000_000;

    static List<Bound> small() {
        return Arrays.stream(Bound.values()).filter(Bound::isSmall).toList();
    }

    @ParameterizedTest
    @MethodSource("small")
    @Timeout(600)
    void no_promise_is_broken_in_any_state_of_a_small_bound(Bound bound) {
        Exploration found = Explorer.explore(bound, STATES_MAX);

        assertThat(found.violation()).as(String.join("\n", found.way())).isEmpty();
        assertThat(found.missing()).isEmpty();
        assertThat(found.isCut()).isFalse();
        assertThat(found.isPassed()).isTrue();
    }

    @Test
    @Timeout(600)
    void the_same_bound_has_the_same_states_each_time() {
        Exploration first = Explorer.explore(Bound.REMOVAL_AGAINST_RENEWAL, STATES_MAX);
        Exploration second = Explorer.explore(Bound.REMOVAL_AGAINST_RENEWAL, STATES_MAX);

        assertThat(second.states()).isEqualTo(first.states()).isGreaterThan(1_000);
        assertThat(second.transitions()).isEqualTo(first.transitions());
        assertThat(second.sights()).isEqualTo(first.sights());
    }

    @Test
    @Timeout(600)
    void a_space_that_is_too_large_is_said_to_be() {
        Exploration found = Explorer.explore(Bound.TWO_PROPOSERS, 1_000);

        assertThat(found.isCut()).isTrue();
        assertThat(found.isPassed()).isFalse();
    }

    @Test
    void bounds_are_known_by_their_titles() {
        for (Bound bound : Bound.values()) {
            assertThat(Bound.of(bound.title())).isEqualTo(bound);
        }
        assertThatThrownBy(() -> Bound.of("nonsense")).hasMessageContaining("two-proposers");
    }
}
