package org.understudy.ha.membership.core.plan;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.record.Rules;

/** The policies that every node has. */
public final class Policies {

    /** The node that runs the fewest groups comes first. */
    private static final PlacementPolicy SPREAD = new Counting("spread", 1);
    /** The node that runs the most groups comes first. */
    private static final PlacementPolicy PACK = new Counting("pack", -1);

    private Policies() {}

    /** Those and an application's, by name; an application's of the same name comes before ours. */
    public static SortedMap<String, PlacementPolicy> with(List<PlacementPolicy> others) {
        TreeMap<String, PlacementPolicy> all = new TreeMap<>();
        all.put(SPREAD.name(), SPREAD);
        all.put(PACK.name(), PACK);
        others.forEach(policy -> all.put(policy.name(), policy));
        return Collections.unmodifiableSortedMap(all);
    }

    /** Whether a group leaves its order to a policy that only an application knows. */
    public static boolean isForeign(Rules rules) {
        String called = rules.placement().policy();
        return !called.isEmpty() && !called.equals(SPREAD.name()) && !called.equals(PACK.name());
    }

    /** Whether it is one of those that every node has: it answers the same again. */
    static boolean isOwn(PlacementPolicy policy) {
        return policy == SPREAD || policy == PACK;
    }

    /** Why there was no answer. The words of a failure may be an application's as well. */
    static String words(Throwable failure) {
        return failure instanceof IllegalStateException e && e.getClass() == IllegalStateException.class
                ? String.valueOf(e.getMessage())
                : failure.getClass().getName();
    }

    private record Counting(String name, int sign) implements PlacementPolicy {
        @Override
        public List<NodeId> rank(String group, Snapshot snapshot) {
            return snapshot.choices().stream()
                    .sorted(Comparator.comparingInt(choice -> sign * choice.groups()))
                    .map(Choice::node)
                    .toList();
        }
    }
}
