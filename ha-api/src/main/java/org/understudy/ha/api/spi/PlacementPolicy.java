package org.understudy.ha.api.spi;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;

/**
 * Orders the nodes that could run a group, for groups that name it ({@link Placement.Builder#policy}). What rules forbid is left out
 * before it is asked; it decides only which of the rest comes first.
 *
 * <p>Pure: the same arguments give the same answer, without clock, random source, input or output, and within microseconds: a node that decides
 * waits 10 ms in a second for a policy, all its calls together, and does not ask it for 10 s once it was late. It is asked on a thread of the
 * library. What it throws is caught and said; then, and while it is not asked, the default order is used, as on nodes that do not have it. Give the same policies on every node: whichever node decides uses its own.
 *
 * @since 0.1.0
 */
public interface PlacementPolicy {

    /** What groups call it: 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter. */
    String name();

    /**
     * The nodes, best first. Those that are left out come after them, in the default order; names that are not among the choices are ignored.
     *
     * @param group that is to be placed
     */
    List<NodeId> rank(String group, Snapshot snapshot);

    /**
     * What is known when a group is placed.
     *
     * @param rules of the group
     * @param last where it ran last
     * @param choices in the default order, at least one
     */
    record Snapshot(Placement rules, Optional<NodeId> last, List<Choice> choices) {
        public Snapshot {
            choices = List.copyOf(choices);
        }
    }

    /**
     * A node that could run the group.
     *
     * @param groups how many groups run there now
     * @param free what is left there of each capacity that the node declares, whether or not the group needs any. Negative if it declares less than
     *     what runs there needs; one that it does not declare is absent, or of 0 or less
     * @param score what the resources say of themselves there; the highest should come first. 0 normally
     */
    record Choice(NodeId node, int groups, SortedMap<String, Integer> free, long score) {
        public Choice {
            free = Collections.unmodifiableSortedMap(new TreeMap<>(free));
        }
    }
}
