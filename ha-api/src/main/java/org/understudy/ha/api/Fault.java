package org.understudy.ha.api;

import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Something that may happen to a cluster, and lasts until it is mended.
 *
 * @param kind what happens
 * @param nodes to which node; for {@link Kind#LINK_CUT} between which two, in order of name
 * @since 0.1.0
 */
public record Fault(Kind kind, List<NodeId> nodes) implements Comparable<Fault> {

    /** What may happen. */
    public enum Kind {
        /** Its process ends without a word; its host and its guardian go on. */
        PROCESS_KILLED,
        /** Its host is gone with everything on it: a power cut, or process and guardian killed at once. */
        NODE_LOST,
        /** Its process stands still for longer than a lease; its kernel goes on. */
        NODE_PAUSED,
        /** Nothing gets from it to any other node and back. */
        CUT_OFF,
        /** Its state directory cannot be written, is lost, or goes back to an older copy. Felt at the next write, or at its next start. */
        DISK_LOST,
        /** Its guardian ends. */
        GUARDIAN_LOST,
        /** Two nodes do not reach each other; the others reach both. */
        LINK_CUT
    }

    /**
     * @throws ConfigurationException if it is not two different nodes for {@link Kind#LINK_CUT}, and one for every other kind
     */
    public Fault {
        if (kind == null) {
            throw new ConfigurationException("fault", null, "say what happens, for example NODE_LOST");
        }
        boolean isLink = kind == Kind.LINK_CUT;
        Set<NodeId> named = new HashSet<>(nodes == null ? List.of() : nodes);
        if (named.contains(null) || named.size() != (isLink ? 2 : 1)) {
            throw new ConfigurationException(
                    "fault " + kind, nodes, isLink ? "name two different nodes" : "name one node");
        }
        nodes = named.stream().sorted().toList();
    }

    /** A fault of a kind that strikes one node. */
    public static Fault of(Kind kind, NodeId node) {
        return new Fault(kind, Collections.singletonList(node));
    }

    /** Two nodes do not reach each other. */
    public static Fault linkCut(NodeId one, NodeId other) {
        return new Fault(Kind.LINK_CUT, Arrays.asList(one, other));
    }

    @Override
    public int compareTo(Fault other) {
        return Comparator.comparing(Fault::kind)
                .thenComparing(f -> f.nodes().toString())
                .compare(this, other);
    }

    /** As part of a sentence, for example {@code serv1 is killed}. */
    @Override
    public String toString() {
        NodeId node = nodes.get(0);
        return switch (kind) {
            case PROCESS_KILLED -> node + " is killed";
            case NODE_LOST -> node + " loses power";
            case NODE_PAUSED -> node + " is paused for longer than a lease";
            case CUT_OFF -> node + " is cut off";
            case DISK_LOST -> "the state directory of " + node + " fails";
            case GUARDIAN_LOST -> "the guardian of " + node + " ends";
            case LINK_CUT -> "the link between " + node + " and " + nodes.get(1) + " is cut";
        };
    }
}
