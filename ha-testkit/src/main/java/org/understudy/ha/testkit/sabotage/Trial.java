package org.understudy.ha.testkit.sabotage;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.understudy.ha.testkit.explore.Bound;
import org.understudy.ha.testkit.explore.Exploration;
import org.understudy.ha.testkit.explore.Explorer;
import org.understudy.ha.testkit.sim.Fault;
import org.understudy.ha.testkit.sim.KeptStories;
import org.understudy.ha.testkit.sim.RunReport;
import org.understudy.ha.testkit.sim.Sabotage;
import org.understudy.ha.testkit.sim.Story;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.World;
import org.understudy.ha.testkit.sim.WorldOptions;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

/**
 * Plays something until a checker objects. Loaded a second time beside patched classes, so all that crosses the border is of the
 * JDK.
 *
 * <p>What it can play: {@code swarm KIND ...}, worlds that draw from these kinds of faults, or whatever the seed draws without
 * a kind; {@code five KIND ...}, the same with five nodes; {@code arranged KIND ...}, worlds whose groups have placement rules; {@code schedule NAME}, one of {@link Schedules}; {@code explore NAME}, every
 * state of one {@link Bound}; {@code story NAME},
 * a kept story; {@code text}, the story handed in.
 */
public final class Trial implements Function<Map<String, String>, Map<String, String>> {

    private static final Size FIVE = new Size(5, true, 4);
    private static final Size FOUR = new Size(4, false, 6);
    private static final Traits ARRANGED = new Traits(false, false, false, true);
    private static final int STATES_MAX = 10_000_000;

    static final String PLAY = "play";
    static final String AROUND = "around";
    static final String FIRST = "first";
    static final String COUNT = "count";
    static final String SEED = "seed";
    static final String CHECKER = "checker";
    static final String DETAIL = "detail";
    static final String AT = "at";
    static final String TEXT = "text";

    /** For the class loader. */
    public Trial() {}

    /**
     * @param order {@code play}, {@code around}, and the {@code first} seed and {@code count} of seeds, or the {@code text} of a story
     * @return {@code seed}, the last one drawn from, or 0, and {@code checker}, {@code at} and {@code detail} if one objected; in a world also
     *     its story as {@code text}
     */
    @Override
    public Map<String, String> apply(Map<String, String> order) {
        List<String> words = Arrays.asList(order.getOrDefault(PLAY, "").trim().split(" +"));
        List<String> rest = words.subList(1, words.size());
        return switch (words.get(0)) {
            case "swarm" -> swarm(rest, Size.STANDARD, order);
            case "five" -> swarm(rest, FIVE, order);
            case "arranged" -> arranged(rest, order);
            case "schedule" -> verdict(0, Schedules.play(String.join(" ", rest)));
            case "explore" -> explore(String.join(" ", rest));
            case "story" -> story(kept(String.join(" ", rest)), order);
            case "text" -> story(Story.parse(order.getOrDefault(TEXT, "")), order);
            default -> throw new IllegalArgumentException("cannot play '" + order.get(PLAY) + "'");
        };
    }

    private static Map<String, String> swarm(List<String> kinds, Size size, Map<String, String> order) {
        return swarm(WorldOptions.standard().only(kinds(kinds)).sized(size), order);
    }

    private static Map<String, String> arranged(List<String> kinds, Map<String, String> order) {
        WorldOptions worlds = WorldOptions.standard().with(ARRANGED);
        return swarm(kinds.isEmpty() ? worlds : worlds.only(kinds(kinds)).sized(FOUR), order);
    }

    private static Fault.Kind[] kinds(List<String> names) {
        return names.stream().map(Fault.Kind::valueOf).toArray(Fault.Kind[]::new);
    }

    private static Map<String, String> swarm(WorldOptions worlds, Map<String, String> order) {
        WorldOptions options = worlds.withSabotage(Sabotage.valueOf(order.getOrDefault(AROUND, "NONE")));
        long first = Long.parseLong(order.getOrDefault(FIRST, "1"));
        long last = first + Long.parseLong(order.getOrDefault(COUNT, "1")) - 1;
        for (long seed = first; ; seed++) {
            World world = new World(seed, options);
            RunReport report = world.run();
            if (report.violation().isPresent() || seed >= last) {
                Map<String, String> verdict = verdict(seed, report.violation());
                verdict.put(TEXT, Story.of(world, report).text());
                return verdict;
            }
        }
    }

    /**
     * Plays a schedule, with nothing planted.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Optional<Violation> schedule(String name) {
        return Schedules.play(name);
    }

    private static Story kept(String name) {
        return Optional.ofNullable(KeptStories.all().get(name))
                .orElseThrow(() -> new IllegalArgumentException("no story '" + name + "' is kept"));
    }

    private static Map<String, String> story(Story story, Map<String, String> order) {
        if (story.schedule().isPresent()) {
            return verdict(0, Schedules.play(story.schedule().get()));
        }
        Sabotage around = Sabotage.valueOf(order.getOrDefault(AROUND, "NONE"));
        World world = new World(story.setting().seed(), story.options().withSabotage(around));
        return verdict(0, world.run().violation());
    }

    private static Map<String, String> explore(String name) {
        Exploration found = Explorer.explore(Bound.of(name), STATES_MAX);
        Map<String, String> verdict = verdict(0, found.violation());
        verdict.computeIfPresent(DETAIL, (key, detail) -> detail + "\n" + String.join("\n", found.way()));
        return verdict;
    }

    private static Map<String, String> verdict(long seed, Optional<Violation> violation) {
        Map<String, String> verdict = new TreeMap<>();
        verdict.put(SEED, Long.toString(seed));
        violation.ifPresent(v -> {
            verdict.put(CHECKER, v.checker().name());
            verdict.put(AT, Long.toString(v.atNanos()));
            verdict.put(DETAIL, v.toString());
        });
        return verdict;
    }
}
