package org.understudy.ha.testkit.explore;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.testkit.sim.Violation;

/**
 * What became of exploring a bound.
 *
 * @param states how many different ones there are; all of them, unless there is a violation or {@code isCut}
 * @param transitions how many ways lead from one to another
 * @param depth how many things happened at most, on the shortest way, before a state was reached
 * @param nodeStates how many different states of single nodes those are made of
 * @param nodeSteps how many steps the machines were asked to make
 * @param seconds how long it took
 * @param sights in how many states each thing shows
 * @param missing what should have shown somewhere, and did not
 * @param isCut whether it was given up because there are too many states
 * @param violation the first promise found broken
 * @param way a shortest way to it, a line for each thing that happens
 */
public record Exploration(
        Bound bound,
        long states,
        long transitions,
        int depth,
        int nodeStates,
        int nodeSteps,
        double seconds,
        Map<String, Long> sights,
        List<String> missing,
        boolean isCut,
        Optional<Violation> violation,
        List<String> way) {

    public Exploration {
        sights = Map.copyOf(sights);
        missing = List.copyOf(missing);
        way = List.copyOf(way);
    }

    /** Whether everything was looked at, everything that should happen does, and no promise is broken. */
    public boolean isPassed() {
        return violation.isEmpty() && missing.isEmpty() && !isCut;
    }
}
