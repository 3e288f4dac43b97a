package org.understudy.ha.testkit.sim;

import org.understudy.ha.testkit.sim.clock.Timeline;

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
        /** Each start of a group has a higher token than every start before it, whatever was restarted in between. */
        TOKENS_GROW,
        /** A token that was given back is never started again. */
        RELEASED_STAYS,
        /** When a grant is chosen the holder before it does not act any more. */
        PROOF_IS_TRUE,
        /**
         * An acceptor takes no record that has lost a session before it has waited out the last renewal it acknowledged, unless
         * the record proves the end.
         */
        SILENCE_WAITED_OUT,
        /** A node that had to doubt its clock relies on no renewal it sent before. */
        DOUBT_ENDS_LEASE,
        /** What a node takes for chosen is on the disks of a majority, and it starts only what such a record grants it. */
        PROOF_COMMITTED,
        /** What an acceptor or holder says is on its disk already, and no later life goes back behind it. */
        ACKNOWLEDGED_IS_DURABLE,
        /** A lease rests on a majority's acknowledgements; after its end nothing is started under it. */
        EXPIRED_TOUCHES_NOTHING,
        /** A node whose loop runs sends its heartbeats, and answers those of others, at once: neither waits for disk or groups. */
        HEARTBEATS_NEVER_WAIT,
        /** A node whose loop ran while its lease ended has ordered every stop before that end. */
        STEPS_DOWN_IN_TIME,
        /** One ballot, one record. */
        ONE_RECORD_PER_BALLOT,
        /** Chosen records follow from one another: nothing that was settled comes back. */
        ONE_CHAIN,
        /** Beside somebody who owns a name exclusively, and whose lease holds, nobody owns it. */
        ONE_NAME_OWNER,
        /** A phase of a barrier that passed had been entered by every member of its view, and ends alike for all who learn how. */
        BARRIER_HOLDS,
        /** An action of a rung begins only when every member has done, in this view, what it had to do on each lower one. */
        LADDER_HOLDS,
        /** Two groups that must be apart are never granted the same node, and never act there for a grant that was made so. */
        APART_HOLDS,
        /** A group is granted a node only where those are that it must be with. */
        TOGETHER_HOLDS,
        /** No grant takes more of a node than the node has. */
        ROOM_HOLDS,
        /** What starts after another is granted once that has started; and what is told to stop lets what depends on it stop first. */
        AFTER_HOLDS,
        /** At most one copy of a group is on a node, a role is promoted only where a copy runs, and a group is never in two forms at once. */
        PARTS_HOLD,
        /** Nothing is granted to a node on standby, nor started there. */
        STANDBY_HOLDS,
        /** Of what is in maintenance nothing is granted, moved or stopped for a failure. */
        MAINTENANCE_HOLDS,
        /** Nobody starts a group for the first time, nor on a node, that registers it with other rules. */
        RULES_AGREE,
        /** What runs is moved or stopped only if a rule is broken where it is, its room is needed, it goes home, or an operator asks for it. */
        NO_NEEDLESS_MOVE,
        /** A node that left owns nothing. */
        LEFT_CLEAN,
        /** After everything is healed each group that can run runs, within the bound. */
        RECOVERY,
        /** After everything is healed groups stay where they are, and the record becomes quiet. */
        NO_FLAPPING,
        /** No machine throws, and what arrives is what was sent. */
        NO_EXCEPTION
    }

    @Override
    public String toString() {
        return checker + " at " + Timeline.millis(atNanos) + " ms: " + detail;
    }
}
