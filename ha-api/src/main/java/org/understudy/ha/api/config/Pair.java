package org.understudy.ha.api.config;

import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;

/**
 * Two groups that two nodes take over from one another: each runs on its own node, and both on one when the other is gone.
 *
 * <pre>
 * Pair.mutual("serv1", Group.named("files").resource(...), "serv2", Group.named("mail").resource(...))
 *         .groups()
 *         .forEach(node.resources()::register);
 * </pre>
 *
 * <p>Say the same on both nodes. Whether either could carry both is told by {@code advisor().whatIf(new NodeLost(...))}.
 *
 * @param first runs on the first node, and on the second when that is gone
 * @param second the other way round
 * @since 0.1.0
 */
public record Pair(Group first, Group second) {

    /**
     * Builds both groups with mirrored preferences.
     *
     * @param ofFirst without preferred nodes of its own
     * @param ofSecond as well
     * @throws ConfigurationException naming every mistake in both
     */
    public static Pair mutual(String firstNode, Group.Builder ofFirst, String secondNode, Group.Builder ofSecond) {
        List<Problem> problems = new ArrayList<>();
        if (firstNode != null && firstNode.equals(secondNode)) {
            problems.add(new Problem("pair", firstNode, "is named twice; name two nodes"));
        }
        Group first = build(problems, ofFirst, firstNode, secondNode);
        Group second = build(problems, ofSecond, secondNode, firstNode);
        if (first != null && second != null && first.name().equals(second.name())) {
            problems.add(new Problem("pair", first.name(), "is the name of both groups; give each its own"));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        return new Pair(first, second);
    }

    private static @org.jspecify.annotations.Nullable Group build(
            List<Problem> problems, Group.Builder builder, String own, String other) {
        if (builder == null) {
            problems.add(new Problem("pair", "null", "give a group for each of the two nodes"));
            return null;
        }
        if (builder.isPreferring()) {
            problems.add(new Problem("pair", builder.toString(), "prefers nodes already; the pair says which"));
            return null;
        }
        try {
            return own != null && own.equals(other)
                    ? builder.prefer(own).build()
                    : builder.prefer(own, other).build();
        } catch (ConfigurationException e) {
            problems.addAll(e.problems());
            return null;
        }
    }

    /** Both. */
    public List<Group> groups() {
        return List.of(first, second);
    }
}
