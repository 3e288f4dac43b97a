package org.understudy.ha.membership.core.message;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.membership.core.record.AcceptorId;

/**
 * Who votes, in which of its lives, and what it knows of the lives of the others: a vote of a life that is over does not count any
 * more, because what was promised in it may be forgotten.
 *
 * @param life the voter's present life
 * @param lives the highest life of each other acceptor that is on the voter's disk
 */
public record Vote(AcceptorId acceptor, long life, SortedMap<AcceptorId, Long> lives) {
    public Vote {
        lives = Collections.unmodifiableSortedMap(new TreeMap<>(lives));
    }

    /** Whether this voter knows that the life in which {@code earlier} was given is over. */
    public boolean outdates(Vote earlier) {
        long known = acceptor.equals(earlier.acceptor) ? life : lives.getOrDefault(earlier.acceptor, 0L);
        return known > earlier.life;
    }
}
