package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.membership.core.record.Rules;

/**
 * In which order the groups of one node stop when all of them do: what starts after another stops before it, and everything else at once. Those
 * that start after one another in a circle do not wait for one another. Pure.
 */
public final class StopOrder {

    private final SortedMap<String, List<String>> before = new TreeMap<>();

    /** @param after by name in the record, after which others a group starts, as its rules call them */
    public StopOrder(SortedMap<String, ? extends Collection<String>> after) {
        List<String> names = List.copyOf(after.keySet());
        TreeMap<String, TreeSet<Integer>> called = new TreeMap<>();
        for (int g = 0; g < names.size(); g++) {
            called.computeIfAbsent(Rules.family(names.get(g)), family -> new TreeSet<>())
                    .add(g);
        }
        // A name means the group that has it, and copies where there is none.
        for (int g = 0; g < names.size(); g++) {
            called.put(names.get(g), new TreeSet<>(List.of(g)));
        }
        int[][] edges = new int[names.size()][];
        for (int g = 0; g < edges.length; g++) {
            TreeSet<Integer> firsts = new TreeSet<>();
            after.get(names.get(g)).forEach(name -> firsts.addAll(called.getOrDefault(name, new TreeSet<>())));
            firsts.remove(g);
            edges[g] = firsts.stream().mapToInt(Integer::intValue).toArray();
        }
        int[] circles = Circles.of(edges);
        for (int g = 0; g < edges.length; g++) {
            for (int first : edges[g]) {
                if (circles[g] < 0 || circles[g] != circles[first]) {
                    before.computeIfAbsent(names.get(first), name -> new ArrayList<>())
                            .add(names.get(g));
                }
            }
        }
    }

    /** The groups that stop before this one does. */
    public List<String> before(String group) {
        return before.getOrDefault(group, List.of());
    }

    /** How long it takes until all have stopped, if each takes this long from the moment at which it may. */
    public long longest(Map<String, Long> each) {
        TreeMap<String, Long> ends = new TreeMap<>(each);
        boolean isNews = true;
        while (isNews) {
            isNews = false;
            for (Map.Entry<String, Long> group : ends.entrySet()) {
                long begins = 0;
                for (String other : before(group.getKey())) {
                    begins = Math.max(begins, ends.getOrDefault(other, 0L));
                }
                long end = begins + each.get(group.getKey());
                isNews |= end != group.getValue();
                group.setValue(end);
            }
        }
        return ends.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }
}
