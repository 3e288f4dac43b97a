package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.Input.ForceWanted;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * An operator's word that the majority is lost for good and this node is to go on alone, from when it is given until it is followed or ends. Pure.
 *
 * <p>It is followed once what runs here has stopped and every lease that somebody may still hold is waited out. A majority that is heard meanwhile
 * ends it: it was about a majority that never comes back, and must not count for one that is lost later. Each word is decided exactly once.
 */
final class Forcing {

    private final long waitNanos;
    private final long giveUpNanos;
    private @Nullable ForceWanted word;
    private long dueAt;

    /**
     * @param waitNanos after which nobody holds a lease that a majority had acknowledged when the word was given
     * @param giveUpNanos how long after that what runs here may take to stop
     */
    Forcing(long waitNanos, long giveUpNanos) {
        this.waitNanos = waitNanos;
        this.giveUpNanos = giveUpNanos;
    }

    /**
     * Which votes of the newest record known here there are.
     *
     * @param isMajority whether those that are heard, this node's own among them, are enough
     * @param isOwn whether this node's disk has one
     * @param heard those others that are heard
     */
    record Votes(boolean isMajority, boolean isOwn, List<NodeId> heard) {

        private Optional<String> whyNot() {
            if (isMajority) {
                return Optional.of(
                        "a majority of the votes is heard, so nothing has to be forced; wait for a moment, or remove the"
                                + " node that is lost");
            }
            return !isOwn && !heard.isEmpty()
                    ? Optional.of("this node's disk has no vote; say it on " + heard + ", which has")
                    : Optional.empty();
        }
    }

    /** Whether a word was given and is neither followed nor over: nothing is to run here. */
    boolean isUnderWay() {
        return word != null;
    }

    /**
     * A word is given.
     *
     * @param votes empty if this node knows no record
     * @return why it does not count; empty if it does
     */
    Optional<OperationDecided> want(long now, ForceWanted wanted, Optional<Votes> votes) {
        Optional<String> refusal = votes.isEmpty()
                ? Optional.of("this node knows no cluster record; say it on a node that has one on its disk")
                : word != null
                        ? Optional.of("a record is being forced here already")
                        : votes.get().whyNot();
        if (refusal.isEmpty()) {
            word = wanted;
            dueAt = now + waitNanos;
        }
        return refusal.map(why -> new OperationDecided(wanted.request(), false, why));
    }

    /** Ends the word if the votes that are heard now speak against it. */
    Optional<OperationDecided> end(Votes votes) {
        return word == null ? Optional.empty() : votes.whyNot().map(this::over);
    }

    /**
     * Ends the word if what runs here does not stop.
     *
     * @param busy groups that have not stopped
     */
    Optional<OperationDecided> giveUp(long now, List<String> busy) {
        boolean isStuck = word != null && !busy.isEmpty() && now - dueAt > giveUpNanos;
        return isStuck
                ? Optional.of(over("groups that run here could not be stopped, so nothing was forced: " + busy
                        + "; mend or kill what blocks them and ask again"))
                : Optional.empty();
    }

    /** The word, if it is to be followed now; it is over then. */
    Optional<ForceWanted> due(long now, boolean isIdle) {
        Optional<ForceWanted> due = Optional.ofNullable(word).filter(w -> now >= dueAt && isIdle);
        if (due.isPresent()) {
            word = null;
        }
        return due;
    }

    /** What a word makes of a record, and the ballot under which it counts. */
    record Forced(Ballot ballot, ClusterRecord record) {

        String generation() {
            return "generation " + record.generation();
        }
    }

    /**
     * Follows a word: in a generation above every one that was seen the disk of this node votes alone.
     *
     * @param base the newest record known here
     * @param seen the highest generation that was seen here
     * @param random of this process
     * @param own votes from now on
     * @param lives every incarnation that this process, which runs nothing now, has been
     * @return empty if tokens have no room for another generation
     */
    static Optional<Forced> force(
            ForceWanted word, ClusterRecord base, int seen, long random, AcceptorId own, SortedSet<Incarnation> lives) {
        int generation = Planner.nextGeneration(Math.max(base.generation(), seen), random);
        return generation > ClusterRecord.GENERATION_MAX
                ? Optional.empty()
                : Optional.of(new Forced(
                        Ballot.forced(generation, own.node()),
                        Planner.forced(base, generation, own, lives, word.who(), word.why())));
    }

    /** Decides a word that cannot be followed for that reason. */
    static OperationDecided noRoom(ForceWanted word, ClusterRecord base, int seen) {
        return new OperationDecided(
                word.request(),
                false,
                "generation " + Math.max(base.generation(), seen)
                        + " is one of the last that tokens have room for; form a new cluster");
    }

    private OperationDecided over(String why) {
        ForceWanted ended = word;
        word = null;
        return new OperationDecided(ended.request(), false, why);
    }
}
