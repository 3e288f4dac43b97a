package org.understudy.ha.membership.checks.core;

/**
 * Turns single results into a state that does not jump.
 *
 * <p><b>Counts.</b> What is up goes down after {@code fall} bad results, what is down comes up after {@code rise} good ones, each without a
 * result of the other kind between them. An unclear result says nothing about the server: it neither counts as bad nor takes back what was
 * bad before, but a rise must be without one.
 *
 * <p><b>The first result</b> decides at once if the rules say so; otherwise nothing is decided until either count is reached.
 *
 * <p><b>Damping.</b> After a fall from up, good results must also have come for a while; twice as long after each further fall, up to the
 * longest. What was up for {@value #FORGIVEN_AFTER} times the longest starts anew.
 *
 * <p>Driver: tell every result in the order of their ends, with one clock that does not go back.
 */
public final class RiseFall {
    static final int FORGIVEN_AFTER = 10;

    /** What the results so far amount to. */
    public enum State {
        UNDECIDED,
        UP,
        DOWN
    }

    /**
     * The numbers.
     *
     * @param rise good results that bring up, 1 or more
     * @param fall bad results that bring down, 1 or more
     * @param firstDecides whether the first clear result decides alone
     * @param holdNanos how long good results must have come after the first fall; 0 damps nothing
     * @param holdMaxNanos the longest such time, not below {@code holdNanos}
     */
    public record Rules(int rise, int fall, boolean firstDecides, long holdNanos, long holdMaxNanos) {}

    private final Rules rules;
    private State state = State.UNDECIDED;
    private int goods;
    private int bads;
    private int unclears;
    private long goodSinceNanos;
    private long upSinceNanos;
    private int falls;
    private long holdNanos;

    public RiseFall(Rules rules) {
        this.rules = rules;
    }

    /** The server did what it should. */
    public State good(long nowNanos) {
        bads = 0;
        unclears = 0;
        if (goods == 0) {
            goodSinceNanos = nowNanos;
        }
        goods = Math.min(goods + 1, rules.rise());
        boolean isEnough = goods >= rules.rise() || state == State.UNDECIDED && rules.firstDecides();
        if (state != State.UP && isEnough && nowNanos - goodSinceNanos >= holdNanos) {
            state = State.UP;
            upSinceNanos = nowNanos;
        }
        return state;
    }

    /** The server did not. */
    public State bad(long nowNanos) {
        goods = 0;
        unclears = 0;
        bads = Math.min(bads + 1, rules.fall());
        boolean isEnough = bads >= rules.fall() || state == State.UNDECIDED && rules.firstDecides();
        if (state != State.DOWN && isEnough) {
            if (state == State.UP) {
                fell(nowNanos);
            }
            state = State.DOWN;
        }
        return state;
    }

    /** Nobody can say. */
    public State unclear() {
        goods = 0;
        unclears = Math.min(unclears + 1, rules.fall());
        return state;
    }

    private void fell(long nowNanos) {
        if (falls > 0 && nowNanos - upSinceNanos >= FORGIVEN_AFTER * rules.holdMaxNanos()) {
            falls = 0;
        }
        holdNanos = falls == 0 ? rules.holdNanos() : Math.min(rules.holdMaxNanos(), 2 * holdNanos);
        falls++;
    }

    public State state() {
        return state;
    }

    /** Whether as many results as would bring it down were unclear, without a clear one since. */
    public boolean isDoubtful() {
        return unclears >= rules.fall();
    }

    /** How long good results must come before it is up again; 0 if it never fell. */
    public long holdNanos() {
        return holdNanos;
    }
}
