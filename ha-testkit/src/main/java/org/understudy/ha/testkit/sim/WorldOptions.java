package org.understudy.ha.testkit.sim;

import java.util.List;
import java.util.Optional;

/**
 * What kind of world to build.
 *
 * @param script faults to play instead of drawn ones
 * @param only kinds of faults to draw from, many of them; empty to let the seed choose
 * @param isCalm a network, disks and clocks without faults and with constant times, to measure
 * @param chaosNanos when everything is healed
 * @param isTracing whether to keep the last events as text
 */
public record WorldOptions(
        Sabotage sabotage,
        Optional<List<Fault>> script,
        List<Fault.Kind> only,
        boolean isCalm,
        long chaosNanos,
        boolean isTracing) {

    public WorldOptions {
        only = List.copyOf(only);
    }

    /** Sixty simulated seconds: 45 of faults, 10 in which everything must recover, 5 in which it must stay. */
    public static WorldOptions standard() {
        return new WorldOptions(Sabotage.NONE, Optional.empty(), List.of(), false, 45_000 * World.MILLI, false);
    }

    public WorldOptions withSabotage(Sabotage bug) {
        return new WorldOptions(bug, script, only, isCalm, chaosNanos, isTracing);
    }

    public WorldOptions withTrace() {
        return new WorldOptions(sabotage, script, only, isCalm, chaosNanos, true);
    }

    /** Draws only from these kinds of faults, and many. */
    public WorldOptions only(Fault.Kind... kinds) {
        return new WorldOptions(sabotage, script, List.of(kinds), isCalm, chaosNanos, isTracing);
    }

    /** Plays exactly these faults, on a calm network. */
    public WorldOptions scripted(List<Fault> faults) {
        return new WorldOptions(sabotage, Optional.of(List.copyOf(faults)), only, true, chaosNanos, isTracing);
    }
}
