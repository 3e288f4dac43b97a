package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Sets of messages on their way to one node, by number. Number 0 is the empty one. */
final class Inboxes {

    static final int EMPTY = 0;

    private final List<int[]> sets = new ArrayList<>();
    private final Map<Words.Key, Integer> numbers = new HashMap<>();
    private final LongIntMap added = new LongIntMap();

    Inboxes() {
        number(new int[0]);
    }

    /** The messages of a set, in order. */
    int[] messages(int set) {
        return sets.get(set);
    }

    int with(int set, int message) {
        long key = LongIntMap.key(set, message);
        int known = added.get(key);
        if (known == LongIntMap.ABSENT) {
            int[] before = sets.get(set);
            int at = Arrays.binarySearch(before, message);
            known = at >= 0 ? set : number(inserted(before, -at - 1, message));
            added.put(key, known);
        }
        return known;
    }

    int without(int set, int message) {
        return only(set, each -> each != message);
    }

    /** Those for which something holds. */
    int only(int set, IntPredicate what) {
        int[] before = sets.get(set);
        int[] after = Arrays.stream(before).filter(what).toArray();
        return after.length == before.length ? set : number(after);
    }

    private static int[] inserted(int[] before, int at, int message) {
        int[] after = new int[before.length + 1];
        System.arraycopy(before, 0, after, 0, at);
        after[at] = message;
        System.arraycopy(before, at, after, at + 1, before.length - at);
        return after;
    }

    private int number(int[] messages) {
        Words words = new Words();
        for (int message : messages) {
            words.add(message);
        }
        Integer known = numbers.putIfAbsent(words.key(), sets.size());
        if (known == null) {
            sets.add(messages);
            return sets.size() - 1;
        }
        return known;
    }
}
