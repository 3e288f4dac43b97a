package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Recorded situations of placement, and what comes of them. */
class PlacementStoriesTest {

    private static final Path STORIES = Path.of("src/test/resources/placement");
    private static final int STORIES_MIN = 100;

    @TestFactory
    Stream<DynamicTest> every_story_ends_as_it_was_recorded() throws IOException {
        return stories().stream().map(story -> DynamicTest.dynamicTest(story.title(), story::play));
    }

    @Test
    void there_are_many_and_each_says_how_it_compares() throws IOException {
        List<PlacementStory> stories = stories();

        assertThat(stories).hasSizeGreaterThanOrEqualTo(STORIES_MIN);
        assertThat(stories).extracting(PlacementStory::title).doesNotHaveDuplicates();
        assertThat(stories.stream().map(PlacementStory::pacemaker).filter(said -> !said.isEmpty()))
                .hasSizeGreaterThanOrEqualTo(STORIES_MIN / 3)
                .allSatisfy(said -> assertThat(said).matches("(same|differs: .+)( \\(.*\\))?"));
        assertThat(stories)
                .allSatisfy(story -> assertThat(story.lines())
                        .as(story.title())
                        .anySatisfy(
                                line -> assertThat(line).matches("(expect|why|said|grants|drained|not drained).*")));
    }

    private static List<PlacementStory> stories() throws IOException {
        try (Stream<Path> files = Files.list(STORIES)) {
            return files.sorted()
                    .flatMap(file -> PlacementStory.parse(read(file)).stream())
                    .toList();
        }
    }

    private static List<String> read(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
