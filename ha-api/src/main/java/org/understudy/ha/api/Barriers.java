package org.understudy.ha.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Barriers divide time into before and after on all members: nobody completes one before all have entered it.
 *
 * <p>You cannot have a barrier without knowing its members first. They are the live {@linkplain Incarnation incarnations} of the nodes that
 * have joined it, as they stand in the cluster record; each set of members is a <em>view</em> with a number, and it is a view that is
 * entered. What becomes of an entry stands in the record as well, so:
 *
 * <ul>
 *   <li>if a member is told {@link Outcome#PASSED}, every member of the view had entered before;
 *   <li>if a member is told {@link Outcome#PASSED}, none is told {@link Outcome#ABORTED} of the same phase, however late it learns of it;
 *   <li>a member that joins, leaves, or whose session ends makes another view, which aborts what had not passed, for all.
 * </ul>
 *
 * {@link Outcome#UNKNOWN} says nothing: the phase may have passed for others. JGroups views play no part in this.
 *
 * @since 0.1.0
 */
public interface Barriers {

    int BARRIERS_MAX = 64;

    /**
     * Makes this node a member, now and in every later session until it leaves; if the cluster record has no room for it, it is in no view. At most
     * {@value #BARRIERS_MAX} of a node at once.
     *
     * @param name 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter
     * @throws ConfigurationException if the name cannot be used
     * @throws LifecycleException if this node is a member already, of too many, or is closed
     */
    Barrier join(String name);

    /**
     * The members of a barrier.
     *
     * @param number grows with each view; the same on every node
     */
    record View(long number, List<Incarnation> members) {
        public View {
            members = List.copyOf(members);
        }
    }

    /** How an entry ended. */
    enum Outcome {
        /** Every member of the view has entered. */
        PASSED,
        /** The members are others now; this phase passes for nobody. */
        ABORTED,
        /** The limit has passed, or this node's session ended. */
        UNKNOWN
    }

    /**
     * How an entry ended.
     *
     * @param view the view that passed; otherwise the newest this node knows, empty if it knows none
     * @param reason one sentence
     */
    record Result(Outcome outcome, Optional<View> view, String reason) {}

    /** Is told of views; see {@link Barrier#observe}. */
    @FunctionalInterface
    interface ViewListener {
        /** The newest view; empty while this node is in none. */
        void onView(Optional<View> view);
    }

    /** Membership of one barrier. Thread-safe; nothing blocks. */
    interface Barrier extends AutoCloseable {
        String name();

        /** The newest view that this node knows and is a member of. */
        Optional<View> view();

        /**
         * Adds a listener: called on a thread of its own, never concurrently, first with the present view and then with each newer one, in
         * order; a slow one gets the latest.
         *
         * @return closing it ends the subscription
         * @throws LifecycleException if this node is closed
         */
        HaNode.Subscription observe(ViewListener listener);

        /**
         * Enters the open phase of a view. The next entry, after this has passed, enters the next phase of it.
         *
         * <p>After {@link Outcome#UNKNOWN} the entry stands: others may pass with it. The next call, whatever its view, then asks for the
         * same entry again, and is answered at once if its end is known by then.
         *
         * @param view as {@link #view()} gives it: if the members are others by now, the result is {@link Outcome#ABORTED}
         * @param limit how long to wait, more than nothing and at most a day
         * @return completes within the limit, on a thread of this library
         * @throws ConfigurationException if an argument cannot be used
         * @throws LifecycleException if this membership or the node is closed
         */
        CompletionStage<Result> enter(View view, Duration limit);

        /** Leaves. Idempotent. What this node waits for ends {@link Outcome#UNKNOWN}. */
        @Override
        void close();
    }
}
