package org.understudy.ha.api;

/**
 * One life of a node, numbered inside the cluster record and never reused.
 *
 * <p>A node that lost its session comes back as a higher incarnation; whatever was said or granted to a lower one stays
 * with the lower one.
 *
 * @param node the node's name
 * @param number 1 for the first life, then growing
 */
public record Incarnation(NodeId node, long number) implements Comparable<Incarnation> {

    public Incarnation {
        if (number < 1) {
            throw new IllegalArgumentException("incarnation numbers start at 1, not " + number);
        }
    }

    @Override
    public int compareTo(Incarnation other) {
        int byNode = node.compareTo(other.node);
        return byNode != 0 ? byNode : Long.compare(number, other.number);
    }

    @Override
    public String toString() {
        return node + "#" + number;
    }
}
