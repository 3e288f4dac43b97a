package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.understudy.ha.testkit.sim.Fault.Needs;
import org.understudy.ha.testkit.sim.Story.Setting;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * Makes a story in which something is violated shorter, as long as the same checker objects: fewer faults (Zeller and Hildebrandt,
 * <i>Simplifying and Isolating Failure-Inducing Input</i>, 2002), constant times, a smaller world, shorter faults, less luck, rounder
 * moments. Pure apart from what it is given to play with.
 */
public final class Shrinker {

    private static final long MILLI = Timeline.MILLI;
    private static final long SHORTEST = 50 * MILLI;
    private static final long[] GRAINS = {1_000 * MILLI, 100 * MILLI, 10 * MILLI};

    private final Function<Story, Optional<Violation>> play;
    private final Checker wanted;
    private int left;
    private Story best;
    private long violatedAt;

    private Shrinker(Story story, Violation seen, int plays, Function<Story, Optional<Violation>> play) {
        this.best = story;
        this.wanted = seen.checker();
        this.violatedAt = seen.atNanos();
        this.left = plays;
        this.play = play;
    }

    /**
     * A shorter story, or the same if none was found.
     *
     * @param seen what is violated in it
     * @param playsMax how often to play at the most
     * @param play plays a story and tells what was violated
     */
    public static Story shrink(Story story, Violation seen, int playsMax, Function<Story, Optional<Violation>> play) {
        Shrinker shrinker = new Shrinker(story, seen, playsMax, play);
        shrinker.healSoon();
        shrinker.dropFaults();
        shrinker.simplifySetting();
        shrinker.dropFaults();
        shrinker.simplifyFaults();
        shrinker.dropFaults();
        shrinker.healSoon();
        shrinker.sortFaults();
        return shrinker.best.ending(List.of(seen.checker() + " is violated"));
    }

    /** Takes the change if the same checker still objects. */
    private boolean tried(UnaryOperator<Story> change) {
        Story candidate = change.apply(best);
        if (left <= 0 || candidate.equals(best)) {
            return false;
        }
        left--;
        Optional<Violation> violation = play.apply(candidate).filter(v -> v.checker() == wanted);
        violation.ifPresent(v -> {
            best = candidate;
            violatedAt = v.atNanos();
        });
        return violation.isPresent();
    }

    private void healSoon() {
        long soon = (violatedAt / MILLI / 100 + 1) * 100 * MILLI;
        if (soon < best.setting().healsAtNanos()) {
            tried(story -> story.with(healing(story.setting(), soon)));
        }
    }

    /** Without each half, each quarter and so on, down to single faults, until none can be missed. */
    private void dropFaults() {
        int chunk = Math.max(1, (best.faults().size() + 1) / 2);
        while (true) {
            boolean isShorter = false;
            for (int from = 0; from < best.faults().size(); ) {
                int first = from;
                int length = chunk;
                if (tried(story -> story.with(without(story.faults(), first, length)))) {
                    isShorter = true;
                } else {
                    from += chunk;
                }
            }
            if (chunk == 1 && !isShorter) {
                return;
            }
            chunk = Math.max(1, chunk / 2);
        }
    }

    private static List<Fault> without(List<Fault> faults, int from, int length) {
        List<Fault> fewer = new ArrayList<>(faults.subList(0, from));
        fewer.addAll(faults.subList(Math.min(faults.size(), from + length), faults.size()));
        return fewer;
    }

    private void sortFaults() {
        tried(story -> story.with(story.faults().stream().sorted(Fault.IN_ORDER).toList()));
    }

    private void simplifySetting() {
        tried(story -> story.with(calm(story.setting())));
        tried(story -> story.with(plain(story.setting())));
        for (int nodes = 3; nodes < best.setting().size().nodes(); nodes++) {
            Size size = best.setting().size();
            Size smaller = new Size(nodes, size.hasWitness(), size.groups());
            if (fits(smaller) && tried(story -> story.with(sized(story.setting(), smaller)))) {
                break;
            }
        }
        for (int groups = 1; groups < best.setting().size().groups(); groups++) {
            Size size = best.setting().size();
            Size smaller = new Size(size.nodes(), size.hasWitness(), groups);
            if (fits(smaller) && tried(story -> story.with(sized(story.setting(), smaller)))) {
                break;
            }
        }
    }

    private boolean fits(Size size) {
        Setting setting = sized(best.setting(), size);
        int groups = Swarm.groups(setting.seed(), size, setting.traits()).size();
        return best.faults().stream()
                .allMatch(fault -> fault.node() < size.nodes()
                        && (!fault.kind().needs(Needs.OTHER) || fault.other() < size.nodes())
                        && (!fault.kind().needs(Needs.GROUP) || fault.group() < groups));
    }

    private void simplifyFaults() {
        for (int i = 0; i < best.faults().size(); i++) {
            int at = i;
            if (best.faults().get(i).kind().needs(Needs.LUCK)) {
                tried(story -> story.with(changed(story.faults(), at, Shrinker::luckless)));
            }
            if (best.faults().get(i).kind().needs(Needs.LENGTH)) {
                while (best.faults().get(at).lengthNanos() > SHORTEST
                        && tried(story -> story.with(changed(story.faults(), at, Shrinker::shorter)))) {
                    // Half as long again, as long as that is enough.
                }
                round(grain -> tried(story -> story.with(changed(
                        story.faults(), at, f -> f.lasting(Math.max(SHORTEST, f.lengthNanos() / grain * grain))))));
            }
            round(grain -> tried(story ->
                    story.with(changed(story.faults(), at, f -> moved(f, f.atNanos() / grain * grain)))));
        }
    }

    private static void round(Function<Long, Boolean> attempt) {
        for (long grain : GRAINS) {
            if (attempt.apply(grain)) {
                return;
            }
        }
    }

    private static List<Fault> changed(List<Fault> faults, int at, UnaryOperator<Fault> change) {
        List<Fault> others = new ArrayList<>(faults);
        others.set(at, change.apply(faults.get(at)));
        return others;
    }

    private static Fault luckless(Fault f) {
        return new Fault(f.atNanos(), f.kind(), f.node(), f.other(), f.group(), f.lengthNanos(), 0);
    }

    private static Fault shorter(Fault f) {
        return f.lasting(Math.max(SHORTEST, f.lengthNanos() / 2 / MILLI * MILLI));
    }

    private static Fault moved(Fault f, long to) {
        return new Fault(to, f.kind(), f.node(), f.other(), f.group(), f.lengthNanos(), f.luck());
    }

    private static Setting healing(Setting s, long at) {
        return new Setting(s.seed(), s.size(), s.traits(), s.isCalm(), at, s.isBeyond());
    }

    private static Setting calm(Setting s) {
        return new Setting(s.seed(), s.size(), s.traits(), true, s.healsAtNanos(), s.isBeyond());
    }

    private static Setting plain(Setting s) {
        Traits traits =
                new Traits(false, false, s.traits().beginsOlder(), s.traits().isArranged());
        return new Setting(s.seed(), s.size(), traits, s.isCalm(), s.healsAtNanos(), s.isBeyond());
    }

    private static Setting sized(Setting s, Size size) {
        return new Setting(s.seed(), size, s.traits(), s.isCalm(), s.healsAtNanos(), s.isBeyond());
    }
}
