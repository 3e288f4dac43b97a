package org.understudy.ha.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.understudy.ha.api.ConfigurationException.Problem;

/**
 * What an operator's switch is about: one group, one node, or everything.
 *
 * @param name of the group or node; empty for everything
 * @since 0.1.0
 */
public record Target(Kind kind, String name) implements Comparable<Target> {

    private static final Comparator<Target> ORDER =
            Comparator.comparing(Target::kind).thenComparing(Target::name);

    /** What a target can be. Written by number: add at the end. */
    public enum Kind {
        EVERYTHING,
        GROUP,
        NODE
    }

    /**
     * @throws ConfigurationException if the name is not that of such a thing
     */
    public Target {
        List<Problem> problems = new ArrayList<>();
        if (kind == null) {
            problems.add(new Problem("target", "null", "use everything(), group(name) or node(id)"));
        } else if (name == null || kind == Kind.EVERYTHING != name.isEmpty()) {
            problems.add(
                    new Problem("target " + kind, String.valueOf(name), "name one group or node, or use everything()"));
        } else if (kind == Kind.NODE) {
            NodeId.of(name);
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /** Every group on every node. */
    public static Target everything() {
        return new Target(Kind.EVERYTHING, "");
    }

    /** One group, wherever it is. */
    public static Target group(String name) {
        return new Target(Kind.GROUP, name);
    }

    /** One node, and every group that is on it. */
    public static Target node(NodeId node) {
        return new Target(Kind.NODE, node.value());
    }

    @Override
    public int compareTo(Target other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case EVERYTHING -> "everything";
            case GROUP -> "group " + name;
            case NODE -> "node " + name;
        };
    }
}
