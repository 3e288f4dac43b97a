package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.testkit.sim.Sabotage;
import org.understudy.ha.testkit.sim.Violation.Checker;

/** Each planted bug is seen by a checker that its file names, within its seeds, and the same seeds are clean without it. */
@Tag("simulated")
@Execution(ExecutionMode.CONCURRENT)
class SabotageTest {

    private static final int BUGS_MIN = 50;

    private final Path checkout = PatchedClasses.checkout();

    static List<PlantedBug> bugs() {
        return PlantedBug.all();
    }

    @ParameterizedTest
    @MethodSource("bugs")
    @Timeout(300)
    void a_planted_bug_is_seen_and_the_same_seeds_without_it_are_clean(PlantedBug bug) {
        Examination result = Examination.of(bug, checkout);

        assertThat(result.seen()).as("%s, within %d seeds", bug, bug.seedsMax()).isPresent();
        assertThat(result.seen().get()).as(result.detail()).isIn(bug.checkers());
        assertThat(result.seed()).isLessThanOrEqualTo(bug.seedsMax());
        assertThat(result.unjust())
                .as("without the bug: %s", result.unjustDetail())
                .isEmpty();
        assertThat(result.isCaught()).isTrue();
    }

    @Test
    void every_bug_around_the_machines_has_its_file_and_there_are_many() {
        assertThat(bugs()).hasSizeGreaterThanOrEqualTo(BUGS_MIN);
        assertThat(bugs())
                .extracting(PlantedBug::around)
                .contains(Arrays.stream(Sabotage.values())
                        .filter(s -> s != Sabotage.NONE)
                        .toArray(Sabotage[]::new));
    }

    @Test
    void a_patch_that_does_not_fit_any_more_fails_and_says_where() {
        PlantedBug.Patch patch = new PlantedBug.Patch("A.java", "old", "new");

        assertThat(patch.apply("the old text")).isEqualTo("the new text");
        assertThatThrownBy(() -> patch.apply("text")).hasMessageContaining("not found in A.java");
        assertThatThrownBy(() -> patch.apply("old and old")).hasMessageContaining("more than once in A.java");
    }

    @Test
    void a_bug_that_changes_nothing_is_not_caught() {
        PlantedBug harmless = PlantedBug.parse(
                "harmless",
                "breaks: nothing\nplay: schedule forms-untold\nseeds: 1\ncaught-by: ONE_CHAIN\n"
                        + "source: ha-membership/src/main/java/org/understudy/ha/membership/core/BaseSelection.java\n"
                        + "<<<<\n    private BaseSelection() {}\n====\n    private BaseSelection() {} // harmless\n>>>>\n");

        Examination result = Examination.of(harmless, checkout);

        assertThat(result.seen()).isEmpty();
        assertThat(result.isCaught()).isFalse();
    }

    @Test
    void a_bug_seen_by_somebody_else_than_named_is_not_caught() {
        PlantedBug real = bugs().stream()
                .filter(bug -> bug.name().equals("forms-untold"))
                .findFirst()
                .orElseThrow();
        PlantedBug misnamed = new PlantedBug(
                real.name(),
                real.breaks(),
                real.around(),
                real.patches(),
                real.play(),
                real.seedsMax(),
                List.of(Checker.LEFT_CLEAN));

        Examination result = Examination.of(misnamed, checkout);

        assertThat(result.seen()).contains(Checker.ONE_CHAIN);
        assertThat(result.isCaught()).isFalse();
    }

    @Test
    void what_does_not_compile_is_told_with_the_compiler_s_words() {
        List<PlantedBug.Patch> patches = List.of(new PlantedBug.Patch(
                "ha-membership/src/main/java/org/understudy/ha/membership/core/BaseSelection.java",
                "    private BaseSelection() {}",
                "    private BaseSelection() { nonsense }"));

        assertThatThrownBy(() -> PatchedClasses.of(checkout, patches))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("do not compile")
                .hasMessageContaining("nonsense");
    }

    @Test
    void a_file_that_says_too_little_is_refused() {
        assertThatThrownBy(() -> PlantedBug.parse("x", "breaks: something\n"))
                .hasMessageContaining("x: needs whole patches");
        assertThatThrownBy(() -> PlantedBug.parse("x", "around: FORGETFUL_DISK\nbreaks: it\nseeds: 1\n"))
                .hasMessageContaining("x: has no line 'play: '");
        assertThatThrownBy(() -> PlantedBug.parse("x", "nonsense\n")).hasMessageContaining("expected 'key: value'");
    }
}
