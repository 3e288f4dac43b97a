package org.understudy.ha.iptakeover.core;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.understudy.ha.iptakeover.core.RivalWatch.Reason;

/**
 * Remembers for a minute that somebody else claims an address, so that whoever monitors sees what alarms have told only once. What the
 * owners settle between themselves by their tokens is not remembered.
 *
 * <p>The gravest is shown, in the words of its first sighting, so that a crowd of invented senders makes no crowd of news.
 *
 * <p>Driver: one caller at a time.
 */
public final class RivalMemory {
    /** After the last sighting. */
    public static final long NANOS = 60_000_000_000L;

    /** The gravest first. */
    private static final List<Reason> REMEMBERED =
            List.of(Reason.BROKEN_PROMISE, Reason.OWN_MAC_ELSEWHERE, Reason.STRANGER);

    private record Seen(String sentence, long lastNanos) {}

    private final Map<Reason, Seen> seen = new EnumMap<>(Reason.class);

    /**
     * Somebody claimed an address.
     *
     * @param sentence asked only if it is to be shown
     * @param nowNanos monotonic
     */
    public void saw(Reason reason, Supplier<String> sentence, long nowNanos) {
        if (REMEMBERED.contains(reason)) {
            Seen before = seen.get(reason);
            boolean isKept = before != null && isFresh(before, nowNanos);
            seen.put(reason, new Seen(isKept ? before.sentence() : sentence.get(), nowNanos));
        }
    }

    /** The gravest that was seen within the last minute; empty if there is none. */
    public String present(long nowNanos) {
        for (Reason reason : REMEMBERED) {
            Seen last = seen.get(reason);
            if (last != null && isFresh(last, nowNanos)) {
                return last.sentence();
            }
        }
        return "";
    }

    private static boolean isFresh(Seen last, long nowNanos) {
        return nowNanos - last.lastNanos() < NANOS;
    }
}
