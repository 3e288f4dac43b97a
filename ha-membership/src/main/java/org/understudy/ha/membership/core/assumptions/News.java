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
 * more, and each of these not again within an hour. A change that is held back for that is said once the hour is over, if it still holds by then:
 * what was said last is false for an hour at most. Numbers in headings, and how many lines were left out, are no news. Pure; not thread-safe.
 */
public final class News {

    private static final long FORGET_NANOS = 3_600_000_000_000L;
    private static final int SAID_MAX = 4096;
    private static final String BULLET = "  - ";
    private static final String NO_MORE = "no more: ";

    /** What a reader of all that was said takes to hold. */
    private final Set<String> shown = new LinkedHashSet<>();

    private boolean isBegun;
    private Optional<Long> again = Optional.empty();
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
        again = Optional.empty();
        if (!isBegun) {
            isBegun = true;
            shown.addAll(lines);
            return Optional.of(text);
        }
        List<String> news = new ArrayList<>();
        for (String line : lines) {
            if (!shown.contains(line) && isSaid(now, line, news)) {
                shown.add(line);
            }
        }
        shown.removeIf(line -> !lines.contains(line) && isSaid(now, NO_MORE + line, news));
        return news.isEmpty() ? Optional.empty() : Optional.of(BULLET + String.join("\n" + BULLET, news));
    }

    /** When something of the last text that was held back may be said, on the clock of {@link #of}; empty if nothing was. */
    public Optional<Long> again() {
        return again;
    }

    private boolean isSaid(long now, String change, List<String> news) {
        said.values().removeIf(at -> now - at > FORGET_NANOS);
        if (said.size() >= SAID_MAX) {
            said.clear();
        }
        Long last = said.putIfAbsent(change, now);
        if (last != null) {
            long due = last + FORGET_NANOS + 1;
            again = again.filter(other -> other - due <= 0).or(() -> Optional.of(due));
            return false;
        }
        news.add(change);
        return true;
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
