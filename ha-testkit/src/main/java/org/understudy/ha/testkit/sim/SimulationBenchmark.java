package org.understudy.ha.testkit.sim;

import java.util.Arrays;
import java.util.TreeMap;

/** Measures how fast one core simulates; prints steps a second, one step being one input handled by one machine. */
public final class SimulationBenchmark {

    private SimulationBenchmark() {}

    /**
     * @param args {@code --json} for one object on standard output; {@code --seeds N} (200)
     */
    public static void main(String[] args) {
        boolean isJson = Arrays.asList(args).contains("--json");
        int at = Arrays.asList(args).indexOf("--seeds");
        int seeds = at >= 0 ? Integer.parseInt(args[at + 1]) : 200;
        play(1_000_000, seeds / 4);
        long begin = System.nanoTime();
        Total total = play(1, seeds);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (isJson) {
            System.out.printf(
                    "{\"seeds\":%d,\"steps\":%d,\"seconds\":%.3f,\"steps_per_second\":%.0f,\"runs_per_second\":%.1f,"
                            + "\"violations\":%d}%n",
                    seeds, total.steps, seconds, total.steps / seconds, seeds / seconds, total.violations);
        } else {
            System.out.printf(
                    "%d seeds, %d steps in %.2f s: %.0f steps/s, %.1f sixty-second runs/s, %d violations%n",
                    seeds, total.steps, seconds, total.steps / seconds, seeds / seconds, total.violations);
            total.counts.forEach((what, count) -> System.out.printf("%9d  %s%n", count, what));
        }
    }

    private static Total play(long first, int seeds) {
        Total total = new Total();
        for (long seed = first; seed < first + seeds; seed++) {
            RunReport report = new World(seed, WorldOptions.standard()).run();
            total.steps += report.steps();
            report.violation().ifPresent(v -> total.violations++);
            report.counts().forEach((what, count) -> total.counts.merge(what, count, Long::sum));
        }
        return total;
    }

    private static final class Total {
        private long steps;
        private int violations;
        private final TreeMap<String, Long> counts = new TreeMap<>();
    }
}
