package org.understudy.ha.testkit.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Figures of two contenders side by side, as a table for people and as one JSON object a figure. */
final class TakeoverTable {
    private static final String ROW = "%-58s %9s %9s %5s   %9s %9s %5s";

    /** A figure; whoever did not take part, or has no such thing, is empty. */
    private record Row(String fault, String what, OptionalLong wanted, Optional<Spread> ours, Optional<Spread> theirs) {
        boolean isMissed() {
            return wanted.isPresent() && ours.isPresent() && !ours.get().isWithin(wanted.getAsLong());
        }
    }

    private final List<Row> rows = new ArrayList<>();

    /**
     * @param wanted nanoseconds that our median should not exceed
     */
    void add(String fault, String what, OptionalLong wanted, Optional<Spread> ours, Optional<Spread> theirs) {
        rows.add(new Row(fault, what, wanted, ours.filter(s -> s.size() > 0), theirs.filter(s -> s.size() > 0)));
    }

    boolean isAnyMissed() {
        return rows.stream().anyMatch(Row::isMissed);
    }

    /** For people. A target that is missed is marked so. */
    List<String> text() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(ROW, "", "", "Understudy", "", "", "keepalived", "")
                .stripTrailing());
        lines.add(String.format(ROW, "milliseconds", "median", "worst", "runs", "median", "worst", "runs"));
        for (Row row : rows) {
            String line = String.format(
                    ROW,
                    row.fault() + ": " + row.what(),
                    row.ours().map(TakeoverTable::median).orElse("-"),
                    row.ours().map(TakeoverTable::worst).orElse("-"),
                    row.ours().map(s -> String.valueOf(s.size())).orElse("-"),
                    row.theirs().map(TakeoverTable::median).orElse("-"),
                    row.theirs().map(TakeoverTable::worst).orElse("-"),
                    row.theirs().map(s -> String.valueOf(s.size())).orElse("-"));
            if (row.wanted().isPresent()) {
                line += String.format(
                        Locale.ROOT,
                        "   wanted at most %.1f%s",
                        row.wanted().getAsLong() / 1e6,
                        row.isMissed() ? ": missed" : "");
            }
            lines.add(line);
        }
        return lines;
    }

    /** For programs: one object a figure, milliseconds; {@code at_least} if the number is a bound, because it was waited for in vain. */
    List<String> json() {
        return rows.stream()
                .map(row -> String.format(
                        Locale.ROOT,
                        "{\"figure\":\"takeover\",\"fault\":\"%s\",\"what\":\"%s\",\"unit\":\"ms\",\"wanted\":%s,\"missed\":%s,"
                                + "\"understudy\":%s,\"keepalived\":%s}",
                        row.fault(),
                        row.what(),
                        row.wanted().isPresent()
                                ? String.format(
                                        Locale.ROOT, "%.1f", row.wanted().getAsLong() / 1e6)
                                : "null",
                        row.isMissed(),
                        row.ours().map(TakeoverTable::object).orElse("null"),
                        row.theirs().map(TakeoverTable::object).orElse("null")))
                .toList();
    }

    private static String median(Spread spread) {
        return Spread.millis(spread.medianNanos(), spread.isMedianBound());
    }

    private static String worst(Spread spread) {
        return Spread.millis(spread.worstNanos(), spread.isWorstBound());
    }

    private static String object(Spread spread) {
        return String.format(
                Locale.ROOT,
                "{\"runs\":%d,\"median\":%.3f,\"median_at_least\":%s,\"worst\":%.3f,\"worst_at_least\":%s}",
                spread.size(),
                spread.medianNanos() / 1e6,
                spread.isMedianBound(),
                spread.worstNanos() / 1e6,
                spread.isWorstBound());
    }
}
