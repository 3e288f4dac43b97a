package org.understudy.ha.membership.core.plan;

import java.util.Arrays;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Groups that the rules of several, each sound by itself, let run nowhere: they must be with two that must be apart. What a rule to be with
 * somebody leaves a choice of says nothing here.
 */
final class Contradictions {

    /** Two that must be on one node and on two. */
    record Pair(int one, int other) {}

    private Contradictions() {}

    /** What keeps a group from every node, whatever runs where; empty if nothing does. */
    static Optional<Pair> of(@Nullable Links[] links, int g) {
        Links own = links[g];
        if (own == null || own.with.length == 0) {
            return Optional.empty();
        }
        TreeSet<Integer> together = new TreeSet<>();
        gather(links, g, together);
        for (int one : together) {
            Links each = links[one];
            for (int other : each == null ? new int[0] : each.apart) {
                if (together.contains(other)) {
                    return Optional.of(new Pair(Math.min(one, other), Math.max(one, other)));
                }
            }
        }
        return Optional.empty();
    }

    private static void gather(@Nullable Links[] links, int g, TreeSet<Integer> together) {
        Links own = links[g];
        if (together.add(g) && own != null) {
            Arrays.stream(own.with).filter(each -> each.length == 1).forEach(each -> gather(links, each[0], together));
        }
    }
}
