package org.understudy.ha.internal.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Whoever meets a word in the log finds it in the guide. */
class ReasonGuideTest {

    private static final Path GUIDE = Path.of("..", "src/site/markdown/troubleshooting.md");

    @Test
    void the_guide_has_a_row_for_every_reason() throws IOException {
        List<String> rows = Files.readAllLines(GUIDE);
        Set<String> explained = rows.stream()
                .filter(row -> row.startsWith("| ") && row.split("\\|").length >= 4)
                .flatMap(row -> Arrays.stream(row.split("\\|")[1].split(",")))
                .map(String::strip)
                .collect(Collectors.toSet());

        assertThat(explained)
                .containsAll(Arrays.stream(Reason.values()).map(Reason::name).toList());
    }
}
