package org.understudy.ha.membership.core.record;

import org.understudy.ha.api.NodeId;

/**
 * The number of a write round; unique because it carries its proposer.
 *
 * @param round 0 only in {@link #NONE}
 */
public record Ballot(long round, String proposer) implements Comparable<Ballot> {

    /** Below every ballot. */
    public static final Ballot NONE = new Ballot(0, "");

    public Ballot next(NodeId node) {
        return new Ballot(round + 1, node.value());
    }

    public boolean isNone() {
        return round == 0;
    }

    @Override
    public int compareTo(Ballot other) {
        int byRound = Long.compare(round, other.round);
        return byRound != 0 ? byRound : proposer.compareTo(other.proposer);
    }

    public boolean isAbove(Ballot other) {
        return compareTo(other) > 0;
    }

    public static Ballot max(Ballot a, Ballot b) {
        return a.isAbove(b) ? a : b;
    }

    @Override
    public String toString() {
        return isNone() ? "none" : round + "." + proposer;
    }
}
