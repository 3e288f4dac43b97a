package org.understudy.ha.membership.core.record;

import java.util.Comparator;

/**
 * One rung of the recovery ladder.
 *
 * @param order lower ones come first; of two with the same order the one whose name comes first
 */
public record Rung(int order, String name) implements Comparable<Rung> {

    private static final Comparator<Rung> ORDER =
            Comparator.comparingInt(Rung::order).thenComparing(Rung::name);

    @Override
    public int compareTo(Rung other) {
        return ORDER.compare(this, other);
    }
}
