package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each planted bug is seen by a named checker within its seeds, and the same seeds are clean without it. */
class SabotageTest {

    static List<PlantedBug> bugs() {
        return PlantedBug.all();
    }

    @ParameterizedTest
    @MethodSource("bugs")
    @Timeout(300)
    void a_planted_bug_is_seen_and_the_same_seeds_without_it_are_clean(PlantedBug bug) {
        Examination result = Examination.of(bug, PatchedClasses.checkout());

        assertThat(result.seen()).as("%s within %d seeds", bug, bug.seedsMax()).isPresent();
        assertThat(bug.checkers()).as(result.detail()).contains(result.seen().get());
        assertThat(result.unjust()).as(result.unjustDetail()).isEmpty();
    }

    @Test
    void there_are_at_least_eighteen() {
        assertThat(bugs()).hasSizeGreaterThanOrEqualTo(18);
    }

    @Test
    void a_bug_whose_rule_has_moved_is_refused_and_not_skipped() {
        PlantedBug.Patch patch = new PlantedBug.Patch("A.java", "not there", "x");

        assertThatThrownBy(() -> patch.apply("class A {}"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not found");
    }
}
