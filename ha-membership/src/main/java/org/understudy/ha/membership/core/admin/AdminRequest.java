package org.understudy.ha.membership.core.admin;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One question or order.
 *
 * @param verb what to do, for example {@code move}
 * @param words by name, for example {@code group} and {@code to}
 */
public record AdminRequest(String verb, SortedMap<String, String> words) {
    public AdminRequest {
        words = Collections.unmodifiableSortedMap(new TreeMap<>(words));
    }

    /** A verb alone. */
    public static AdminRequest of(String verb) {
        return new AdminRequest(verb, new TreeMap<>());
    }

    /** With a word more. */
    public AdminRequest with(String name, String value) {
        TreeMap<String, String> more = new TreeMap<>(words);
        more.put(name, value);
        return new AdminRequest(verb, more);
    }

    public Optional<String> word(String name) {
        return Optional.ofNullable(words.get(name));
    }
}
