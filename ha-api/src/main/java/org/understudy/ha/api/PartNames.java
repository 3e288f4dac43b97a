package org.understudy.ha.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the parts of a group are called to somebody who knows only the group. Pure. */
final class PartNames {

    private static final Pattern COPY = Pattern.compile("\\b([a-z][a-z0-9.-]*)#[0-9]+");
    private static final Pattern PROMOTED = Pattern.compile("\\b([a-z][a-z0-9.-]*)!promoted");
    private static final String A_COPY = "a copy of ";

    private PartNames() {}

    /** A sentence in which parts are called as they are in the record, in words. */
    static String plain(String sentence) {
        return PROMOTED.matcher(COPY.matcher(sentence).replaceAll(A_COPY + "$1"))
                .replaceAll("the promoted copy of $1");
    }

    /** At most so many names, copies of one group together. */
    static String together(List<String> names, int most) {
        Map<String, Integer> counted = new LinkedHashMap<>();
        names.forEach(name -> counted.merge(plain(name), 1, Integer::sum));
        String some = counted.entrySet().stream()
                .limit(most)
                .map(each -> several(each.getKey(), each.getValue()))
                .collect(Collectors.joining(", "));
        return counted.size() > most ? some + " and " + (counted.size() - most) + " more" : some;
    }

    private static String several(String title, int count) {
        return count == 1 ? title : count + " copies of " + title.substring(A_COPY.length());
    }
}
