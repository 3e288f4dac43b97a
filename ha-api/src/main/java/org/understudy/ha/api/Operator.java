package org.understudy.ha.api;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

/**
 * What only a person may decide. Every call asks the whole cluster through this node, returns at once, and its result says within
 * about ten seconds whether it was done, also if there was nothing to do. When this node closes or steps aside, what was not decided before ends
 * not done. Any thread.
 *
 * <p>Who asks and why, one to 500 characters each, is kept in the cluster record where a promise rests on it; without them a call throws
 * {@link ConfigurationException}.
 */
public interface Operator {

    /**
     * What operators have switched, as the newest record that this node knows has it; nothing if it knows none. Never blocks.
     */
    Switches switches();

    /**
     * Keeps a node from running groups and elections: it stops what it runs, and others take over. It goes on voting. Stays until
     * {@link #activate}, also across restarts.
     */
    CompletionStage<Result> standby(NodeId node);

    /**
     * As {@link #standby}, and done only when nothing runs there any more: then the node can be closed or switched off without an outage
     * beyond the moves. What other groups run only after is stopped in order. If it is not done in time, the reason names what is
     * left; the node stays on standby, and asking again waits again.
     */
    CompletionStage<Result> drain(NodeId node);

    /**
     * Takes a group, a node or everything out of the cluster's hands: nothing is started, stopped, moved or recovered there, and a failure is
     * only reported, until {@link #endMaintenance}. What an owner must stop for safety it stops all the same: when its lease ends, or its
     * node closes. Elections go on. Stays also across restarts.
     *
     * @param who you are; kept
     * @param why you do it; kept
     */
    CompletionStage<Result> maintenance(Target target, String who, String why);

    /** Ends {@link #maintenance} of exactly this target. What failed meanwhile is looked at anew, and what is down is started. */
    CompletionStage<Result> endMaintenance(Target target);

    /** Ends {@link #standby}. Nothing moves back by itself. */
    CompletionStage<Result> activate(NodeId node);

    /**
     * Vouches that a node's incarnation, and everything it ran, has certainly ended: you have seen that its machine is off, or you pulled
     * its plug. Groups that nothing else proves free are then taken over, with proof {@link ProofKind#OPERATOR}. The incarnation's lease is waited
     * out all the same, and as long as it is heard nothing happens. A wrong word means two owners.
     *
     * @param incarnation as {@link GroupStatus#holder()} names it
     * @param who you are; kept
     * @param why how you know; kept
     */
    CompletionStage<Result> confirmDown(Incarnation incarnation, String who, String why);

    /**
     * Makes a node's disk a vote. The node must be configured as a peer everywhere (restart the nodes one by one with the longer list),
     * must be running and have joined. A node that votes already and comes back with an empty state directory needs no word: it is
     * admitted by itself.
     */
    CompletionStage<Result> admit(NodeId node);

    /** Takes a node's vote away. It may go on running groups. The last vote cannot be removed. */
    CompletionStage<Result> remove(NodeId node);

    /**
     * Forgets what keeps a group away from a node: the failures that were counted there, and the hold that followed; and, if a failure kept
     * the group from running anywhere, that as well, on all nodes. What is still broken fails again, and is counted from the beginning. What
     * {@link Troubles} say of calls stays.
     *
     * @param group its name; of a group in copies all of them, and the promoted role
     * @return completes with the result within about ten seconds: {@link Cleared.Outcome#DONE} once that node has said so,
     *     {@link Cleared.Outcome#REFUSED} with the reason, or {@link Cleared.Outcome#UNKNOWN} if it did not answer
     */
    CompletionStage<Cleared> clearFailures(String group, NodeId node);

    /**
     * Result of {@link #clearFailures}.
     *
     * @param reason one sentence
     */
    record Cleared(Outcome outcome, String reason) {
        /** Three-valued: no answer is unknown. */
        public enum Outcome {
            DONE,
            REFUSED,
            UNKNOWN
        }
    }

    /**
     * Takes a group out of the cluster record, with everything the record knows of it: its last grant, its rules, that it must not run. For a
     * group that nobody will register any more. Refused, with the reason, while a node that is in the cluster offers it, while it stands granted,
     * which takes the same proof to end as for another owner, and while it is in maintenance. Whoever registers it later, also a node that was
     * away meanwhile, begins with its first start: every preferred node and every peer looks whether it is active. Tokens go on growing.
     *
     * @param group its name; of a group in copies all of them, and the promoted role
     * @param who you are; kept
     * @param why you do it; kept
     */
    CompletionStage<Result> forgetGroup(String group, String who, String why);

    /**
     * Vouches that this node's state directory is what it last was and not restored from an older copy, when too many other nodes are
     * gone to ask. After a restart of its host a node votes only once a majority of the others has told it what it may have forgotten. A wrong
     * word can bring back decisions that were taken since the copy was made.
     */
    CompletionStage<Result> vouchForDisk(String who, String why);

    /**
     * Goes on alone after the majority is lost for good. This node's newest record becomes the first of a new generation in which only
     * its own vote counts. Every session is over on your word, and with it, after one lease, whatever the end of a lease ends. What only its
     * own process ends stays held until its holder gives it back or is proved gone; of the lost ones say {@link #confirmDown} as well, and
     * {@link GroupStatus#reason()} names them. Admit the other survivors afterwards.
     *
     * <p>Say it on exactly one node, the one that knows most (its {@linkplain HaNode#resources() groups} name the highest tokens); stop every other
     * survivor that is not connected with it first; and say it only when the lost nodes never come back with their disks: wipe their state
     * directories before they start again. Until they meet this generation they are a second cluster; when they do, it ends theirs, with an
     * alarm. What runs on this node is stopped, and granted anew. Refused while a majority is heard; a node
     * that came back with an empty state directory has no vote and does not count. What the lost majority decided and this node never heard
     * of is lost; tokens go on growing.
     */
    CompletionStage<Result> forceRecord(String who, String why);

    /**
     * What operators have switched.
     *
     * @param standby nodes that run nothing until they are activated
     * @param maintenance what is out of the cluster's hands
     */
    record Switches(SortedSet<NodeId> standby, List<Maintained> maintenance) {

        /** Nothing. */
        public static final Switches NONE = new Switches(new TreeSet<>(), List.of());

        public Switches {
            standby = Collections.unmodifiableSortedSet(new TreeSet<>(standby));
            maintenance = List.copyOf(maintenance);
        }

        /** Why a node runs no group beside those it may have already; empty if no switch keeps it from that. */
        public Optional<String> against(NodeId node) {
            if (standby.contains(node)) {
                return Optional.of("it is on standby: activate it when it may run groups again");
            }
            return maintenance.stream()
                    .filter(each -> each.target().kind() == Target.Kind.EVERYTHING
                            || each.target().equals(Target.node(node)))
                    .findFirst()
                    .map(each -> each + ": nothing is started there before that ends");
        }
    }

    /**
     * Something in maintenance.
     *
     * @param who said so; empty if the record does not keep that word any more
     * @param why they said so
     */
    record Maintained(Target target, String who, String why) {
        @Override
        public String toString() {
            return target + " is in maintenance" + (who.isEmpty() ? "" : " (" + who + ": " + why + ")");
        }
    }

    /**
     * How it went.
     *
     * @param isDone false if it was refused or given up; then it may still happen if a message was on its way for long
     * @param reason one sentence
     */
    record Result(boolean isDone, String reason) {}
}
