package org.understudy.ha.membership.core;

import java.time.Duration;
import java.util.Arrays;
import org.understudy.ha.api.Stall;

/**
 * How long one thing took: the newest, the worst of a minute, the worst ever; and when that is worth a word. Pure, of fixed
 * size. Time may stand still, but not go back.
 */
public final class StallGauge {

    /** How long nothing may be above half of the margin before the next word. */
    public static final long QUIET_NANOS = 60_000_000_000L;

    private static final int SLOTS = 12;
    private static final long SLOT_NANOS = QUIET_NANOS / SLOTS;

    /** What is worth a word. */
    public enum Word {
        NOTHING,
        /** Half of the margin was used for the first time since it was quiet. */
        HALF,
        /** All of it was used for the first time since it was quiet. */
        ALL
    }

    private final long marginNanos;
    private final long[] slots = new long[SLOTS];
    private final long[] worstOf = new long[SLOTS];
    private long last;
    private long worst;
    private Word said = Word.NOTHING;
    private long quietAt;

    public StallGauge(long marginNanos) {
        this.marginNanos = marginNanos;
        Arrays.fill(slots, Long.MIN_VALUE);
    }

    /** Takes a sample. One that still lasts may come again and again as it grows. */
    public Word record(long now, long nanos) {
        last = nanos;
        worst = Math.max(worst, nanos);
        long slot = Math.floorDiv(now, SLOT_NANOS);
        int at = Math.floorMod(slot, SLOTS);
        worstOf[at] = slots[at] == slot ? Math.max(worstOf[at], nanos) : nanos;
        slots[at] = slot;
        if (nanos <= marginNanos / 2) {
            return Word.NOTHING;
        }
        Word before = now < quietAt ? said : Word.NOTHING;
        Word present = nanos > marginNanos ? Word.ALL : Word.HALF;
        quietAt = now + QUIET_NANOS;
        said = present.compareTo(before) > 0 ? present : before;
        return said == before ? Word.NOTHING : said;
    }

    public long marginNanos() {
        return marginNanos;
    }

    /** All that is known now. */
    public Stall stall(long now) {
        long oldest = Math.floorDiv(now, SLOT_NANOS) - SLOTS + 1;
        long worstOfMinute = 0;
        for (int i = 0; i < SLOTS; i++) {
            worstOfMinute = slots[i] >= oldest ? Math.max(worstOfMinute, worstOf[i]) : worstOfMinute;
        }
        return new Stall(
                Duration.ofNanos(last),
                Duration.ofNanos(worstOfMinute),
                Duration.ofNanos(worst),
                Duration.ofNanos(marginNanos));
    }
}
