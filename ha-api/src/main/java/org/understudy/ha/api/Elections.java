package org.understudy.ha.api;

/** Leader election: at most one participant of a name leads at a time. */
public interface Elections {

    /**
     * Takes part. When this node is elected, {@code task} runs on a thread of its own until it returns (which resigns), the
     * lease is lost (the thread is interrupted) or the participation is closed.
     *
     * <p>An election protects by its lease and its token only: a paused process cannot be interrupted. Another leader is
     * elected once this one returned, its process is proved dead, or its lease is over; what the task writes to should compare
     * {@link Lease#token()}.
     *
     * @param name 1 to 64 lower-case letters, digits, hyphens or dots
     * @return closing it resigns and leaves
     * @throws LifecycleException if this node takes part in {@code name} already
     */
    Participation join(String name, LeaderTask task);

    /** What a leader does. */
    @FunctionalInterface
    interface LeaderTask {
        /**
         * Runs while this node leads.
         *
         * @param lease valid at the call; check it before each externally visible step
         * @throws Exception counts as a failure of this node: another participant is preferred for a while
         */
        void lead(Lease lease) throws Exception;
    }

    /** Being a candidate. */
    interface Participation extends AutoCloseable {
        String name();

        /** Whether this node leads now. Stale the moment it returns: use the lease inside the task. */
        boolean isLeading();

        /** Resigns if leading, and leaves. Idempotent; waits for the task to return, at most its stop budget (5 s). */
        @Override
        void close();
    }
}
