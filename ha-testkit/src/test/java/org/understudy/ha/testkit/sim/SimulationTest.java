package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The campaign: 1000 seeds of sixty simulated seconds in every build; {@code -Dsim.seeds=N} for another number,
 * {@code -Dsim.first=N} to begin elsewhere, {@code -Dsim.seed=N} to replay one with its last events.
 */
@Tag("simulated")
class SimulationTest {

    private static final long SEEDS = Long.getLong("sim.seeds", 1000);
    private static final long FIRST = Long.getLong("sim.first", 1);

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void no_seed_of_the_campaign_breaks_a_promise_and_none_is_vacuous() {
        if (System.getProperty("sim.seed") != null) {
            return;
        }
        TreeMap<String, Long> counts = new TreeMap<>();
        long steps = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            RunReport report = new World(seed, WorldOptions.standard()).run();
            steps += report.steps();
            if (report.violation().isPresent()) {
                throw new AssertionError(failure(seed));
            }
            report.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
        }
        counts.put("steps", steps);
        List<String> lines = new ArrayList<>();
        counts.forEach((what, count) -> lines.add(count + " " + what));
        System.out.println(SEEDS + " seeds without a violation: " + String.join(", ", lines));
        if (SEEDS >= 100) {
            assertThat(counts)
                    .as("what a campaign must have seen to mean anything")
                    .containsKeys(
                            "starts by NEVER",
                            "starts by RELEASED",
                            "starts by DIED",
                            "starts by EXPIRED",
                            "moves done",
                            "leaves",
                            "group failures");
            for (Violation.Checker checker : Violation.Checker.values()) {
                assertThat(counts.get("looks of " + checker))
                        .as("%s must have looked", checker)
                        .isPositive();
            }
            for (Fault.Kind kind : Fault.Kind.values()) {
                assertThat(counts)
                        .as("each kind of fault must have hit an owner")
                        .containsKey("fault " + kind + " at an owner");
            }
        }
    }

    /** {@code -Dsim.seed=N} replays that seed and prints its trace; without it seed 1, quietly. */
    @Test
    void one_seed_replays() {
        long seed = Long.getLong("sim.seed", 1);
        RunReport report = new World(seed, WorldOptions.standard().withTrace()).run();
        if (System.getProperty("sim.seed") != null) {
            report.trace().forEach(System.out::println);
        }
        assertThat(report.violation()).as("seed " + seed).isEmpty();
    }

    @Test
    void the_same_seed_gives_the_same_run() {
        RunReport one = new World(7, WorldOptions.standard().withTrace()).run();
        RunReport two = new World(7, WorldOptions.standard().withTrace()).run();

        assertThat(two.steps()).isEqualTo(one.steps());
        assertThat(two.counts()).isEqualTo(one.counts());
        assertThat(two.trace()).isEqualTo(one.trace());
    }

    private static String failure(long seed) {
        World world = new World(seed, WorldOptions.standard().withTrace());
        RunReport again = world.run();
        return "seed " + seed + ": "
                + again.violation().map(Violation::toString).orElse("not reproduced")
                + "\nreplay: mvn -q -pl ha-testkit -am test -Dtest=SimulationTest -Dsim.seed=" + seed
                + " -Dsurefire.failIfNoSpecifiedTests=false\n"
                + again.violation().map(v -> story(world, again, v)).orElse("")
                + "last events:\n"
                + String.join("\n", again.trace());
    }

    private static String story(World world, RunReport report, Violation violation) {
        Story story = SimulationBenchmark.shrunk(Story.of(world, report), violation);
        Path directory = Path.of("target", "stories").toAbsolutePath();
        return "shrunk to a story:\n" + story.text()
                + story.write(directory, "seed-" + report.seed() + "-" + violation.checker()) + "\n";
    }
}
