package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Voters;

/**
 * What an acceptor does before its first vote after a start: an older copy of a disk cannot know itself. Pure.
 *
 * <p>Each start is a <em>life</em>, numbered. Whoever votes says in which life, and what it knows of the lives of the others; a
 * proposer drops a vote of a life that another voter knows to be over ({@link org.understudy.ha.membership.core.message.Vote}).
 *
 * <p>A disk that is known to be current (its host vouches for it, see {@link NodeSettings#isDiskCurrent()}) has forgotten nothing: it
 * votes at once, and tells the others its life meanwhile. Any other disk, and one that was left in the middle of this, is silent until
 *
 * <ol>
 *   <li>a majority of the <em>other</em> acceptors of each set of the newest record has this life on its disks and has said what it promised and
 *       accepted: whatever this acceptor voted for in an earlier life counted only together with one of them. If that one voted
 *       before it answered, the answer shows it; if it votes later, its vote says that the earlier life is over;
 *   <li>L·(1+ρ) has passed since its start: renewals that it acknowledged in an earlier life are waited out.
 * </ol>
 *
 * <p>While the newest record it was shown does not give it a vote it stays silent: it may have been removed, and admitted again, since.
 *
 * <p>Then it takes over the highest promise and the highest accepted record it was shown, and votes. So a disk that was restored
 * from an older copy comes back by itself while the others are there; without a majority of them it stays silent.
 *
 * <p><b>Numbers of lives.</b> A current disk takes at most one number beyond the last that a majority of the others has noted; a
 * disk that may have forgotten something takes one that is at least two above every number it is told, hence above every number
 * ever used. After Liskov and Cowling, <i>Viewstamped Replication Revisited</i> (2012), section 4.3.
 */
final class Recovery {

    private final AcceptorId self;
    private final List<NodeId> peers;
    private final long startedNanos;
    private final long silenceNanos;
    private final TreeMap<AcceptorId, Recovered> answers = new TreeMap<>();
    private long life;
    private boolean isCurrent;
    private boolean isNoted;

    /**
     * @param isDiskCurrent whether the disk is known to be as it was written last
     * @param silenceNanos L·(1+ρ)
     * @param peers every other node that can have a vote
     */
    Recovery(
            AcceptorId self,
            DurableState disk,
            boolean isDiskCurrent,
            long now,
            long silenceNanos,
            List<NodeId> peers) {
        this.self = self;
        this.peers = List.copyOf(peers);
        this.isCurrent = isDiskCurrent && !disk.isRecovering();
        this.startedNanos = now;
        this.silenceNanos = silenceNanos;
        boolean isLastNoted = disk.life() == disk.noted();
        this.life = isCurrent ? disk.life() + (isLastNoted ? 1 : 0) : disk.life() + 2;
        // The only vote of a cluster that has no other node has nobody to ask, and waits only.
        this.isNoted = this.peers.isEmpty() && isNamed(disk) && hasEnough(disk);
    }

    /** The number of this life. */
    long life() {
        return life;
    }

    /** Whether a majority of the others has this life on its disks. */
    boolean isNoted() {
        return isNoted;
    }

    /** Whether this acceptor may vote. */
    boolean isVoting() {
        return isCurrent;
    }

    /** Whether nothing is waited for any more: what the others showed can be taken over. */
    boolean canFinish(long now) {
        return !isCurrent && isNoted && now - startedNanos >= silenceNanos;
    }

    /** When the waiting is over by itself; {@link Long#MAX_VALUE} if time alone changes nothing. */
    long nextDeadlineNanos() {
        return isNoted && !isCurrent ? startedNanos + silenceNanos : Long.MAX_VALUE;
    }

    /** This disk is current from now on: it caught up, its record was forced, or an operator vouches for it. */
    void finish() {
        isCurrent = true;
    }

    /** What to ask those who have not answered yet. */
    Recover question() {
        return new Recover(self, life, isCurrent);
    }

    /**
     * Takes an answer.
     *
     * @param own what this acceptor holds
     * @return whether enough have answered, for the first time
     */
    boolean answered(Recovered answer, DurableState own) {
        if (isNoted || answer.life() != life || answer.from().equals(self)) {
            return false;
        }
        // Whoever is asked twice under one number answers the second time that it knows that number: from the first.
        if (!answers.containsKey(answer.from())) {
            // A current disk was noted with its last life at the most; with more, it is not what its host takes it for.
            isCurrent &= answer.known() <= life;
            if (!isCurrent && answer.known() + 1 >= life) {
                // Two above this number as well: whoever was asked under it has noted it.
                life = Math.max(answer.known(), life) + 2;
                answers.clear();
                return false;
            }
        }
        answers.merge(answer.from(), answer, Recovery::newer);
        // The record that names whom to ask may have come since the first answer of each.
        isNoted = hasEnough(own);
        return isNoted;
    }

    private static Recovered newer(Recovered before, Recovered after) {
        boolean isNewer = after.acceptedBallot().isAbove(before.acceptedBallot())
                || after.promised().isAbove(before.promised());
        return isNewer ? after : before;
    }

    /** The highest promise shown by anybody. */
    Ballot promised() {
        Ballot highest = Ballot.NONE;
        for (Recovered answer : answers.values()) {
            highest = Ballot.max(highest, Ballot.max(answer.promised(), answer.acceptedBallot()));
        }
        return highest;
    }

    /** The answer with the highest accepted record, if any shows one. */
    Optional<Recovered> newest() {
        Optional<Recovered> newest = Optional.empty();
        for (Recovered answer : answers.values()) {
            boolean isNewer = answer.accepted().isPresent()
                    && newest.filter(n -> !answer.acceptedBallot().isAbove(n.acceptedBallot()))
                            .isEmpty();
            newest = isNewer ? Optional.of(answer) : newest;
        }
        return newest;
    }

    /** Whether the newest record known gives this disk a vote, or will when a change of the votes is through. */
    boolean isNamed(DurableState own) {
        return sets(own).stream().anyMatch(set -> set.contains(self));
    }

    /** Who has to answer still, for people. */
    List<NodeId> missing(DurableState own) {
        TreeSet<NodeId> missing = new TreeSet<>();
        for (List<AcceptorId> set : sets(own)) {
            if (set.equals(List.of(self))) {
                missing.addAll(peers);
            }
            set.forEach(each -> missing.add(each.node()));
        }
        missing.remove(self.node());
        answers.keySet().forEach(each -> missing.remove(each.node()));
        return List.copyOf(missing);
    }

    /**
     * A majority of the others of each set that this disk belongs to. While the newest record that was shown does not name it, it waits:
     * it may have lost its vote, and got it back later, without knowing either. And a vote that decided alone may have been joined by
     * anybody since, so everybody is asked.
     */
    private boolean hasEnough(DurableState own) {
        for (List<AcceptorId> set : sets(own)) {
            List<AcceptorId> others = new ArrayList<>(set);
            boolean isMine = others.remove(self);
            if (isMine && others.isEmpty() && !haveAllAnswered()) {
                return false;
            }
            if (isMine && !others.isEmpty() && !Voters.isMajority(others, answers.keySet())) {
                return false;
            }
        }
        return isNamed(own);
    }

    private boolean haveAllAnswered() {
        return peers.stream()
                .allMatch(peer ->
                        answers.keySet().stream().anyMatch(each -> each.node().equals(peer)));
    }

    /**
     * The sets of the newest record known, on this disk or any other: what was voted for under the sets of an older one is behind it,
     * and a later change of the sets began with a majority of these.
     */
    private List<List<AcceptorId>> sets(DurableState own) {
        boolean isOwnNewest = newest().filter(n -> n.acceptedBallot().isAbove(own.acceptedBallot()))
                .isEmpty();
        return (isOwnNewest ? own.accepted() : newest().flatMap(Recovered::accepted))
                .map(record -> record.voters().sets())
                .orElse(List.of());
    }
}
