package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * The promises of a proposer's next ballot that came with the acceptances of its last one. Pure.
 *
 * <p>An accept may ask for the ballot that follows ({@link Ballot#following()}): the acceptor accepts and promises in one write, as if a
 * prepare of that ballot had come right behind the accept. So its acceptance of (b, record) <em>is</em> the promise of the next
 * ballot that shows (b, record), and is counted as that and nothing else (Rystsov, <i>CASPaxos: Replicated State Machines without
 * logs</i>, 2018, the one-round-trip optimization). They are this process's: nothing of them is on any disk but what each acceptor
 * promised.
 */
final class StandingPromises {

    private Ballot round = Ballot.NONE;
    private Optional<ClusterRecord> value = Optional.empty();
    private final TreeMap<AcceptorId, Promise> promises = new TreeMap<>();
    /** What was handed out to be accepted under the next ballot: that ballot carries nothing else any more. */
    private Optional<ClusterRecord> handedOut = Optional.empty();

    /** From now on acceptances of this round count, which proposes that record and asks for the next ballot. */
    void expect(Ballot ballot, ClusterRecord proposed) {
        drop();
        round = ballot;
        value = Optional.of(proposed);
    }

    /** There are none, and none are expected any more. */
    void drop() {
        round = Ballot.NONE;
        value = Optional.empty();
        promises.clear();
        handedOut = Optional.empty();
    }

    /** The next ballot carries this record or none. */
    void handOut(ClusterRecord next) {
        handedOut = Optional.of(next);
    }

    /** The only record that the next ballot may carry; empty if it may carry any yet. */
    Optional<ClusterRecord> handedOut() {
        return handedOut;
    }

    /** The round whose acceptances promise the next; {@link Ballot#NONE} if there is none. */
    Ballot round() {
        return round;
    }

    /** What a round that goes on builds on. */
    Optional<ClusterRecord> value() {
        return value;
    }

    /** The promise that an acceptance is; empty if it is none of these. */
    Optional<Promise> promise(Accepted accepted) {
        return accepted.hasNext() && accepted.ballot().equals(round)
                ? Optional.of(new Promise(accepted.promised(), accepted.vote(), round, value))
                : Optional.empty();
    }

    void count(Promise promise) {
        promises.put(promise.vote().acceptor(), promise);
    }

    /** Those that a voter knows to be given in a life that is over are nothing any more. */
    void outdate(Vote newer) {
        promises.values().removeIf(promise -> newer.outdates(promise.vote()));
    }

    List<Promise> all() {
        return List.copyOf(promises.values());
    }

    /** Whether they are promises of a majority of every set that the record names. */
    boolean isQuorum() {
        return value.filter(record -> record.voters().isQuorum(promises.keySet()))
                .isPresent();
    }
}
