package org.understudy.ha.membership.core.record;

import org.understudy.ha.api.NodeId;

/**
 * The number of a write round; unique because it carries its proposer.
 *
 * @param round 0 only in {@link #NONE}; its high bits are the generation
 * @param proposer the node, and the life of its disk
 */
public record Ballot(long round, String proposer) implements Comparable<Ballot> {

    /** Below every ballot. */
    public static final Ballot NONE = new Ballot(0, "");

    /**
     * The next ballot of a proposer.
     *
     * @param life of the proposer's disk: a proposer whose disk has forgotten a ballot must not use it again
     */
    public Ballot next(NodeId node, long life) {
        return new Ballot(round + 1, node.value() + "/" + life);
    }

    /** The ballot of the same proposer, in the same life, right after this one. */
    public Ballot following() {
        return new Ballot(round + 1, proposer);
    }

    /** The first ballot of a generation that an operator forced: above every ballot of the generations before. */
    public static Ballot forced(int generation, NodeId node) {
        return new Ballot(ClusterRecord.floor(generation) + 1, node.value());
    }

    /** The generation that it belongs to: only records of this one are proposed under it. */
    public int generation() {
        return (int) (round >>> ClusterRecord.GENERATION_SHIFT);
    }

    /** The name of the node that proposes under it; empty for none. */
    public String node() {
        int end = proposer.indexOf('/');
        return end < 0 ? proposer : proposer.substring(0, end);
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
