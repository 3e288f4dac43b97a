package org.understudy.ha.testkit.sabotage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Plants every bug in turn and prints who saw it: how good the checkers are. Exit status 1 if one survives. */
public final class SabotageFigures {

    private static final int SHRINKING_PLAYS = 400;

    private SabotageFigures() {}

    /**
     * @param args {@code --json} for one object on standard output and nothing else there; {@code --only NAME}, which may be
     *     repeated, for some of them; {@code --keep DIR} to shrink what brought each of them out to a story in that directory
     */
    public static void main(String[] args) {
        List<String> words = Arrays.asList(args);
        boolean isJson = words.contains("--json");
        List<String> only = new ArrayList<>();
        Optional<Path> kept = Optional.empty();
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).equals("--only") && i + 1 < words.size()) {
                only.add(words.get(++i));
            } else if (words.get(i).equals("--keep") && i + 1 < words.size()) {
                kept = Optional.of(Path.of(words.get(++i)));
            } else if (!words.get(i).equals("--json")) {
                System.err.println(
                        "sabotage: unknown word '" + words.get(i) + "'; known: --json, --only NAME, --keep DIR");
                System.exit(2);
            }
        }
        List<PlantedBug> bugs = PlantedBug.all().stream()
                .filter(b -> only.isEmpty() || only.contains(b.name()))
                .toList();
        if (bugs.size() < only.size() || bugs.isEmpty()) {
            System.err.println("sabotage: no planted bug of that name; there are "
                    + PlantedBug.all().stream().map(PlantedBug::name).collect(Collectors.joining(" ")));
            System.exit(2);
        }
        try {
            System.exit(examine(bugs, PatchedClasses.checkout(), kept, isJson) ? 0 : 1);
        } catch (IllegalStateException e) {
            System.err.println("sabotage: " + e.getMessage());
            System.exit(1);
        }
    }

    private static boolean examine(List<PlantedBug> bugs, Path checkout, Optional<Path> kept, boolean isJson) {
        List<String> objects = new ArrayList<>();
        int caught = 0;
        for (PlantedBug bug : bugs) {
            Examination result;
            try {
                result = Examination.of(bug, checkout);
            } catch (IllegalStateException | IllegalArgumentException e) {
                result = new Examination(bug, 0, Optional.empty(), e.toString(), Optional.empty(), "");
            }
            caught += result.isCaught() ? 1 : 0;
            objects.add(json(result));
            (isJson ? System.err : System.out).println(line(result));
            Examination seen = result;
            kept.filter(directory -> seen.isCaught()).ifPresent(directory -> keep(bug, checkout, directory));
        }
        int survived = bugs.size() - caught;
        if (isJson) {
            System.out.printf(
                    "{\"planted\":%d,\"caught\":%d,\"survived\":%d,\"bugs\":[%s]}%n",
                    bugs.size(), caught, survived, String.join(",", objects));
        }
        (isJson ? System.err : System.out).printf("%d passed, %d failed%n", caught, survived);
        return survived == 0;
    }

    private static void keep(PlantedBug bug, Path checkout, Path directory) {
        Examination.story(bug, checkout, SHRINKING_PLAYS)
                .ifPresent(story -> System.err.println("          " + story.write(directory, bug.name())));
    }

    private static String line(Examination result) {
        PlantedBug bug = result.bug();
        StringBuilder line = new StringBuilder();
        line.append(result.isCaught() ? "caught    " : "SURVIVED  ").append(bug.name());
        result.seen().ifPresent(checker -> line.append(" by ").append(checker));
        if (!bug.play().startsWith("swarm")) {
            line.append(" in ").append(bug.play());
        } else {
            line.append(result.seen().isPresent() ? " at seed " : " after seed ")
                    .append(result.seed())
                    .append(" of ")
                    .append(bug.seedsMax());
        }
        line.append("\n          ").append(bug.breaks());
        if (!result.isCaught()) {
            line.append("\n          seen: ").append(result.detail().isEmpty() ? "nothing" : result.detail());
            result.unjust()
                    .ifPresent(c -> line.append("\n          without the bug: ").append(result.unjustDetail()));
            line.append("\n          replay: ").append(result.replay());
        }
        return line.toString();
    }

    private static String json(Examination result) {
        return String.format(
                "{\"name\":\"%s\",\"caught\":%b,\"checker\":%s,\"seed\":%d,\"seeds_max\":%d,\"replay\":\"%s\"}",
                result.bug().name(),
                result.isCaught(),
                result.seen().map(c -> "\"" + c + "\"").orElse("null"),
                result.seed(),
                result.bug().seedsMax(),
                result.replay());
    }
}
