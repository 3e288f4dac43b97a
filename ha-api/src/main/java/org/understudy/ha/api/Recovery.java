package org.understudy.ha.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Recovery in order: a ladder of rungs that every node climbs after it was started, and again after every change of who climbs with it.
 * Starting is recovering.
 *
 * <p><b>The core's rungs</b> are climbed by the library itself, and shown so that one sees what a node waits for: {@code links} (a majority of the
 * votes is reached), {@code session} (the node is admitted), {@code quorum} (its lease holds), {@code proofs} (of everybody who is gone it is
 * proved that what they ran has ended), and {@code rungs}, shown only until the cluster record knows which rungs this node has hung. Groups do
 * not wait for the ladder: each has its own proof, and is granted with it.
 *
 * <p><b>Users' rungs</b> come after those, in their order; on top is {@code running}. A service that must be recovered hangs its steps there:
 * suspend, recover, resume. The nodes that have hung a rung climb together. Between any two rungs there is a barrier: no action of a rung
 * begins anywhere before all members have done what they have to do on the rung below. A node that has not hung a rung that others
 * have hung has nothing to do on it.
 *
 * <p><b>What begins the climb anew</b>, at the first of the users' rungs, for all: a member that comes, goes, or whose session ends; a rung
 * that is hung or taken down; an action that fails or overruns its budget; a member that was without a majority for so long that it had to step
 * down. An action may therefore be called again at any time and must be idempotent. If somebody else's death leaves a proof to wait for,
 * nothing further is climbed until it is there.
 *
 * @since 0.1.0
 */
public interface Recovery {

    int RUNGS_MAX = 32;

    /**
     * Hangs a rung. Its action runs on a thread of its own, never twice at once, one rung of this node at a time, with the context class
     * loader of whoever calls this. When what it does is not wanted any more, or its budget is used up, it is interrupted; an action that goes
     * on nevertheless holds the ladder, on all nodes, and {@link #status()} names it there.
     *
     * @param name 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter; none of the core's
     * @param order lower ones first; of two with the same order the one whose name comes first. The same on every node
     * @param budget how long the action may take, 1 ms to a day
     * @return closing it takes the rung down; idempotent, does not wait for an action that runs
     * @throws ConfigurationException if an argument cannot be used, with every reason
     * @throws LifecycleException if this node has a rung of this name, {@value #RUNGS_MAX} rungs, or is closed
     */
    Rung rung(String name, int order, Duration budget, Action action);

    /** How far this node is, and what each rung that is not climbed waits for. A snapshot; never blocks. */
    Status status();

    /**
     * Adds a listener: called on a thread of its own, never concurrently, first with the present status and then with each change, in order; a
     * slow one gets the latest.
     *
     * @return closing it ends the subscription
     * @throws LifecycleException if this node is closed
     */
    HaNode.Subscription observe(Listener listener);

    /** A rung that was hung. */
    interface Rung extends AutoCloseable {
        String name();

        @Override
        void close();
    }

    /** What is done on a rung. */
    @FunctionalInterface
    interface Action {
        /**
         * Does it. To return is to say that it is done.
         *
         * @throws Exception fails the climb: this node waits for a moment, longer each time, and then all begin anew
         */
        void climb(Climb climb) throws Exception;
    }

    /** One call of an action. */
    interface Climb {
        String rung();

        /** The members that climb together. */
        Barriers.View view();

        /**
         * Whether what this call does is still wanted: the members are the same, this node's lease holds and the budget is not used up. Once
         * false after a change of the members, false for good. As with a {@link Lease}, a check and the act after it are two moments.
         */
        boolean isCurrent();

        /** What is left of the budget; zero if nothing. */
        Duration remaining();
    }

    /** Is told how far this node is. */
    @FunctionalInterface
    interface Listener {
        void onStatus(Status status);
    }

    /**
     * How far a node is.
     *
     * @param steps all rungs, the core's first and {@code running} last
     */
    record Status(List<Step> steps) {
        public Status {
            steps = List.copyOf(steps);
        }

        /** The lowest rung that is not climbed; empty if this node runs. */
        public Optional<Step> waiting() {
            return steps.stream().filter(step -> !step.isClimbed()).findFirst();
        }

        /** Whether every rung is climbed. */
        public boolean isRunning() {
            return waiting().isEmpty();
        }

        /** One line for each rung. */
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            steps.forEach(step -> text.append(step.isClimbed() ? "+ " : "- ")
                    .append(step.rung())
                    .append(step.waitsFor().isEmpty() ? "" : ": " + step.waitsFor())
                    .append('\n'));
            return text.toString();
        }
    }

    /**
     * One rung.
     *
     * @param waitsFor one sentence, names of members included; empty if it is climbed or not reached
     */
    record Step(String rung, boolean isClimbed, String waitsFor) {}
}
