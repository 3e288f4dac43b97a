package org.understudy.ha.api;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Leader election: at most one participant of a name leads at a time.
 *
 * <p><b>What ends a lead.</b> The task returns, the participant resigns or closes, the node leaves, goes on standby, or has not
 * been answered by a majority until its lease nears its end (a fifth of it is kept for stopping). In each case the lease the task was
 * given is over first, then the task's thread is interrupted, and the next leader waits for the task to <em>return</em>. A task that
 * ignores the interrupt is interrupted again every few seconds; until it returns nobody else leads while this node is heard,
 * and {@link #leader} says so. What the next leader waits for once this node is <em>not</em> heard any more is the participant's
 * {@link Succession}.
 *
 * <p><b>What never ends a lead.</b> A better candidate: nothing moves back by itself. Neither does a moment of doubt about this
 * node's sense of time, during which {@link Lease#isValid()} is false and may become true again.
 */
public interface Elections {

    /** Takes part with priority 0 and {@link Succession#AFTER_LEASE}. See {@link #join(String, Candidate, LeaderTask)}. */
    default Participation join(String name, LeaderTask task) {
        return join(name, Candidate.standard(), task);
    }

    /**
     * Takes part. When this node is elected, {@code task} runs on a thread of its own. If it returns while its lease is valid it
     * has finished, and this node leaves the election. If its lead ends otherwise the thread is interrupted; this node stays a
     * candidate, and the task runs again when it is elected again.
     *
     * @param name 1 to 64 lower-case letters, digits, hyphens or dots
     * @param candidate what distinguishes this participant
     * @return closing it resigns and leaves
     * @throws LifecycleException if this node takes part in {@code name} already, or is closed
     * @throws ConfigurationException if the name cannot be used, or something is null
     */
    Participation join(String name, Candidate candidate, LeaderTask task);

    /**
     * Who leads, as far as this node knows. Never blocks; may be asked on any node of the cluster, also on one that does not take
     * part. A snapshot: whoever acts on it compares tokens.
     *
     * @throws ConfigurationException if the name cannot be used
     */
    LeaderStatus leader(String name);

    /**
     * Adds an observer of one election, on any node of the cluster. It is called on a thread of its own, never concurrently, first
     * with the present status and then with each change, in order; a slow one gets the latest status, not every one between, and
     * delays nobody. When this node is closed it is told so once, with nobody leading.
     *
     * @return closing it ends the observation
     * @throws LifecycleException if this node is closed
     * @throws ConfigurationException if the name cannot be used, or there is no listener
     */
    HaNode.Subscription observe(String name, LeaderListener listener);

    /**
     * What distinguishes a participant.
     *
     * @param priority among those that could lead when nobody leads, the highest is elected; then the one that led last, then by
     *     name. A preference only: it decides nothing while somebody leads, and whoever cannot be heard in that moment is passed over
     * @param succession what the next leader waits for when this participant leads and is not heard any more
     */
    record Candidate(int priority, Succession succession) {

        /**
         * @throws ConfigurationException if there is no succession
         */
        public Candidate {
            if (succession == null) {
                throw new ConfigurationException("succession", null, "choose AFTER_LEASE or AFTER_END");
            }
        }

        /** Priority 0, {@link Succession#AFTER_LEASE}. */
        public static Candidate standard() {
            return new Candidate(0, Succession.AFTER_LEASE);
        }

        public Candidate withPriority(int value) {
            return new Candidate(value, succession);
        }

        public Candidate withSuccession(Succession value) {
            return new Candidate(priority, value);
        }
    }

    /** What the next leader waits for when this one leads and is not heard any more. */
    enum Succession {
        /**
         * The end of its lease, or a proof of its end if that comes sooner. A paused leader cannot be interrupted, so its task may go
         * on for a moment after it resumes: let what it writes to compare tokens, a {@link org.understudy.ha.api.sink.FencedSink} for
         * example. The standard.
         */
        AFTER_LEASE,
        /**
         * A proof that its task or its process has ended, however long that takes: for work that cannot compare tokens. After a
         * pause the next leader waits until that process goes on and its task has returned; after a power cut, or if its guardian died
         * with it, until the node is back or an operator vouches ({@link Operator#confirmDown}). Where the host lets this process be
         * killed when its lease ends ({@link org.understudy.ha.api.config.ProcessPolicy#KILL_AT_LEASE_END}) the end of the lease is
         * such a proof.
         */
        AFTER_END
    }

    /** What a leader does. */
    @FunctionalInterface
    interface LeaderTask {
        /**
         * Runs while this node leads.
         *
         * @param lease valid at the call; check it before each externally visible step, and give its token to what you write to
         * @throws LeaseLostException gives the lead away without blame, and the node stays a candidate; so do
         *     {@link StaleTokenException} and a return while the lease is not valid. Others come first for a second
         * @throws Exception counts as a failure of this node: others come first for five seconds
         */
        void lead(Lease lease) throws Exception;

        /**
         * For work that is begun and ended, and runs by itself in between: {@code begin} when this node is elected, {@code end} when
         * its lead is over for any reason, also if {@code begin} failed. The next leader waits for {@code end} to return.
         *
         * @throws ConfigurationException if one of them is null
         */
        static LeaderTask between(Consumer<Lease> begin, Runnable end) {
            if (begin == null || end == null) {
                throw new ConfigurationException(
                        "task", null, "give what begins the work and what ends it; an empty lambda will do");
            }
            return lease -> {
                try {
                    begin.accept(lease);
                    new CountDownLatch(1).await();
                } finally {
                    end.run();
                }
            };
        }
    }

    /** Being a candidate. */
    interface Participation extends AutoCloseable {
        String name();

        /** Whether this node leads now. Stale the moment it returns: use the lease inside the task. */
        boolean isLeading();

        /** Resigns for five seconds. See {@link #resign(Duration)}. */
        default boolean resign() {
            return resign(Duration.ofSeconds(5));
        }

        /**
         * Gives the lead away and stays a candidate. The task is interrupted; once it has returned another candidate is elected, if
         * there is one. Returns at once, may be called by the task itself.
         *
         * @param hold for how long others come first once the task has returned: if nobody else can lead, nobody does until it is
         *     over. Positive, at most a day; less than a lease counts as one lease
         * @return whether this node led; if not, nothing happens
         * @throws IllegalArgumentException if {@code hold} is out of range
         */
        boolean resign(Duration hold);

        /** Resigns if leading, and leaves. Idempotent; waits for the task to return, at most its stop budget (5 s). */
        @Override
        void close();
    }

    /**
     * Who leads.
     *
     * @param node the leader's node and incarnation
     * @param token the fencing token of its lead; larger than that of every lead before
     */
    record Leader(Incarnation node, FencingToken token) {}

    /**
     * What a node knows of an election.
     *
     * @param election its name
     * @param leader who leads; empty if nobody does, or if this node knows nothing of it
     * @param isCurrent whether this node hears a majority. If not, somebody else may lead by now
     * @param reason one sentence: why that one leads, or what the next leader waits for
     */
    record LeaderStatus(String election, Optional<Leader> leader, boolean isCurrent, String reason) {}

    /** Is told who leads; see {@link #observe}. */
    @FunctionalInterface
    interface LeaderListener {
        void onLeader(LeaderStatus status);
    }
}
