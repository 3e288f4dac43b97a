package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.testkit.sim.KeptStories;
import org.understudy.ha.testkit.sim.Story;
import org.understudy.ha.testkit.sim.Violation;

/**
 * Every kept story ends as it is recorded, and with each bug that it names planted one of the named checkers objects.
 * {@code -Dstories.rewrite=true} records what comes of them now, in the sources: read the difference before you commit it.
 */
@Tag("simulated")
class KeptStoriesTest {

    private static final Path SOURCES = Path.of("ha-testkit/src/main/resources/org/understudy/ha/testkit/stories");
    private static final String FIRST_OUTCOME = "\nthen ";

    private static final Map<String, Story> STORIES = KeptStories.all();
    private static final Map<String, Function<Story, Optional<Violation>>> PLAYERS = new HashMap<>();

    private final Path checkout = PatchedClasses.checkout();

    static Set<String> names() {
        return STORIES.keySet();
    }

    @ParameterizedTest
    @MethodSource("names")
    @Timeout(60)
    void a_kept_story_ends_as_it_is_recorded(String name) throws IOException {
        Story story = STORIES.get(name);
        List<String> outcome = outcome(story);

        if (Boolean.getBoolean("stories.rewrite")) {
            Path file = checkout.resolve(SOURCES).resolve(name + ".story");
            String text = Files.readString(file);
            String before = text.substring(0, text.indexOf(FIRST_OUTCOME) + 1);
            Files.writeString(
                    file,
                    before + outcome.stream().map(line -> "then " + line + "\n").collect(Collectors.joining()));
            return;
        }
        assertThat(outcome).as(story.title()).isEqualTo(story.outcome()).noneMatch(line -> line.contains("violated"));
    }

    @ParameterizedTest
    @MethodSource("names")
    @Timeout(300)
    void with_a_bug_that_it_names_a_named_checker_objects(String name) {
        Story story = STORIES.get(name);
        assertThat(story.red()).as("bugs that %s brings out", name).isNotEmpty();
        for (Story.Red red : story.red()) {
            Optional<Violation> seen =
                    PLAYERS.computeIfAbsent(red.bug(), this::player).apply(story);

            assertThat(seen).as("%s with %s", name, red.bug()).isPresent();
            assertThat(seen.get().checker()).as(seen.get().toString()).isIn(red.checkers());
        }
    }

    @Test
    void every_schedule_is_told_by_a_story_and_every_story_that_a_bug_plays_names_that_bug() {
        Set<String> told = new TreeSet<>();
        STORIES.values().forEach(story -> story.schedule().ifPresent(told::add));
        assertThat(told).isEqualTo(Schedules.names());
        for (PlantedBug bug : PlantedBug.all()) {
            if (bug.play().startsWith("story ")) {
                String name = bug.play().substring("story ".length());
                assertThat(STORIES).containsKey(name);
                assertThat(STORIES.get(name).red()).extracting(Story.Red::bug).contains(bug.name());
            }
        }
    }

    private Function<Story, Optional<Violation>> player(String bug) {
        return Examination.player(
                PlantedBug.all().stream()
                        .filter(b -> b.name().equals(bug))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("no planted bug " + bug)),
                checkout);
    }

    private static List<String> outcome(Story story) {
        if (story.schedule().isPresent()) {
            return Trial.schedule(story.schedule().get())
                    .map(v -> List.of(v.toString()))
                    .orElse(Story.NOBODY_OBJECTS);
        }
        return story.outcome(story.play());
    }
}
