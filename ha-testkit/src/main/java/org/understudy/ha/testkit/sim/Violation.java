package org.understudy.ha.testkit.sim;

/**
 * A promise was broken.
 *
 * @param checker who saw it
 * @param atNanos real time in the simulation
 */
public record Violation(Checker checker, long atNanos, String detail) {

    /** What is checked. */
    public enum Checker {
        /** The times in which two nodes act for one group never overlap. */
        ONE_OWNER,
        /** Each start of a group has a higher token than every start before it, and no token starts in two lives. */
        TOKENS_GROW,
        /** A token that was given back is never started again. */
        RELEASED_STAYS,
        /** When a grant is chosen the holder before it does not act any more. */
        PROOF_IS_TRUE,
        /** One ballot, one record. */
        ONE_RECORD_PER_BALLOT,
        /** Chosen records follow from one another: nothing that was settled comes back. */
        ONE_CHAIN,
        /** A node that left owns nothing. */
        LEFT_CLEAN,
        /** After everything is healed each group that can run runs, and stays. */
        RECOVERY,
        /** No machine throws. */
        NO_EXCEPTION
    }

    @Override
    public String toString() {
        return checker + " at " + World.millis(atNanos) + " ms: " + detail;
    }
}
