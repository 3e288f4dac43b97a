package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

/**
 * With whom a node could lead a round, and whether it must lead one only because a ballot is open: promised or accepted here, but never known to be
 * chosen. Pure.
 *
 * <p>An open ballot blocks nobody, yet somebody must settle it: the controller first, everybody else later and one after the other. What was
 * promised with the acceptance of the newest record is nobody's round yet.
 */
final class Leading {

    private static final long SETTLE_INTERVALS = 4;
    /** How many times as long the first of the others waits as the controller. */
    private static final int OTHERS_LATER = 3;

    private final AcceptorId own;
    private final int rank;
    private final long renewNanos;
    private long unsettledSince = Long.MAX_VALUE;

    /** @param rank position among the peers; spaces those that settle */
    Leading(AcceptorId own, int rank, long renewNanos) {
        this.own = own;
        this.rank = rank;
        this.renewNanos = renewNanos;
    }

    /**
     * The voters with whom this one could lead a round: those of the record it learned, or else, if that is long past, those of the newer one
     * that it accepted. Empty if it has no vote among them or hears no majority.
     *
     * @param memory what this node's acceptor holds
     * @param hearsMajority of these voters
     */
    Optional<Voters> voters(
            DurableState memory, Optional<ClusterRecord> learned, Ballot newest, Predicate<Voters> hearsMajority) {
        Optional<ClusterRecord> accepted =
                memory.accepted().filter(r -> memory.acceptedBallot().isAbove(newest));
        return Stream.concat(learned.stream(), accepted.stream())
                .filter(record -> record.isAcceptor(own))
                .map(ClusterRecord::voters)
                .filter(hearsMajority)
                .findFirst();
    }

    /**
     * Looks whether a ballot is open here.
     *
     * @param newest the ballot of the newest record known to be chosen
     * @param isProposing whether this node leads a round, which settles it
     */
    void look(long now, DurableState memory, Ballot newest, boolean isProposing) {
        boolean isAhead =
                memory.acceptedBallot().equals(newest) && memory.promised().equals(newest.following());
        boolean isUnsettled = memory.promised().isAbove(newest) && !isAhead && !isProposing;
        if (!isUnsettled || memory.isEmpty()) {
            unsettledSince = Long.MAX_VALUE;
        } else if (unsettledSince == Long.MAX_VALUE) {
            unsettledSince = now;
        }
    }

    /** Whether this node is to settle it now. */
    boolean mustSettle(long now, boolean isController) {
        return now - unsettledSince >= settleNanos(isController);
    }

    /** When it is; {@link Long#MAX_VALUE} if that is not to come. */
    long nextDeadlineNanos(long now, boolean isController) {
        if (unsettledSince == Long.MAX_VALUE) {
            return Long.MAX_VALUE;
        }
        long settle = unsettledSince + settleNanos(isController);
        return settle > now ? settle : Long.MAX_VALUE;
    }

    private long settleNanos(boolean isController) {
        return SETTLE_INTERVALS * renewNanos * (isController ? 1 : rank + OTHERS_LATER);
    }
}
