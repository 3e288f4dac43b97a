package org.understudy.ha.membership.core;

import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What a node must never forget.
 *
 * @param promised no ballot below this one is accepted
 * @param acceptedBallot the ballot of {@code accepted}; {@link Ballot#NONE} before the first
 * @param accepted the record accepted last, chosen or not
 * @param released for each group the highest token this node gave back
 * @param life number of this acceptor's present life, see {@link Recovery}
 * @param noted the highest own life that a majority of the others has on its disks
 * @param lives the highest life known of each other acceptor
 * @param isRecovering whether something may have been forgotten and was not made up for: the disk is an older copy, or could not be told
 *     from one, and has not caught up. Kept, because a start in the middle of that finds the disk just as it was left
 */
public record DurableState(
        Ballot promised,
        Ballot acceptedBallot,
        Optional<ClusterRecord> accepted,
        SortedMap<String, Long> released,
        long life,
        long noted,
        SortedMap<AcceptorId, Long> lives,
        boolean isRecovering) {

    /** An empty disk. */
    public static final DurableState EMPTY =
            new DurableState(Ballot.NONE, Ballot.NONE, Optional.empty(), new TreeMap<>(), 0, 0, new TreeMap<>(), false);

    public DurableState {
        released = Collections.unmodifiableSortedMap(new TreeMap<>(released));
        lives = Collections.unmodifiableSortedMap(new TreeMap<>(lives));
    }

    /** Whether no record was ever accepted here. */
    public boolean isEmpty() {
        return accepted.isEmpty();
    }

    DurableState withPromised(Ballot ballot) {
        return new DurableState(ballot, acceptedBallot, accepted, released, life, noted, lives, isRecovering);
    }

    DurableState withAccepted(Ballot ballot, ClusterRecord value, Ballot promise) {
        return new DurableState(promise, ballot, Optional.of(value), released, life, noted, lives, isRecovering);
    }

    DurableState withReleasesOf(Set<String> groups) {
        TreeMap<String, Long> fewer = new TreeMap<>(released);
        fewer.keySet().retainAll(groups);
        return new DurableState(promised, acceptedBallot, accepted, fewer, life, noted, lives, isRecovering);
    }

    DurableState withReleased(String group, long token) {
        TreeMap<String, Long> more = new TreeMap<>(released);
        more.merge(group, token, Math::max);
        return new DurableState(promised, acceptedBallot, accepted, more, life, noted, lives, isRecovering);
    }

    DurableState withLife(long number) {
        return new DurableState(promised, acceptedBallot, accepted, released, number, noted, lives, isRecovering);
    }

    DurableState withNoted(long number) {
        return new DurableState(promised, acceptedBallot, accepted, released, life, number, lives, isRecovering);
    }

    DurableState withLifeOf(AcceptorId other, long number) {
        TreeMap<AcceptorId, Long> more = new TreeMap<>(lives);
        more.merge(other, number, Math::max);
        return new DurableState(promised, acceptedBallot, accepted, released, life, noted, more, isRecovering);
    }

    DurableState withLivesOf(Collection<AcceptorId> acceptors) {
        TreeMap<AcceptorId, Long> fewer = new TreeMap<>(lives);
        fewer.keySet().retainAll(acceptors);
        return new DurableState(promised, acceptedBallot, accepted, released, life, noted, fewer, isRecovering);
    }

    DurableState withRecovering(boolean isIt) {
        return new DurableState(promised, acceptedBallot, accepted, released, life, noted, lives, isIt);
    }
}
