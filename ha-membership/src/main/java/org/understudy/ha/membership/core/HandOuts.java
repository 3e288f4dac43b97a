package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.function.Predicate;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What this node, as controller, has handed out before a release, and what is still to be said of it. Pure.
 *
 * <p>Whatever else is written meanwhile asks for a ballot of its own, since the next one is taken. So one move is tried a few times only: where the
 * preparation or the stop lasts, the others go on writing in one round trip.
 */
final class HandOuts {

    private static final int TRIES_MAX = 3;

    private Optional<ForeseenMove> move = Optional.empty();
    private int tries;
    private Optional<AcceptOnRelease> newest = Optional.empty();
    private Ballot unsaid = Ballot.NONE;

    /**
     * The move that is to be handed out next; empty if there is none, or it was tried often enough.
     *
     * @param isHeard whether a node was heard lately
     */
    Optional<ForeseenMove> next(ClusterRecord record, Predicate<NodeId> isHeard) {
        return ForeseenMove.in(record, isHeard).filter(next -> !move.equals(Optional.of(next)) || tries < TRIES_MAX);
    }

    /** It is planned now, whatever comes of that. */
    void tries(ForeseenMove next) {
        tries = move.equals(Optional.of(next)) ? tries + 1 : 1;
        move = Optional.of(next);
    }

    /** What all are to be sent. */
    AcceptOnRelease handOut(ForeseenMove next, Accept accept) {
        AcceptOnRelease handed = next.onRelease(accept);
        newest = Optional.of(handed);
        unsaid = accept.ballot();
        return handed;
    }

    /** Whether the release is there that was waited for, and it still goes where it was to go. */
    boolean isDue(Releases releases, Predicate<NodeId> isHeard) {
        return newest.filter(handed -> releases.isGiven(handed) && isHeard.test(handed.to()))
                .isPresent();
    }

    /**
     * Whether what was handed out stands and would go to a node that is not heard any more: then it is to be withdrawn, by a round that asks for promises
     * above it. Told once.
     */
    boolean takeInVain(Predicate<NodeId> isHeard) {
        boolean is = newest.filter(handed -> !isHeard.test(handed.to())).isPresent();
        newest = newest.filter(handed -> !is);
        return is;
    }

    /** Whether what was decided under this ballot was handed out and nobody was told of it yet; asked once. */
    boolean takeUnsaid(Ballot ballot) {
        boolean is = unsaid.equals(ballot) && !ballot.isNone();
        unsaid = is ? Ballot.NONE : unsaid;
        return is;
    }

    /** This ballot is decided, or above it: whatever was handed out below is over. */
    void learned(Ballot decided) {
        newest = newest.filter(handed -> handed.accept().ballot().isAbove(decided));
    }
}
