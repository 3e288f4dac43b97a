package org.understudy.ha.iptakeover.core;

/**
 * Lets something happen once in an interval. What is wanted sooner is late, not lost; wanted several times, it happens once. One
 * caller at a time.
 */
public final class Pace {
    private final long intervalNanos;
    private boolean isWanted;
    private boolean hasHappened;
    private long lastNanos;

    public Pace(long intervalNanos) {
        this.intervalNanos = intervalNanos;
    }

    public void want() {
        isWanted = true;
    }

    /** Whether it is to happen now; it counts as happened. */
    public boolean take(long nowNanos) {
        if (delayNanos(nowNanos) > 0) {
            return false;
        }
        isWanted = false;
        hasHappened = true;
        lastNanos = nowNanos;
        return true;
    }

    /**
     * Nanoseconds until it is to happen.
     *
     * @return {@link Long#MAX_VALUE} if nobody wants it
     */
    public long delayNanos(long nowNanos) {
        if (!isWanted) {
            return Long.MAX_VALUE;
        }
        return hasHappened ? Math.max(0, intervalNanos - (nowNanos - lastNanos)) : 0;
    }
}
