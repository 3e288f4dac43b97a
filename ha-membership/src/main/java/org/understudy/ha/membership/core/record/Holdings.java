package org.understudy.ha.membership.core.record;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a session has beside its candidacies. Gone with the session.
 *
 * @param names that it owns
 * @param standings the barriers of which it is a member
 */
public record Holdings(SortedMap<String, NameClaim> names, SortedMap<String, Standing> standings) {

    public static final Holdings NONE = new Holdings(new TreeMap<>(), new TreeMap<>());

    public Holdings {
        names = Collections.unmodifiableSortedMap(new TreeMap<>(names));
        standings = Collections.unmodifiableSortedMap(new TreeMap<>(standings));
    }

    public boolean isEmpty() {
        return names.isEmpty() && standings.isEmpty();
    }
}
