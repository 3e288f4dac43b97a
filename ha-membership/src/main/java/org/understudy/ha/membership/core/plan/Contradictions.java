package org.understudy.ha.membership.core.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Groups that the rules of several, each sound by itself, let run nowhere: they must be with two that must be apart. What a rule to be with
 * somebody leaves a choice of says nothing here. A circle lets its first run alone for a while; whoever must be with that one and apart from another
 * of the circle could not stay, and is not started.
 */
final class Contradictions {

    /**
     * Two that must be on one node and on two.
     *
     * @param toOne by way of whom the first must be there, from the nearest on
     */
    record Pair(int one, int other, List<Integer> toOne, List<Integer> toOther) {}

    private static final int NOBODY = -1;

    private final @Nullable Links[] links;
    private final IntPredicate isFixed;
    private final BitSet withApart = new BitSet();
    /** From whom each was come to; of the last that was asked for. */
    private final int[] from;

    /** @param isFixed who stays where it is, whatever its rules say: it takes nobody along */
    Contradictions(@Nullable Links[] links, IntPredicate isFixed) {
        this.links = links;
        this.isFixed = isFixed;
        this.from = new int[links.length];
        for (int g = 0; g < links.length; g++) {
            Links own = links[g];
            withApart.set(g, own != null && own.apart.length > 0);
        }
    }

    /** What keeps a group from every node, whatever runs where; empty if nothing does. */
    Optional<Pair> of(int g) {
        Links own = links[g];
        if (own == null || own.with.length == 0 || withApart.isEmpty()) {
            return Optional.empty();
        }
        BitSet together = together(g);
        BitSet suspects = (BitSet) together.clone();
        suspects.and(withApart);
        for (int one = suspects.nextSetBit(0); one >= 0; one = suspects.nextSetBit(one + 1)) {
            for (int other : links[one].apart) {
                if (together.get(other)) {
                    return Optional.of(new Pair(one, other, way(g, one), way(g, other)));
                }
            }
        }
        return Optional.empty();
    }

    /** Whom it must be with, itself included. */
    private BitSet together(int g) {
        Arrays.fill(from, NOBODY);
        BitSet together = new BitSet(links.length);
        ArrayDeque<Integer> next = new ArrayDeque<>();
        together.set(g);
        next.add(g);
        while (!next.isEmpty()) {
            int at = next.remove();
            Links own = links[at];
            if (own == null || at != g && isFixed.test(at)) {
                continue;
            }
            for (int[] each : own.with) {
                if (each.length == 1 && !together.get(each[0])) {
                    together.set(each[0]);
                    from[each[0]] = at;
                    next.add(each[0]);
                }
            }
        }
        return together;
    }

    private List<Integer> way(int g, int to) {
        List<Integer> way = new ArrayList<>();
        for (int at = from[to]; at != NOBODY && at != g; at = from[at]) {
            way.add(at);
        }
        Collections.reverse(way);
        return way;
    }
}
