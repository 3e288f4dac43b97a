package org.understudy.ha.api;

import java.util.List;

/**
 * The decisions this node made or learned, newest first. Kept in the state directory, in at most {@value #BYTES_MAX} bytes (the oldest
 * go), and so across restarts; what replay needs is kept beside it in at most {@value #INPUT_BYTES_MAX} bytes.
 *
 * <p>It is for people and never on the way of a grant: a thread of its own writes it. On a disk that is full or cannot be written the
 * node goes on as before, what is lost is counted and the history says so. A crash of the process loses nothing that was written; a
 * power failure may lose the last seconds. Any thread; never blocks but for {@link #replay}.
 *
 * @since 0.1.0
 */
public interface History {

    /** Most bytes of kept decisions. */
    long BYTES_MAX = 2L << 20;

    /** Most bytes of kept inputs of the planner. */
    long INPUT_BYTES_MAX = 16L << 20;

    /** Most decisions that are kept at hand; older ones may still be in the file. */
    int AT_HAND_MAX = 4096;

    /** The newest decisions, newest first. */
    List<Decision> newest(int max);

    /** The newest decisions about a group, newest first; empty if nothing is known of it. */
    List<Decision> newest(String group, int max);

    /** What could not be kept since this node was started. */
    Losses losses();

    /**
     * Runs the planner once more on what it was given when it made this decision, and compares. Reads files; on a thread that may wait.
     *
     * @param number a decision's {@link Decision#number()}
     */
    Replay replay(long number);

    /**
     * What could not be kept.
     *
     * @param unseen records that came faster than they could be looked at; what they changed shows in the next one, steps between may not
     * @param unwritten decisions that could not be written to the disk; they are at hand until this node is closed
     * @param inputs plans whose inputs could not be kept, so that the decision cannot be replayed
     */
    record Losses(long unseen, long unwritten, long inputs) {
        public long total() {
            return unseen + unwritten + inputs;
        }
    }

    /**
     * What replaying showed.
     *
     * @param sentence one sentence: what the planner decided again, or what is missing
     */
    record Replay(Outcome outcome, String sentence) {
        /** Three-valued. */
        public enum Outcome {
            /** The planner decides the same again. */
            SAME,
            /** The planner of this version decides otherwise. */
            DIFFERENT,
            /** Its inputs are not kept here: another node decided, they were lost, or they had to make room. */
            NOT_KEPT
        }
    }
}
