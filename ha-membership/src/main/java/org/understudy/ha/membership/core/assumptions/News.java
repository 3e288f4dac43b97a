package org.understudy.ha.membership.core.assumptions;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What of a text that is computed again and again is worth saying: the whole of it once, then the lines that are new and those that do not hold any
 * more, and each of these not again within an hour. Numbers in headings, and how many lines were left out, are no news. Pure; not thread-safe.
 */
public final class News {

    private static final long FORGET_NANOS = 3_600_000_000_000L;
    private static final int SAID_MAX = 4096;
    private static final String BULLET = "  - ";
    private static final String NO_MORE = "no more: ";

    private Set<String> before = Set.of();
    private boolean isBegun;
    /** When each change was said last. */
    private final Map<String, Long> said = new LinkedHashMap<>();

    /**
     * What to say of a text; empty if nothing of it is news.
     *
     * @param now on any clock that does not go back
     * @param text headings, and below each of them lines that begin with a hyphen
     */
    public Optional<String> of(long now, String text) {
        Set<String> lines = lines(text);
        if (!isBegun) {
            isBegun = true;
            before = lines;
            return Optional.of(text);
        }
        List<String> news = new ArrayList<>();
        lines.stream().filter(line -> !before.contains(line)).forEach(line -> add(now, line, news));
        before.stream().filter(line -> !lines.contains(line)).forEach(line -> add(now, NO_MORE + line, news));
        before = lines;
        return news.isEmpty() ? Optional.empty() : Optional.of(BULLET + String.join("\n" + BULLET, news));
    }

    private void add(long now, String line, List<String> news) {
        said.values().removeIf(at -> now - at > FORGET_NANOS);
        if (said.size() >= SAID_MAX) {
            said.clear();
        }
        if (said.putIfAbsent(line, now) == null) {
            news.add(line);
        }
    }

    private static Set<String> lines(String text) {
        Set<String> lines = new LinkedHashSet<>();
        String heading = "";
        for (String line : text.split("\n")) {
            if (!line.startsWith(BULLET)) {
                heading = heading(line);
                if (!isSection(line)) {
                    lines.add(line);
                }
            } else if (!line.startsWith(BULLET + "and ")) {
                lines.add(heading + ": " + line.substring(BULLET.length()));
            }
        }
        return lines;
    }

    /** Whether what follows is what a heading is about, so that it says nothing by itself. */
    private static boolean isSection(String line) {
        return !line.startsWith("with ");
    }

    private static String heading(String line) {
        int end = line.indexOf(" (");
        String title = end < 0 ? line : line.substring(0, end);
        return title.endsWith(":") ? title.substring(0, title.length() - 1) : title;
    }
}
