package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.testkit.sim.Story;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/** What brings a planted bug out, with 40 faults or more, becomes a story of a few. */
@Tag("simulated")
class ShrinkingTest {

    private static final int PLAYS = 250;
    private static final int FAULTS_MAX = 8;

    private final Path checkout = PatchedClasses.checkout();

    @ParameterizedTest
    @ValueSource(strings = {"older-disk-votes-at-once", "removal-accepted-early"})
    @Timeout(300)
    void a_failing_seed_becomes_a_short_story_that_fails_with_the_bug_only(String name) {
        PlantedBug bug = bug(name);

        Story story = Examination.story(bug, checkout, PLAYS).orElseThrow();

        Optional<Violation> seen = Examination.player(bug, checkout).apply(story);
        assertThat(story.faults()).isNotEmpty().hasSizeLessThanOrEqualTo(FAULTS_MAX);
        assertThat(seen.map(Violation::checker))
                .isPresent()
                .get()
                .isIn(bug.checkers().toArray());
        assertThat(story.outcome()).containsExactly(seen.get().checker() + " is violated");
        assertThat(story.play().violation()).as("without the bug").isEmpty();
    }

    @Test
    @Timeout(300)
    void a_story_is_kept_in_a_file_that_plays_the_same(@TempDir Path directory) throws IOException {
        PlantedBug bug = bug("renew-blindly");
        Story story = Examination.story(bug, checkout, PLAYS).orElseThrow();

        String replay = story.write(directory.resolve("new"), "found");

        Path file = directory.resolve("new").resolve("found.story");
        assertThat(replay).isEqualTo("replay: ./check sim --story " + file);
        assertThat(Story.parse(Files.readString(file))).isEqualTo(story);
        assertThat(Examination.player(bug, checkout).apply(story).map(Violation::checker))
                .isPresent()
                .get()
                .isIn((Object[]) bug.checkers().toArray(new Checker[0]));
    }

    private static PlantedBug bug(String name) {
        return PlantedBug.all().stream()
                .filter(bug -> bug.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
