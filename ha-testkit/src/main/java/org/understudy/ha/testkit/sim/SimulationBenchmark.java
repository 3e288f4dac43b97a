package org.understudy.ha.testkit.sim;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Plays seeds and prints what they showed: violations, with the line that replays each, and how fast one core simulates, one step
 * being one input handled by one machine. The first violation of each checker is shrunk to a story, which is written to a file. Exit
 * status 1 if a promise was broken.
 */
public final class SimulationBenchmark {

    private static final int WARM_UP = 30;
    private static final long PROGRESS_NANOS = 10_000_000_000L;
    private static final int SHRINKING_PLAYS = 400;

    private SimulationBenchmark() {}

    /**
     * @param args {@code --seeds N} (200), {@code --first N} (1), {@code --keep DIR} (target/stories) for the stories of violations,
     *     {@code --json} for one object on standard output and nothing else there
     */
    public static void main(String[] args) {
        boolean isJson = false;
        long first = 1;
        long seeds = 200;
        Path kept = Path.of("target", "stories");
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--json" -> isJson = true;
                case "--seeds" -> seeds = Long.parseLong(args[++i]);
                case "--first" -> first = Long.parseLong(args[++i]);
                case "--keep" -> kept = Path.of(args[++i]);
                default -> {
                    System.err.println(
                            "sim: unknown word '" + args[i] + "'; known: --seeds N, --first N, --keep DIR, --json");
                    System.exit(2);
                }
            }
        }
        play(1_000_000, WARM_UP, false);
        long begin = System.nanoTime();
        Total total = play(first, seeds, true);
        double seconds = (System.nanoTime() - begin) / 1e9;
        total.tell(kept);
        print(isJson, first, seeds, total, seconds);
        System.exit(total.broken.isEmpty() ? 0 : 1);
    }

    private static void print(boolean isJson, long first, long seeds, Total total, double seconds) {
        int violations = total.failed;
        if (isJson) {
            System.out.printf(
                    "{\"first\":%d,\"seeds\":%d,\"steps\":%d,\"seconds\":%.3f,\"steps_per_second\":%.0f,"
                            + "\"runs_per_second\":%.1f,\"violations\":%d}%n",
                    first, seeds, total.steps, seconds, total.steps / seconds, seeds / seconds, violations);
        } else {
            System.out.println("what happened, how often:");
            total.counts.forEach((what, count) -> System.out.printf("%9d  %s%n", count, what));
            System.out.printf(
                    "%d seeds from %d, %d steps in %.2f s: %.0f steps/s, %.1f sixty-second runs/s, %d violations%n",
                    seeds, first, total.steps, seconds, total.steps / seconds, seeds / seconds, violations);
        }
        java.io.PrintStream out = isJson ? System.err : System.out;
        total.broken.forEach(out::println);
        out.printf("%d passed, %d failed%n", seeds - violations, violations);
    }

    private static Total play(long first, long seeds, boolean isTold) {
        Total total = new Total();
        long told = System.nanoTime();
        for (long seed = first; seed < first + seeds; seed++) {
            World world = new World(seed, WorldOptions.standard());
            RunReport report = world.run();
            total.steps += report.steps();
            report.violation().ifPresent(v -> total.violated(world, report, v));
            report.counts().forEach((what, count) -> total.counts.merge(what, count, Long::sum));
            if (isTold && System.nanoTime() - told > PROGRESS_NANOS) {
                told = System.nanoTime();
                System.err.printf("  ... seed %d, %d steps, %d violations%n", seed, total.steps, total.failed);
            }
        }
        return total;
    }

    /** Shrinks a story in which something is violated, as far as is worth the time. */
    static Story shrunk(Story story, Violation seen) {
        return Shrinker.shrink(
                story,
                seen,
                SHRINKING_PLAYS,
                shorter -> new World(shorter.setting().seed(), shorter.options())
                        .run()
                        .violation());
    }

    private record Broken(Story story, Violation violation) {}

    private static final class Total {
        private long steps;
        private int failed;
        private final List<String> broken = new ArrayList<>();
        private final Map<Checker, Broken> firsts = new EnumMap<>(Checker.class);
        private final TreeMap<String, Long> counts = new TreeMap<>();

        private void violated(World world, RunReport report, Violation violation) {
            failed++;
            String found = "seed " + report.seed() + ": " + violation + "\nreplay: ./check sim --first " + report.seed()
                    + " --seeds 1";
            broken.add(found);
            // At once: shrinking may take long, and a long run may be ended before its end.
            System.err.println(found);
            firsts.putIfAbsent(violation.checker(), new Broken(Story.of(world, report), violation));
        }

        private void tell(Path directory) {
            firsts.forEach((checker, first) -> {
                Story story = shrunk(first.story, first.violation);
                String name = "seed-" + story.setting().seed() + "-" + checker;
                broken.add(story.text() + story.write(directory, name));
            });
        }
    }
}
