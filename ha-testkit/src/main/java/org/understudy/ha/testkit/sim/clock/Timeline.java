package org.understudy.ha.testkit.sim.clock;

/** Real time in one simulated world: a number that jumps from event to event. Not thread-safe. */
public final class Timeline {

    /** One millisecond in nanoseconds. */
    public static final long MILLI = 1_000_000L;

    private final long seed;
    private final EventQueue queue = new EventQueue();
    private long now;
    private boolean isCalm;

    /**
     * @param isCalm whether delays are constant from the beginning
     */
    public Timeline(long seed, boolean isCalm) {
        this.seed = seed;
        this.isCalm = isCalm;
    }

    public long seed() {
        return seed;
    }

    public long now() {
        return now;
    }

    /** Whether delays are constant and nothing fails by itself. */
    public boolean isCalm() {
        return isCalm;
    }

    /** From now on delays are constant. */
    public void becomeCalm() {
        isCalm = true;
    }

    public void at(long time, Runnable event) {
        queue.add(time, event);
    }

    public void in(long delay, Runnable event) {
        queue.add(now + delay, event);
    }

    /** Lets the next event happen; false if there is none until {@code end}. */
    public boolean advance(long end) {
        if (queue.isEmpty() || queue.nextTime() > end) {
            return false;
        }
        now = queue.nextTime();
        queue.remove().run();
        return true;
    }

    /** Milliseconds with one digit, cut. */
    public static String millis(long nanos) {
        return nanos / MILLI + "." + (nanos % MILLI) / 100_000;
    }
}
