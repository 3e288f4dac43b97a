package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * One episode: what is broken, where and for how long. Drawn from a seed and the number of the episode alone, so the same
 * seed gives the same plans whatever the processes make of them.
 *
 * @param steps in order; all but the first of a chase strike when a takeover is seen to begin
 * @param moves groups moved before, to other nodes
 */
record Plan(int episode, Shape shape, List<Step> steps, List<Move> moves) {
    Plan {
        steps = List.copyOf(steps);
        moves = List.copyOf(moves);
    }

    /** How the steps belong together. */
    enum Shape {
        ONE,
        /** Two at the same time, at two nodes. */
        TWO_AT_ONCE,
        /** The second at the new owner, in the middle of the takeover from the first. */
        CHASE
    }

    /**
     * A fault.
     *
     * @param atOwnerOf which group's owner is struck, as an index into the groups; -1 for any node
     * @param node which node is struck if none is an owner, from 0
     * @param other another number, for kinds that need a second node
     * @param millis how long it lasts at least
     */
    record Step(FaultKind kind, int atOwnerOf, int node, int other, int millis) {}

    /** A planned move of a group to a node, both as numbers. */
    record Move(int group, int node) {}

    static Plan draw(long seed, int episode, int nodes, int groups) {
        // Mixed, because neighbouring seeds of this generator begin alike.
        SplittableRandom random =
                new SplittableRandom(new SplittableRandom(seed + 0x9E3779B97F4A7C15L * episode).nextLong());
        int dice = random.nextInt(100);
        Shape shape = dice < 50 ? Shape.ONE : dice < 75 ? Shape.TWO_AT_ONCE : Shape.CHASE;
        List<Step> steps = new ArrayList<>();
        steps.add(step(random, nodes, groups, kinds(shape, List.of())));
        if (shape != Shape.ONE) {
            steps.add(step(random, nodes, groups, kinds(shape, steps)));
        }
        List<Move> moves = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            moves.add(new Move(random.nextInt(groups), random.nextInt(nodes)));
        }
        return new Plan(episode, shape, steps, moves);
    }

    /** What may come next, each as often as it weighs. */
    private static List<FaultKind> kinds(Shape shape, List<Step> before) {
        boolean hasVotes = before.stream().noneMatch(step -> step.kind().isAtVotes());
        List<FaultKind> kinds = new ArrayList<>();
        for (FaultKind kind : FaultKind.values()) {
            boolean isPossible = switch (shape) {
                case ONE -> true;
                case TWO_AT_ONCE -> kind != FaultKind.MAJORITY_LOST && (hasVotes || !kind.isAtVotes());
                case CHASE -> kind.isForTakeovers();
            };
            for (int i = 0; i < kind.weight() && isPossible; i++) {
                kinds.add(kind);
            }
        }
        return kinds;
    }

    private static Step step(SplittableRandom random, int nodes, int groups, List<FaultKind> kinds) {
        FaultKind kind = kinds.get(random.nextInt(kinds.size()));
        int atOwnerOf = random.nextInt(10) < 8 ? random.nextInt(groups) : -1;
        int millis = switch (kind) {
            case PAUSE_SHORT -> 50 + random.nextInt(650);
            case PAUSE -> random.nextInt(10) == 0 ? 6000 + random.nextInt(6000) : 1300 + random.nextInt(2200);
            default -> 300 + random.nextInt(1200);
        };
        return new Step(kind, atOwnerOf, random.nextInt(nodes), 1 + random.nextInt(nodes - 1), millis);
    }

    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder("episode " + episode + " " + shape.name().toLowerCase(Locale.ROOT));
        for (Step step : steps) {
            text.append(", ")
                    .append(step.kind().word())
                    .append(' ')
                    .append(step.millis())
                    .append(" ms");
            text.append(
                    step.atOwnerOf() < 0 ? " at node " + (step.node() + 1) : " at owner of group " + step.atOwnerOf());
        }
        return text.toString();
    }
}
