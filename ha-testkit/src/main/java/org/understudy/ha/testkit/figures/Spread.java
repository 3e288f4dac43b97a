package org.understudy.ha.testkit.figures;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Durations of some runs. A run that was given up waiting for counts with the time waited, as <em>at least</em> that: the median is such a
 * bound if it falls on one of these, and the worst if any run was one.
 */
final class Spread {

    /** One run. */
    private record Run(long nanos, boolean isBound) implements Comparable<Run> {
        /** Whoever never came is later than everybody who did. */
        @Override
        public int compareTo(Run other) {
            int order = Boolean.compare(isBound, other.isBound);
            return order == 0 ? Long.compare(nanos, other.nanos) : order;
        }
    }

    private final List<Run> runs = new ArrayList<>();

    void add(long nanos) {
        insert(new Run(nanos, false));
    }

    /** It had not happened after this time. */
    void addAtLeast(long nanos) {
        insert(new Run(nanos, true));
    }

    private void insert(Run run) {
        int at = Collections.binarySearch(runs, run);
        runs.add(at < 0 ? -at - 1 : at, run);
    }

    int size() {
        return runs.size();
    }

    /**
     * The nearest-rank percentile: the smallest duration that so many of a hundred runs do not exceed; 50 is the lower median.
     *
     * @throws IllegalStateException without runs
     */
    private Run percentile(int percent) {
        if (runs.isEmpty()) {
            throw new IllegalStateException("nothing was measured");
        }
        int rank = (percent * runs.size() + 99) / 100;
        return runs.get(Math.max(1, rank) - 1);
    }

    long medianNanos() {
        return percentile(50).nanos();
    }

    boolean isMedianBound() {
        return percentile(50).isBound();
    }

    long worstNanos() {
        return percentile(100).nanos();
    }

    boolean isWorstBound() {
        return percentile(100).isBound();
    }

    /** Whether the median is within a limit, for certain. */
    boolean isWithin(long nanos) {
        return !isMedianBound() && medianNanos() <= nanos;
    }

    /** Milliseconds with one decimal, and {@code >} before a bound. */
    static String millis(long nanos, boolean isBound) {
        return (isBound ? ">" : "") + String.format(Locale.ROOT, "%.1f", nanos / 1e6);
    }
}
