package org.understudy.ha.membership.core.record;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node would like to have in its session beside its candidacies; a part of its offer.
 *
 * @param names that it would own
 * @param barriers of which it is a member
 */
public record Claims(SortedMap<String, NameClaim> names, SortedMap<String, BarrierClaim> barriers) {

    public static final Claims NONE = new Claims(new TreeMap<>(), new TreeMap<>());

    public Claims {
        names = Collections.unmodifiableSortedMap(new TreeMap<>(names));
        barriers = Collections.unmodifiableSortedMap(new TreeMap<>(barriers));
    }

    public boolean isEmpty() {
        return names.isEmpty() && barriers.isEmpty();
    }
}
