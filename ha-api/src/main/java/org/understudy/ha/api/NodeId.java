package org.understudy.ha.api;

import java.util.regex.Pattern;

/**
 * The name of a node: lower-case letters, digits and hyphens, 1 to 32 characters, starting with a letter.
 *
 * <p>A name is bound to the node's certificate (subject alternative name), so it is also the node's identity on the
 * wire. Names compare by their characters; that order is the rank that breaks ties between nodes.
 */
public record NodeId(String value) implements Comparable<NodeId> {

    // A cluster record is full of names, and is decoded in the middle of a failover.
    private static final Pattern FORM = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    /**
     * @throws ConfigurationException if the name does not have the form above
     */
    public NodeId {
        if (value == null || !FORM.matcher(value).matches()) {
            throw new ConfigurationException(
                    "node",
                    value,
                    "is not a node name: use 1 to 32 lower-case letters, digits and hyphens, starting with a letter");
        }
    }

    /** Shorthand for the constructor. */
    public static NodeId of(String value) {
        return new NodeId(value);
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
