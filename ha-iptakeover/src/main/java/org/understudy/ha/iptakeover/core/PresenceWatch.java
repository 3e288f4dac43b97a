package org.understudy.ha.iptakeover.core;

/**
 * Decides when to look whether the addresses of a stay still stand, and when to put back what somebody on this host took away.
 *
 * <p>Driver, one thread: tell what is {@linkplain #stirred heard}; ask {@link #decide}; carry out the one action, which for {@link
 * Action#RESTORE} begins with one more look whether the stay still holds; tell its outcome by {@link #found} or {@link #restored}; ask
 * again at once, or at {@link Decision#nextNanos()} after {@link Action#WAIT}.
 *
 * <p><b>When.</b> The first loss is made good at once, and so is the next after {@value #CALM_NANOS} ns without one. In between there is a pause,
 * which doubles from {@value #PAUSE_NANOS_MIN} ns on: whoever clears an interface does so until nothing is left, and is not to be
 * kept busy. After {@value #RESTORES_MAX} times within a minute somebody means it, and the machine gives up for good.
 *
 * <p><b>When not.</b> Nothing is put back in doubt, and nothing at all is done any more once a stay was seen to be over.
 */
public final class PresenceWatch {
    /** So often in {@link #WINDOW_NANOS}. */
    public static final int RESTORES_MAX = 10;

    public static final long WINDOW_NANOS = 60_000_000_000L;

    /** After so long without a loss the next one is a new matter. */
    public static final long CALM_NANOS = 5_000_000_000L;

    static final long PAUSE_NANOS_MIN = 10_000_000;
    static final long PAUSE_NANOS_MAX = 1_000_000_000;
    /** Between two looks. */
    static final long LOOK_NANOS_MIN = 1_000_000;

    /** The stay, as the driver sees it now. */
    public enum Stay {
        /** The lease is confirmed, the gate is open and the interface is up. */
        HELD,
        /** It may be again: nothing is put back meanwhile. */
        IN_DOUBT,
        /** Ending, yielded or lost. For good. */
        OVER
    }

    /** What to do. */
    public enum Action {
        /** Find out what stands. */
        LOOK,
        /** Put back what the last look did not find, and put right what it found changed. */
        RESTORE,
        /** Nothing until {@link Decision#nextNanos()}, or until something is heard. */
        WAIT
    }

    /**
     * @param nextNanos when to ask again at the latest, {@link Long#MAX_VALUE} for when something is heard
     */
    public record Decision(Action action, long nextNanos) {}

    private final long netNanos;
    private boolean isStirred;
    private boolean isIncomplete;
    private boolean isOver;
    private boolean hasGivenUp;

    private long lookedNanos;
    /** Of the last restores, round robin. */
    private final long[] restores = new long[RESTORES_MAX];

    private int restored;
    private int inARow;
    private long lostNanos;
    private boolean hasLost;

    /**
     * @param nowNanos when all of them stand
     * @param netNanos after which it is looked also if nothing was heard
     */
    public PresenceWatch(long nowNanos, long netNanos) {
        this.lookedNanos = nowNanos;
        this.netNanos = netNanos;
    }

    /** Something was told of one of the addresses, or may have been missed. */
    public void stirred() {
        isStirred = true;
    }

    /** What to do now. Times are compared by difference. */
    public Decision decide(Stay stay, long nowNanos) {
        isOver |= stay == Stay.OVER;
        if (isOver || hasGivenUp) {
            return new Decision(Action.WAIT, Long.MAX_VALUE);
        }
        long sinceLook = nowNanos - lookedNanos;
        if (isStirred || sinceLook >= netNanos) {
            return sinceLook >= LOOK_NANOS_MIN
                    ? new Decision(Action.LOOK, nowNanos)
                    : new Decision(Action.WAIT, lookedNanos + LOOK_NANOS_MIN);
        }
        if (!isIncomplete || stay != Stay.HELD) {
            return new Decision(Action.WAIT, lookedNanos + netNanos);
        }
        long sinceRestore = restored == 0 ? Long.MAX_VALUE : nowNanos - restores[(restored - 1) % RESTORES_MAX];
        if (sinceRestore < pauseNanos()) {
            return new Decision(Action.WAIT, nowNanos + pauseNanos() - sinceRestore);
        }
        if (restored >= RESTORES_MAX && nowNanos - restores[restored % RESTORES_MAX] < WINDOW_NANOS) {
            hasGivenUp = true;
            return new Decision(Action.WAIT, Long.MAX_VALUE);
        }
        return new Decision(Action.RESTORE, nowNanos);
    }

    private long pauseNanos() {
        return inARow == 0 ? 0 : Math.min(PAUSE_NANOS_MAX, PAUSE_NANOS_MIN << Math.min(inARow - 1, 7));
    }

    /**
     * Tells what a look showed.
     *
     * @param isComplete all of them stand as they should
     * @return whether this loss is a new matter, of which somebody is to be told
     */
    public boolean found(boolean isComplete, long nowNanos) {
        lookedNanos = nowNanos;
        isStirred = false;
        isIncomplete = !isComplete;
        if (isComplete) {
            return false;
        }
        boolean isNew = !hasLost || nowNanos - lostNanos >= CALM_NANOS;
        if (isNew) {
            inARow = 0;
        }
        hasLost = true;
        lostNanos = nowNanos;
        return isNew;
    }

    /** Tells that a look failed: the next one follows in a while. */
    public void notSeen(long nowNanos) {
        lookedNanos = nowNanos - netNanos + Math.min(netNanos, PAUSE_NANOS_MAX);
        isStirred = false;
    }

    /**
     * Tells that it was tried to put back what was missing; a call that failed counts too, and is followed by a look.
     */
    public void restored(boolean isDone, long nowNanos) {
        restores[restored % RESTORES_MAX] = nowNanos;
        // Stays a number of the same remainder, however long the stay.
        restored = restored == 2 * RESTORES_MAX - 1 ? RESTORES_MAX : restored + 1;
        inARow++;
        isIncomplete = false;
        isStirred |= !isDone;
    }

    /** The last look found all of them, or what it did not find was put back, and nothing was heard since. */
    public boolean isCalm() {
        return !isStirred && !isIncomplete;
    }

    /** Somebody took them away too often. Final. */
    public boolean hasGivenUp() {
        return hasGivenUp;
    }
}
