package org.understudy.ha.membership.core;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What a node must never forget.
 *
 * @param promised no ballot below this one is accepted
 * @param acceptedBallot the ballot of {@code accepted}; {@link Ballot#NONE} before the first
 * @param accepted the record accepted last, chosen or not
 * @param released for each group the highest token this node gave back
 */
public record DurableState(
        Ballot promised, Ballot acceptedBallot, Optional<ClusterRecord> accepted, SortedMap<String, Long> released) {

    /** An empty disk. */
    public static final DurableState EMPTY =
            new DurableState(Ballot.NONE, Ballot.NONE, Optional.empty(), new TreeMap<>());

    public DurableState {
        released = Collections.unmodifiableSortedMap(new TreeMap<>(released));
    }

    /** Whether no record was ever accepted here. */
    public boolean isEmpty() {
        return accepted.isEmpty();
    }

    DurableState withPromised(Ballot ballot) {
        return new DurableState(ballot, acceptedBallot, accepted, released);
    }

    DurableState withAccepted(Ballot ballot, ClusterRecord value) {
        return new DurableState(ballot, ballot, Optional.of(value), released);
    }

    DurableState withReleasesOf(Set<String> groups) {
        TreeMap<String, Long> fewer = new TreeMap<>(released);
        fewer.keySet().retainAll(groups);
        return new DurableState(promised, acceptedBallot, accepted, fewer);
    }

    DurableState withReleased(String group, long token) {
        TreeMap<String, Long> more = new TreeMap<>(released);
        more.merge(group, token, Math::max);
        return new DurableState(promised, acceptedBallot, accepted, more);
    }
}
