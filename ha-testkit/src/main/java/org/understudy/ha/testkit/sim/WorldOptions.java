package org.understudy.ha.testkit.sim;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What kind of world to build.
 *
 * @param size how many nodes and groups; empty to let the seed draw them
 * @param traits what else the seed would draw about it; empty to let it
 * @param script faults to play instead of drawn ones
 * @param only kinds of faults to draw from, many of them; empty to let the seed choose
 * @param isCalm a network, disks and clocks without faults and with constant times, to measure
 * @param chaosNanos when everything is healed
 * @param isTracing whether to keep the last events as text
 * @param isTelling whether to tell who owned what when, and why, in lines for people
 * @param isBeyond whether more may be lost than a cluster is promised to survive: faults are not held back, and recovery is not
 *     demanded
 */
public record WorldOptions(
        Sabotage sabotage,
        Optional<Size> size,
        Optional<Traits> traits,
        Optional<List<Fault>> script,
        List<Fault.Kind> only,
        boolean isCalm,
        long chaosNanos,
        boolean isTracing,
        boolean isTelling,
        boolean isBeyond) {

    private static final long CHAOS = 45_000 * Timeline.MILLI;

    /**
     * How large a world is.
     *
     * @param nodes 3 to 16, all of them acceptors
     * @param hasWitness whether the last one owns nothing
     * @param groups 1 to 1000
     */
    public record Size(int nodes, boolean hasWitness, int groups) {

        /** Two servers and a witness, four groups. */
        public static final Size STANDARD = new Size(3, true, 4);

        public Size {
            if (nodes < 3 || nodes > 16 || groups < 1 || groups > 1000) {
                throw new IllegalArgumentException(
                        "a world has 3 to 16 nodes and 1 to 1000 groups, not " + nodes + " and " + groups);
            }
        }

        /** How many nodes may own something. */
        int owners() {
            return hasWitness ? nodes - 1 : nodes;
        }
    }

    /**
     * What kind of world it is besides its size.
     *
     * @param isWired whether messages pass through the real frames and states through the real file format
     * @param formsAlways whether the application says that it may form at every start, or only at the first
     * @param beginsOlder whether every node runs the version before until it is upgraded
     * @param isArranged whether its groups have placement rules, copies and promoted roles, drawn by the seed; never together with
     *     {@code beginsOlder}, which knows none of them
     */
    public record Traits(boolean isWired, boolean formsAlways, boolean beginsOlder, boolean isArranged) {

        /** The present version, messages and states as they are, told to form once. */
        public static final Traits PLAIN = new Traits(false, false, false);

        public Traits {
            if (beginsOlder && isArranged) {
                throw new IllegalArgumentException("the version before knows no placement rules");
            }
        }

        /** Of a world with four groups, or a repetition of these. */
        public Traits(boolean isWired, boolean formsAlways, boolean beginsOlder) {
            this(isWired, formsAlways, beginsOlder, false);
        }

        /** The same with groups that have no rules. */
        Traits withoutRules() {
            return new Traits(isWired, formsAlways, beginsOlder);
        }
    }

    public WorldOptions {
        script = script.map(List::copyOf);
        only = List.copyOf(only);
    }

    /** Sixty simulated seconds: 45 of faults, 10 in which everything must recover, 5 in which it must stay. */
    public static WorldOptions standard() {
        return new WorldOptions(
                Sabotage.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                false,
                CHAOS,
                false,
                false,
                false);
    }

    public WorldOptions withSabotage(Sabotage bug) {
        return new WorldOptions(bug, size, traits, script, only, isCalm, chaosNanos, isTracing, isTelling, isBeyond);
    }

    public WorldOptions withTrace() {
        return new WorldOptions(sabotage, size, traits, script, only, isCalm, chaosNanos, true, isTelling, isBeyond);
    }

    public WorldOptions withTelling() {
        return new WorldOptions(sabotage, size, traits, script, only, isCalm, chaosNanos, isTracing, true, isBeyond);
    }

    public WorldOptions sized(Size wanted) {
        return new WorldOptions(
                sabotage,
                Optional.of(wanted),
                traits,
                script,
                only,
                isCalm,
                chaosNanos,
                isTracing,
                isTelling,
                isBeyond);
    }

    public WorldOptions with(Traits wanted) {
        return new WorldOptions(
                sabotage, size, Optional.of(wanted), script, only, isCalm, chaosNanos, isTracing, isTelling, isBeyond);
    }

    /** Holds no fault back, and demands no recovery. */
    public WorldOptions beyond() {
        return new WorldOptions(sabotage, size, traits, script, only, isCalm, chaosNanos, isTracing, isTelling, true);
    }

    public WorldOptions healingAt(long nanos) {
        return new WorldOptions(sabotage, size, traits, script, only, isCalm, nanos, isTracing, isTelling, isBeyond);
    }

    /** Draws only from these kinds of faults, and many, in a world of standard size whose groups have rules only if that is asked for. */
    public WorldOptions only(Fault.Kind... kinds) {
        return new WorldOptions(
                sabotage,
                Optional.of(Size.STANDARD),
                traits,
                script,
                List.of(kinds),
                isCalm,
                chaosNanos,
                isTracing,
                isTelling,
                isBeyond);
    }

    /** Plays exactly these faults on a calm network, in a world of standard size and plain traits unless others were asked for. */
    public WorldOptions scripted(List<Fault> faults) {
        return with(traits.orElse(Traits.PLAIN)).played(faults, true);
    }

    /**
     * Plays exactly these faults.
     *
     * @param calm whether times are constant; otherwise the seed's weather, clocks and delays apply
     */
    public WorldOptions played(List<Fault> faults, boolean calm) {
        return new WorldOptions(
                sabotage,
                Optional.of(size.orElse(Size.STANDARD)),
                traits,
                Optional.of(faults),
                only,
                calm,
                chaosNanos,
                isTracing,
                isTelling,
                isBeyond);
    }
}
