package org.understudy.ha.testkit.faults;

import java.nio.file.Path;
import java.util.List;
import org.understudy.ha.api.ConfigurationException;

/**
 * What was asked for on the command line.
 *
 * @param count how many faults at least
 * @param nodes 3 or 5
 * @param seed what all plans are drawn from
 * @param episode the only episode to play, or 0 for as many as it takes
 * @param isJson whether the figures go to the standard output as JSON
 * @param histories where the history of a failed episode is kept
 */
record Arguments(int count, int nodes, long seed, int episode, boolean isJson, Path histories) {
    static final String USAGE = String.join(
            "\n",
            "usage: faults [--count N] [--nodes 3|5] [--seed S] [--episode E] [--json] [--histories DIRECTORY]",
            "Injects at least N real faults (60 by default) into a cluster of real processes and judges what happened.",
            "--seed S replays the same plans; --episode E plays only that one of them. A rejected history is kept in",
            "the directory (target/faults by default). The last line is 'N passed, N failed', counted in episodes.",
            "Exit status: 0 if every episode passed and the run proved something, 1 if not, 2 for a wrong word.");
    private static final int COUNT_MAX = 1_000_000;

    /**
     * @param freshSeed the seed if none is given
     * @throws ConfigurationException for a word that is not understood
     */
    static Arguments parse(List<String> words, long freshSeed) {
        long count = 60;
        long nodes = 3;
        long seed = freshSeed;
        long episode = 0;
        boolean isJson = false;
        Path histories = Path.of("target", "faults");
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String value = i + 1 < words.size() ? words.get(i + 1) : "(nothing)";
            switch (word) {
                case "--json" -> {
                    isJson = true;
                    i--;
                }
                case "--count" -> count = number(word, value, 1, COUNT_MAX);
                case "--nodes" -> nodes = number(word, value, 3, 5);
                case "--seed" -> seed = number(word, value, 0, Long.MAX_VALUE);
                case "--episode" -> episode = number(word, value, 1, COUNT_MAX);
                case "--histories" -> histories = Path.of(value);
                default -> throw new ConfigurationException("argument", word, "is not understood");
            }
            i++;
        }
        if (nodes == 4) {
            throw new ConfigurationException(
                    "--nodes", "4", "give 3 or 5: an even number survives no more than one less");
        }
        return new Arguments((int) count, (int) nodes, seed, (int) episode, isJson, histories);
    }

    private static long number(String word, String value, long min, long max) {
        try {
            long number = Long.parseLong(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new ConfigurationException(word, value, "give a number from " + min + " to " + max);
        }
        throw new ConfigurationException(word, value, "give a number from " + min + " to " + max);
    }
}
