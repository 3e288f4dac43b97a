package org.understudy.ha.membership.core.plan;

import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.record.Rules;

/** What ties one group to others and to capacities, by their numbers on a {@link Board}. */
final class Links {

    private static final int[] NONE = {};
    private static final int[][] NOBODY = {};

    final Rules rules;
    /** For each name after {@code with}, whom it names; nobody if no such group is registered. */
    int[][] with = NOBODY;

    int[][] after = NOBODY;
    int[] apart = NONE;
    int[] near = NONE;
    int[] far = NONE;
    /** Those that must run where this one does. */
    int[] followers = NONE;
    /** Those that start after this one, and the promoted role that rests on it. */
    int[] dependents = NONE;
    /** The copies that a promoted role is above, for its rank. */
    int[][] rests = NOBODY;
    /** Capacities it takes, and how much. */
    int[] kinds = NONE;

    int[] weights = NONE;
    /** Number of the circle of {@code with} and {@code after} that it is in; -1 for none. */
    int circle = -1;
    /** Number of the circle of {@code after} alone. */
    int afterCircle = -1;
    /** The highest priority of it and of all that wait for it. */
    int priority;
    /** See {@link Board#stack}; -1 if it follows nobody. */
    int stack = -1;
    /** How many groups must be placed before it, one after the other. */
    int depth;
    /** The same for the whole circle that it is in: what is above nobody of a circle is above all of it. */
    int layer;
    /** How many groups start before it, one after the other. */
    int order;

    /** Two that it must be with, itself perhaps one of them, and that must be apart from one another: it can run nowhere. */
    Contradictions.@Nullable Pair contradiction;

    Links(Rules rules) {
        this.rules = rules;
        this.priority = rules.placement().priority();
    }

    /** The copies of each group that is in copies, by what they are all called. */
    static SortedMap<String, int[]> families(String[] names) {
        TreeMap<String, int[]> families = new TreeMap<>();
        for (int g = 0; g < names.length; g++) {
            String family = Rules.family(names[g]);
            if (!family.equals(names[g])) {
                families.put(family, add(families.getOrDefault(family, NONE), g));
            }
        }
        return families;
    }

    /**
     * Whom a name in a rule means: the group that has it and its copies alike. A group may have been in both forms, and what is left of one says
     * nothing of the other.
     *
     * @param exact the number of the group of that name; negative if there is none
     */
    static int[] named(int exact, int[] copies) {
        return exact < 0 ? copies : add(copies, exact);
    }

    static int[] add(int[] all, int one) {
        for (int each : all) {
            if (each == one) {
                return all;
            }
        }
        int[] more = java.util.Arrays.copyOf(all, all.length + 1);
        more[all.length] = one;
        return more;
    }
}
