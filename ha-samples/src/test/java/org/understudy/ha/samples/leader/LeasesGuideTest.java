package org.understudy.ha.samples.leader;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The guide shows code that compiles: every line of it stands in the sample. */
class LeasesGuideTest {

    private static final Path ROOT = Path.of("..");

    @Test
    void every_line_of_the_guide_stands_in_the_sample() throws IOException {
        Path sample = Path.of("src/main/java/org/understudy/ha/samples/leader/Totals.java");
        List<String> code = Files.readAllLines(sample);
        List<String> shown = shown(ROOT.resolve("src/site/markdown/leases-and-elections.md"));

        assertThat(shown).hasSizeGreaterThan(8);
        assertThat(code).containsAll(shown);
    }

    private static List<String> shown(Path page) throws IOException {
        List<String> shown = new ArrayList<>();
        boolean isCode = false;
        for (String line : Files.readAllLines(page)) {
            if (line.startsWith("```")) {
                isCode = line.equals("```java");
            } else if (isCode) {
                shown.add(line);
            }
        }
        return shown;
    }
}
