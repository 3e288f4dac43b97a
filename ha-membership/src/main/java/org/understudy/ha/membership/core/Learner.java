package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Finds out from the acceptances themselves that a record is chosen, without being told by whoever proposed it. Pure.
 *
 * <p>An acceptor says to whom a record gives something that it accepted it (Lamport's learner, <i>Paxos Made Simple</i>, 2001, section 2.3). What is counted is what a
 * proposer counts: durable acceptances of one ballot by a majority of every set that the record names, none of which knows that the life of
 * another is over. The record itself is the one that this node's own acceptor has accepted under that ballot, since a ballot carries one record.
 */
final class Learner {

    private Ballot ballot = Ballot.NONE;
    private final TreeMap<AcceptorId, Vote> votes = new TreeMap<>();

    /**
     * Counts an acceptance. Only those of the newest ballot are kept.
     *
     * @param memory what this node's acceptor holds
     * @return the record if it is chosen
     */
    Optional<ClusterRecord> onAccepted(Accepted accepted, DurableState memory) {
        if (accepted.ballot().isAbove(ballot)) {
            ballot = accepted.ballot();
            votes.clear();
        }
        Vote vote = accepted.vote();
        if (!accepted.ballot().equals(ballot) || votes.values().stream().anyMatch(other -> other.outdates(vote))) {
            return Optional.empty();
        }
        votes.values().removeIf(vote::outdates);
        votes.put(vote.acceptor(), vote);
        return memory.accepted()
                .filter(record -> memory.acceptedBallot().equals(ballot))
                .filter(record -> record.voters().isQuorum(votes.keySet()));
    }

    /** This ballot, and all below it, are known to be decided. */
    void learned(Ballot newest) {
        if (!ballot.isAbove(newest)) {
            ballot = newest;
            votes.clear();
        }
    }
}
