package org.understudy.ha.testkit.explore;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Explores every bound and prints how large it is, what shows in it, and the shortest way to a broken promise if there is one. Exit status 1
 * if a promise is broken, a space could not be explored to its end, or what it is about never happens in it.
 */
public final class ExploreFigures {

    /** More than any bound has; a space that grew beyond is a bound to be drawn again. */
    private static final int STATES_MAX = 40_000_000;

    private ExploreFigures() {}

    /**
     * @param args {@code --json} for one object on standard output and nothing else there; {@code --only NAME}, which may be
     *     repeated, for some of the bounds
     */
    public static void main(String[] args) {
        List<String> words = Arrays.asList(args);
        boolean isJson = words.contains("--json");
        List<Bound> only = new ArrayList<>();
        try {
            for (int i = 0; i < words.size(); i++) {
                if (words.get(i).equals("--only") && i + 1 < words.size()) {
                    only.add(Bound.of(words.get(++i)));
                } else if (!words.get(i).equals("--json")) {
                    throw new IllegalArgumentException(
                            "unknown word '" + words.get(i) + "'; known: --json, --only NAME");
                }
            }
        } catch (IllegalArgumentException e) {
            System.err.println("explore: " + e.getMessage());
            System.exit(2);
        }
        System.exit(explore(only.isEmpty() ? List.of(Bound.values()) : only, isJson) ? 0 : 1);
    }

    private static boolean explore(List<Bound> bounds, boolean isJson) {
        PrintStream out = isJson ? System.err : System.out;
        List<String> objects = new ArrayList<>();
        int passed = 0;
        long states = 0;
        for (Bound bound : bounds) {
            Exploration found = Explorer.explore(bound, STATES_MAX);
            passed += found.isPassed() ? 1 : 0;
            states += found.states();
            objects.add(json(found));
            out.println(text(found));
        }
        if (isJson) {
            System.out.printf(
                    "{\"bounds\":%d,\"passed\":%d,\"states\":%d,\"spaces\":[%s]}%n",
                    bounds.size(), passed, states, String.join(",", objects));
        }
        out.printf("%d states%n%d passed, %d failed%n", states, passed, bounds.size() - passed);
        return passed == bounds.size();
    }

    private static String text(Exploration found) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s %s: %d states, %d transitions, depth %d, %.1f s; %d states of single nodes, %d steps of machines",
                found.isPassed() ? "whole " : "FAILED",
                found.bound().title(),
                found.states(),
                found.transitions(),
                found.depth(),
                found.seconds(),
                found.nodeStates(),
                found.nodeSteps()));
        text.append("\n       ");
        for (Sight sight : Sight.values()) {
            Long count = found.sights().get(sight.name());
            if (count != null) {
                text.append(' ').append(sight.title()).append(' ').append(count);
            }
        }
        if (!found.missing().isEmpty()) {
            text.append("\n        never seen: ").append(found.missing());
        }
        if (found.isCut()) {
            text.append("\n        given up: more than ").append(STATES_MAX).append(" states");
        }
        found.violation().ifPresent(violation -> {
            text.append("\n        broken: ").append(violation);
            found.way().forEach(line -> text.append("\n          ").append(line));
            text.append("\n        replay: ./check explore --only ")
                    .append(found.bound().title());
        });
        return text.toString();
    }

    private static String json(Exploration found) {
        String sights = Arrays.stream(Sight.values())
                .filter(sight -> found.sights().containsKey(sight.name()))
                .map(sight -> "\"" + sight.title() + "\":" + found.sights().get(sight.name()))
                .collect(Collectors.joining(","));
        return String.format(
                Locale.ROOT,
                "{\"name\":\"%s\",\"passed\":%b,\"states\":%d,\"transitions\":%d,\"depth\":%d,\"seconds\":%.3f,"
                        + "\"node_states\":%d,\"node_steps\":%d,\"violation\":%s,\"never_seen\":%d,\"seen\":{%s}}",
                found.bound().title(),
                found.isPassed(),
                found.states(),
                found.transitions(),
                found.depth(),
                found.seconds(),
                found.nodeStates(),
                found.nodeSteps(),
                found.violation().map(v -> "\"" + v.checker() + "\"").orElse("null"),
                found.missing().size(),
                sights);
    }
}
