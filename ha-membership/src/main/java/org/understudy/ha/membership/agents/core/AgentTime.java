package org.understudy.ha.membership.agents.core;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Times as agents write them: seconds, or numbers with units, one after the other: {@code 20}, {@code 20s}, {@code 2m30s}, {@code 500ms}. A
 * day at most, which is what a budget may be.
 */
public final class AgentTime {
    private static final long DAY_MILLIS = 24L * 60 * 60 * 1000;
    private static final Pattern PART = Pattern.compile("(\\d{1,9})(?!\\d)\\s*(msec|ms|min|m|sec|s|hr|h|d)?\\s*");

    private AgentTime() {}

    /** Empty if it is none. */
    public static Optional<Duration> parse(String text) {
        Matcher part = PART.matcher(text.strip().toLowerCase(Locale.ROOT));
        long millis = 0;
        int at = 0;
        while (at < part.regionEnd() && part.lookingAt()) {
            millis += Long.parseLong(part.group(1)) * unit(part.group(2));
            at = part.end();
            part.region(at, part.regionEnd());
        }
        boolean isAll = at > 0 && at == part.regionEnd();
        return isAll ? Optional.of(Duration.ofMillis(Math.min(DAY_MILLIS, millis))) : Optional.empty();
    }

    private static long unit(String unit) {
        if (unit == null) {
            return 1000;
        }
        return switch (unit) {
            case "ms", "msec" -> 1;
            case "m", "min" -> 60_000;
            case "h", "hr" -> 3_600_000;
            case "d" -> DAY_MILLIS;
            default -> 1000;
        };
    }
}
