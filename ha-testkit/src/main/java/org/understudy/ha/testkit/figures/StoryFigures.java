package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.understudy.ha.testkit.sabotage.Trial;
import org.understudy.ha.testkit.sim.RunReport;
import org.understudy.ha.testkit.sim.Story;

/**
 * Plays one story from a file and tells it. Exit status 1 if a promise is broken or, where an outcome is recorded, something else comes
 * of it (that nothing is violated any more is welcome); 2 if it cannot be read.
 */
public final class StoryFigures {

    private StoryFigures() {}

    /**
     * @param args the file; {@code --json} for one object on standard output and nothing else there
     */
    public static void main(String[] args) {
        List<String> words = List.of(args);
        List<String> files = words.stream().filter(w -> !w.equals("--json")).toList();
        if (files.size() != 1) {
            System.err.println("story: expected one file, found " + files);
            System.exit(2);
        }
        try {
            Story story = Story.parse(Files.readString(Path.of(files.get(0))));
            System.exit(play(story, words.contains("--json")) ? 0 : 1);
        } catch (IOException e) {
            System.err.println("story: cannot read the file: " + e);
            System.exit(2);
        } catch (IllegalArgumentException e) {
            System.err.println("story: cannot play " + files.get(0) + ": " + e.getMessage());
            System.exit(2);
        }
    }

    private static boolean play(Story story, boolean isJson) {
        java.io.PrintStream out = isJson ? System.err : System.out;
        out.println(story.title());
        List<String> outcome;
        if (story.schedule().isPresent()) {
            outcome = Trial.schedule(story.schedule().get())
                    .map(v -> List.of(v.checker() + " is violated", v.detail()))
                    .orElse(Story.NOBODY_OBJECTS);
        } else {
            RunReport report = story.play();
            report.told().forEach(out::println);
            report.violation().ifPresent(out::println);
            outcome = story.outcome(report);
        }
        outcome.forEach(line -> out.println("then " + line));
        boolean isClean = isClean(outcome);
        boolean isMended = isClean && !isClean(story.outcome());
        boolean isAsRecorded = story.outcome().isEmpty() || story.outcome().equals(outcome);
        if (isMended) {
            out.println("what was recorded is not violated any more: " + story.outcome());
        } else if (!isAsRecorded) {
            out.println("recorded was:");
            story.outcome().forEach(line -> out.println("then " + line));
        }
        if (isJson) {
            System.out.printf("{\"clean\":%b,\"as_recorded\":%b}%n", isClean, isAsRecorded);
        }
        return isMended || (isClean && isAsRecorded);
    }

    private static boolean isClean(List<String> outcome) {
        return outcome.stream().noneMatch(line -> line.endsWith(" is violated"));
    }
}
