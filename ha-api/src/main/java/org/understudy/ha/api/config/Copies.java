package org.understudy.ha.api.config;

/**
 * On how many nodes a group runs.
 *
 * @param count so many nodes at once, at most one copy on each; 1 to 100
 * @param isPromotable whether one of the copies is promoted
 */
public record Copies(int count, boolean isPromotable) {

    /** On one node at a time. */
    public static final Copies ONE = new Copies(1, false);

    /** How many copies a group may have. */
    public static final int MAX = 100;

    /** Whether the group is one that runs on one node at a time. */
    public boolean isOne() {
        return count == 1 && !isPromotable;
    }
}
