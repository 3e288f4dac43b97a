package org.understudy.ha.samples.demo;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What one run showed.
 *
 * @param gapNanos longest time without an answer, asked for over IPv4
 * @param gap6Nanos the same over IPv6
 * @param lost requests over either without an answer
 * @param silentNanos from the fault to the last answer that was heard of the old owner's host
 * @param doubleNanos time in which two hosts were heard to answer
 * @param unheard what should have been heard of the hosts and was not; if there is anything, a time of 0 proves nothing
 * @param after who owned the group afterwards; empty if nobody took over in time
 */
record Result(
        Fault fault,
        int run,
        long gapNanos,
        long gap6Nanos,
        int lost,
        long silentNanos,
        long doubleNanos,
        List<String> unheard,
        Owner before,
        Optional<Owner> after) {
    Result {
        unheard = List.copyOf(unheard);
    }

    /**
     * Who owned the group.
     *
     * @param proof why the grant before was over
     */
    record Owner(String node, long token, String proof) {}

    /** Whether another node took over under a higher token and, with ears that worked, two hosts were never heard. */
    boolean isGood() {
        return doubleNanos == 0
                && unheard.isEmpty()
                && after.isPresent()
                && !after.get().node().equals(before.node())
                && after.get().token() > before.token();
    }

    /** Whether it is unknown if two hosts answered. */
    boolean isDeaf() {
        return doubleNanos == 0 && !unheard.isEmpty();
    }

    String toJson() {
        return "{\"fault\":" + text(fault.word()) + ",\"run\":" + run + ",\"gap_ms\":" + millis(gapNanos) + ",\"lost\":"
                + lost
                + ",\"double_ms\":" + (isDeaf() ? "null" : millis(doubleNanos)) + ",\"proof\":"
                + after.map(o -> text(o.proof())).orElse("null")
                + ",\"token_before\":" + before.token() + ",\"token_after\":"
                + after.map(o -> String.valueOf(o.token())).orElse("null") + ",\"owner_before\":" + text(before.node())
                + ",\"owner_after\":" + after.map(o -> text(o.node())).orElse("null")
                + ",\"silent_ms\":" + (isDeaf() ? "null" : millis(silentNanos)) + ",\"gap6_ms\":"
                + millis(gap6Nanos) + "}";
    }

    /** Milliseconds with one decimal; exactly 0 only for 0, so that no short overlap is rounded away. */
    static String millis(long nanos) {
        if (nanos == 0) {
            return "0";
        }
        return String.format(Locale.ROOT, nanos < 1_000_000 ? "%.3f" : "%.1f", Math.max(nanos, 1000) / 1e6);
    }

    static long median(List<Result> results, ToLongFunction<Result> figure) {
        long[] sorted = results.stream().mapToLong(figure).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String text(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
