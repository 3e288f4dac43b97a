package org.understudy.ha.testkit.sabotage;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.understudy.ha.testkit.sim.Sabotage;
import org.understudy.ha.testkit.sim.Shrinker;
import org.understudy.ha.testkit.sim.Story;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * What became of one planted bug.
 *
 * @param seed the seed at which it was seen, 0 for a schedule or a story; the last one tried if it was not
 * @param seen who objected, with the bug planted
 * @param detail what that checker said
 * @param unjust who objected to the same seeds without the bug; must be nobody
 */
public record Examination(
        PlantedBug bug,
        long seed,
        Optional<Checker> seen,
        String detail,
        Optional<Checker> unjust,
        String unjustDetail) {

    private static final long FIRST_SEED = 1;

    /**
     * Plants a bug and plays a story.
     *
     * @throws IllegalStateException if the bug cannot be planted
     */
    public static Function<Story, Optional<Violation>> player(PlantedBug bug, Path checkout) {
        Function<Map<String, String>, Map<String, String>> trial = trial(bug, checkout);
        return story -> violation(trial.apply(Map.of(
                Trial.PLAY,
                "text",
                Trial.TEXT,
                story.text(),
                Trial.AROUND,
                bug.around().name())));
    }

    /**
     * Plants a bug, plays until it is seen, and shrinks what was played; empty if it is not seen or no world was played.
     *
     * @param playsMax how often to play at the most while shrinking
     */
    public static Optional<Story> story(PlantedBug bug, Path checkout, int playsMax) {
        Map<String, String> sick = trial(bug, checkout).apply(order(bug, bug.around(), bug.seedsMax()));
        return violation(sick).filter(v -> sick.containsKey(Trial.TEXT)).map(seen -> {
            Story whole = Story.parse(sick.getOrDefault(Trial.TEXT, ""));
            return Shrinker.shrink(whole, seen, playsMax, player(bug, checkout));
        });
    }

    private static Optional<Violation> violation(Map<String, String> verdict) {
        return Optional.ofNullable(verdict.get(Trial.CHECKER))
                .map(checker -> new Violation(
                        Checker.valueOf(checker),
                        Long.parseLong(verdict.getOrDefault(Trial.AT, "0")),
                        verdict.getOrDefault(Trial.DETAIL, "")));
    }

    /**
     * Plants a bug and plays until it is seen or its seeds are used up; then plays the same seeds without it.
     *
     * @param checkout where the sources are
     * @throws IllegalStateException if the bug cannot be planted
     */
    public static Examination of(PlantedBug bug, Path checkout) {
        Map<String, String> sick = trial(bug, checkout).apply(order(bug, bug.around(), bug.seedsMax()));
        long seed = Long.parseLong(sick.getOrDefault(Trial.SEED, "0"));
        long seeds = Math.max(1, seed - FIRST_SEED + 1);
        Map<String, String> sound = new Trial().apply(order(bug, Sabotage.NONE, seeds));
        return examination(bug, sick, sound);
    }

    /**
     * Plants a bug and plays, but not again without it: for what is known to be clean.
     *
     * @throws IllegalStateException if the bug cannot be planted
     */
    public static Examination ofTheSick(PlantedBug bug, Path checkout) {
        return examination(bug, trial(bug, checkout).apply(order(bug, bug.around(), bug.seedsMax())), Map.of());
    }

    private static Examination examination(PlantedBug bug, Map<String, String> sick, Map<String, String> sound) {
        return new Examination(
                bug,
                Long.parseLong(sick.getOrDefault(Trial.SEED, "0")),
                Optional.ofNullable(sick.get(Trial.CHECKER)).map(Checker::valueOf),
                sick.getOrDefault(Trial.DETAIL, ""),
                Optional.ofNullable(sound.get(Trial.CHECKER)).map(Checker::valueOf),
                sound.getOrDefault(Trial.DETAIL, ""));
    }

    /** Whether one of the named checkers saw it, and nobody objected without it. */
    public boolean isCaught() {
        return seen.filter(bug.checkers()::contains).isPresent() && unjust.isEmpty();
    }

    /** The line that plays it again. */
    public String replay() {
        return "./check sabotage --only " + bug.name();
    }

    private static Map<String, String> order(PlantedBug bug, Sabotage around, long seeds) {
        Map<String, String> order = new TreeMap<>();
        order.put(Trial.PLAY, bug.play());
        order.put(Trial.AROUND, around.name());
        order.put(Trial.FIRST, Long.toString(FIRST_SEED));
        order.put(Trial.COUNT, Long.toString(seeds));
        return order;
    }

    @SuppressWarnings("unchecked")
    private static Function<Map<String, String>, Map<String, String>> trial(PlantedBug bug, Path checkout) {
        if (bug.patches().isEmpty()) {
            return new Trial();
        }
        try {
            Class<?> type = PatchedClasses.of(checkout, bug.patches()).loadClass(Trial.class.getName());
            return (Function<Map<String, String>, Map<String, String>>)
                    type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot load the patched classes of " + bug, e);
        } catch (IllegalStateException e) {
            throw new IllegalStateException("cannot plant " + bug + ": " + e.getMessage(), e);
        }
    }
}
