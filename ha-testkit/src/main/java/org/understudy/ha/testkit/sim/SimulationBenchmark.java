package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Plays seeds and prints what they showed: violations, with the line that replays each, and how fast one core simulates, one step
 * being one input handled by one machine. Exit status 1 if a promise was broken.
 */
public final class SimulationBenchmark {

    private static final int WARM_UP = 30;
    private static final long PROGRESS_NANOS = 10_000_000_000L;

    private SimulationBenchmark() {}

    /**
     * @param args {@code --seeds N} (200), {@code --first N} (1), {@code --json} for one object on standard output and nothing else
     *     there
     */
    public static void main(String[] args) {
        boolean isJson = false;
        long first = 1;
        long seeds = 200;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--json" -> isJson = true;
                case "--seeds" -> seeds = Long.parseLong(args[++i]);
                case "--first" -> first = Long.parseLong(args[++i]);
                default -> {
                    System.err.println("sim: unknown word '" + args[i] + "'; known: --seeds N, --first N, --json");
                    System.exit(2);
                }
            }
        }
        play(1_000_000, WARM_UP, false);
        long begin = System.nanoTime();
        Total total = play(first, seeds, true);
        double seconds = (System.nanoTime() - begin) / 1e9;
        print(isJson, first, seeds, total, seconds);
        System.exit(total.broken.isEmpty() ? 0 : 1);
    }

    private static void print(boolean isJson, long first, long seeds, Total total, double seconds) {
        if (isJson) {
            System.out.printf(
                    "{\"first\":%d,\"seeds\":%d,\"steps\":%d,\"seconds\":%.3f,\"steps_per_second\":%.0f,"
                            + "\"runs_per_second\":%.1f,\"violations\":%d}%n",
                    first, seeds, total.steps, seconds, total.steps / seconds, seeds / seconds, total.broken.size());
        } else {
            total.counts.forEach((what, count) -> System.out.printf("%9d  %s%n", count, what));
            System.out.printf(
                    "%d seeds from %d, %d steps in %.2f s: %.0f steps/s, %.1f sixty-second runs/s, %d violations%n",
                    seeds, first, total.steps, seconds, total.steps / seconds, seeds / seconds, total.broken.size());
        }
        java.io.PrintStream out = isJson ? System.err : System.out;
        total.broken.forEach(out::println);
        out.printf("%d passed, %d failed%n", seeds - total.broken.size(), total.broken.size());
    }

    private static Total play(long first, long seeds, boolean isTold) {
        Total total = new Total();
        long told = System.nanoTime();
        for (long seed = first; seed < first + seeds; seed++) {
            RunReport report = new World(seed, WorldOptions.standard()).run();
            total.steps += report.steps();
            long broken = seed;
            report.violation()
                    .ifPresent(v -> total.broken.add(
                            "seed " + broken + ": " + v + "\nreplay: ./check sim --first " + broken + " --seeds 1"));
            report.counts().forEach((what, count) -> total.counts.merge(what, count, Long::sum));
            if (isTold && System.nanoTime() - told > PROGRESS_NANOS) {
                told = System.nanoTime();
                System.err.printf("  ... seed %d, %d steps, %d violations%n", seed, total.steps, total.broken.size());
            }
        }
        return total;
    }

    private static final class Total {
        private long steps;
        private final List<String> broken = new ArrayList<>();
        private final TreeMap<String, Long> counts = new TreeMap<>();
    }
}
