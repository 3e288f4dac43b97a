package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * In which order the groups of one node stop when all of them do: what starts after another stops before it, and everything else at once. Those
 * that start after one another in a circle do not wait for one another. Pure.
 */
public final class StopOrder {

    private final SortedMap<String, List<String>> before = new TreeMap<>();

    /** @param after by name in the record, after which others a group starts, as its rules call them */
    public StopOrder(SortedMap<String, ? extends Collection<String>> after) {
        String[] names = after.keySet().toArray(new String[0]);
        Map<String, int[]> families = Links.families(names);
        int[][] edges = new int[names.length][];
        for (int g = 0; g < edges.length; g++) {
            int own = g;
            edges[g] = after.get(names[g]).stream()
                    .map(name -> Links.named(Arrays.binarySearch(names, name), families.getOrDefault(name, new int[0])))
                    .flatMapToInt(Arrays::stream)
                    .filter(first -> first != own)
                    .sorted()
                    .distinct()
                    .toArray();
        }
        int[] circles = Circles.of(edges);
        for (int g = 0; g < edges.length; g++) {
            for (int first : edges[g]) {
                if (circles[g] < 0 || circles[g] != circles[first]) {
                    before.computeIfAbsent(names[first], name -> new ArrayList<>())
                            .add(names[g]);
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
