package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Which record a write round must build on. Pure.
 *
 * <p>The base is the highest value whose possible acceptors are a majority. An acceptor may have accepted ballot b if it
 * shows b, if it shows a higher ballot (it may have accepted b before), or if it has not answered in this round. A value
 * that no majority can have accepted was not chosen and may be dropped. Only promises of this very ballot count: they alone
 * exclude that the acceptor accepts something lower later.
 */
final class BaseSelection {

    private BaseSelection() {}

    /**
     * @param promises of one ballot, at most one for each acceptor, all from acceptors of the set
     * @param acceptors how many acceptors the set has
     * @return empty if no record can have been chosen
     */
    static Optional<Base> choose(Collection<Promise> promises, int acceptors) {
        int majority = acceptors / 2 + 1;
        int silent = acceptors - promises.size();
        TreeSet<Ballot> shown = new TreeSet<>();
        for (Promise promise : promises) {
            if (!promise.acceptedBallot().isNone()) {
                shown.add(promise.acceptedBallot());
            }
        }
        List<Ballot> descending = new ArrayList<>(shown.descendingSet());
        for (Ballot ballot : descending) {
            int possible = silent;
            Optional<ClusterRecord> value = Optional.empty();
            for (Promise promise : promises) {
                int order = promise.acceptedBallot().compareTo(ballot);
                if (order >= 0) {
                    possible++;
                }
                if (order == 0) {
                    value = promise.accepted();
                }
            }
            if (possible >= majority) {
                Ballot at = ballot;
                return value.map(v -> new Base(at, v));
            }
        }
        return Optional.empty();
    }

    /** The record to build on, and the ballot it was accepted under. */
    record Base(Ballot ballot, ClusterRecord value) {}
}
