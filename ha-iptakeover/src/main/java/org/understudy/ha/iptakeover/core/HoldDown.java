package org.understudy.ha.iptakeover.core;

/**
 * Damps what comes and goes: bad counts at once, good only after a while, and after a longer one each time.
 *
 * <p>After the first loss something has to be back for the shortest time before it counts, after each further loss for twice as
 * long as before, up to the longest. Once it has counted for ten times the longest, its past is forgotten: a shorter memory would let
 * something that comes and goes slowly pass as good for ever.
 */
public final class HoldDown {
    static final int FORGIVEN_AFTER = 10;

    private final long shortestNanos;
    private final long longestNanos;
    private boolean isBad;
    private int losses;
    private long holdNanos;
    private long backNanos;

    /**
     * @param shortestNanos after the first loss; 0 damps nothing
     */
    public HoldDown(long shortestNanos, long longestNanos) {
        this.shortestNanos = shortestNanos;
        this.longestNanos = longestNanos;
    }

    /** It is gone. Said again while it is gone, it changes nothing. */
    public void lost(long nowNanos) {
        if (isBad) {
            return;
        }
        isBad = true;
        if (losses > 0 && nowNanos - backNanos - holdNanos >= FORGIVEN_AFTER * longestNanos) {
            losses = 0;
        }
        holdNanos = losses == 0 ? shortestNanos : Math.min(longestNanos, 2 * holdNanos);
        losses++;
    }

    /** It is there, from now. */
    public void back(long nowNanos) {
        isBad = false;
        backNanos = nowNanos;
    }

    /** Whether it is gone, or not back for long enough. */
    public boolean isOut(long nowNanos) {
        return isBad || losses > 0 && nowNanos - backNanos < holdNanos;
    }

    /** How long it must be back, or must have been, before it counts. */
    public long holdNanos() {
        return holdNanos;
    }

    /** Losses that are not forgotten. */
    public int losses() {
        return losses;
    }
}
