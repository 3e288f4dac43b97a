package org.understudy.ha.testkit.sabotage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.understudy.ha.testkit.sim.Fault;
import org.understudy.ha.testkit.sim.RunReport;
import org.understudy.ha.testkit.sim.Sabotage;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.World;
import org.understudy.ha.testkit.sim.WorldOptions;

/**
 * Plays something until a checker objects. Loaded a second time beside patched classes, so all that crosses the border is of the
 * JDK.
 *
 * <p>What it can play: {@code swarm KIND ...}, worlds that draw from these kinds of faults, or whatever the seed draws without
 * a kind; {@code schedule NAME}, one of {@link Schedules}.
 */
public final class Trial implements Function<Map<String, String>, Map<String, String>> {

    static final String PLAY = "play";
    static final String AROUND = "around";
    static final String FIRST = "first";
    static final String COUNT = "count";
    static final String SEED = "seed";
    static final String CHECKER = "checker";
    static final String DETAIL = "detail";

    /** For the class loader. */
    public Trial() {}

    /**
     * @param order {@code play}, {@code around}, and the {@code first} seed and {@code count} of seeds
     * @return {@code seed}, the last one played, and {@code checker} and {@code detail} if one objected
     */
    @Override
    public Map<String, String> apply(Map<String, String> order) {
        List<String> words = Arrays.asList(order.getOrDefault(PLAY, "").trim().split(" +"));
        List<String> rest = words.subList(1, words.size());
        return switch (words.get(0)) {
            case "swarm" -> swarm(rest, order);
            case "schedule" -> verdict(0, Schedules.play(String.join(" ", rest)));
            default -> throw new IllegalArgumentException("cannot play '" + order.get(PLAY) + "'");
        };
    }

    private static Map<String, String> swarm(List<String> kinds, Map<String, String> order) {
        List<Fault.Kind> only = new ArrayList<>();
        kinds.forEach(kind -> only.add(Fault.Kind.valueOf(kind)));
        WorldOptions options = WorldOptions.standard()
                .only(only.toArray(new Fault.Kind[0]))
                .withSabotage(Sabotage.valueOf(order.getOrDefault(AROUND, "NONE")));
        long first = Long.parseLong(order.getOrDefault(FIRST, "1"));
        long last = first + Long.parseLong(order.getOrDefault(COUNT, "1")) - 1;
        for (long seed = first; seed < last; seed++) {
            RunReport report = new World(seed, options).run();
            if (report.violation().isPresent()) {
                return verdict(seed, report.violation());
            }
        }
        return verdict(last, new World(last, options).run().violation());
    }

    private static Map<String, String> verdict(long seed, Optional<Violation> violation) {
        Map<String, String> verdict = new TreeMap<>();
        verdict.put(SEED, Long.toString(seed));
        violation.ifPresent(v -> {
            verdict.put(CHECKER, v.checker().name());
            verdict.put(DETAIL, v.toString());
        });
        return verdict;
    }
}
