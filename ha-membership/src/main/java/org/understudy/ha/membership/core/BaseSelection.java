package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

/**
 * Which record a write round must build on. Pure.
 *
 * <p>The base is the highest value whose possible acceptors are a majority of one of the sets that it names. An acceptor may have
 * accepted ballot b if it shows b, if it shows a higher ballot (it may have accepted b before), or if it has not answered in this
 * round. A value that no majority of any set can have accepted was not chosen and may be dropped. Only promises of this very ballot
 * count: they alone exclude that the acceptor accepts something lower later.
 *
 * <p><b>Why one of its sets, although being chosen takes all of them.</b> A value that was not chosen may stand in front of one that
 * was: acceptors that accepted the chosen one may show only the later one. While the set changes the later value may name a set
 * more than the earlier; counting that set as well could rule the later value out and then fall below the chosen one, which nobody
 * shows any more. Both share at least one set (a change goes one step at a time, and each step only on a record known to be
 * chosen), and in that set whoever accepted the chosen value counts for the later one. To carry a value that was not chosen is
 * always safe.
 */
final class BaseSelection {

    private BaseSelection() {}

    /**
     * @param promises of one ballot, at most one for each acceptor
     * @return empty if no record can have been chosen
     */
    static Optional<Base> choose(Collection<Promise> promises) {
        TreeMap<AcceptorId, Ballot> shown = new TreeMap<>();
        TreeMap<Ballot, ClusterRecord> values = new TreeMap<>();
        for (Promise promise : promises) {
            shown.put(promise.vote().acceptor(), promise.acceptedBallot());
            promise.accepted().ifPresent(value -> values.put(promise.acceptedBallot(), value));
        }
        List<Ballot> descending = new ArrayList<>(new TreeSet<>(values.keySet()).descendingSet());
        for (Ballot ballot : descending) {
            ClusterRecord value = values.get(ballot);
            for (List<AcceptorId> set : value.voters().sets()) {
                TreeSet<AcceptorId> possible = new TreeSet<>(set);
                possible.removeIf(acceptor -> shown.containsKey(acceptor) && ballot.isAbove(shown.get(acceptor)));
                if (Voters.isMajority(set, possible)) {
                    return Optional.of(new Base(ballot, value));
                }
            }
        }
        return Optional.empty();
    }

    /** The record to build on, and the ballot it was accepted under. */
    record Base(Ballot ballot, ClusterRecord value) {}
}
