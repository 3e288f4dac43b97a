package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Voters;

/**
 * The holder's side of a session: when to renew, and until when the lease holds. Pure.
 *
 * <p>The lease counts from the moment the holder <em>sent</em> the newest renewal that a majority acknowledged, and ends at
 * sent + L·(1−ρ)/(1+ρ) − guard on the holder's clock. A renewal counts only with a majority of every acceptor set named in
 * any acknowledgement it uses. In doubt about its own sense of time the lease is over until a renewal sent after the doubt
 * arose is acknowledged.
 */
final class LeaseKeeper {

    private static final int RENEWALS_REMEMBERED = 64;
    static final long NEVER = Long.MIN_VALUE;

    private final Incarnation session;
    private final long renewNanos;
    private final long lengthNanos;
    private final long waitNanos;
    private final long stepDownNanos;
    private final TreeMap<Long, Pending> pending = new TreeMap<>();
    private long sequence;
    private long nextRenewal;
    private long confirmed = NEVER;
    /** The newest record that those knew of who confirmed it. */
    private Ballot confirmedBallot = Ballot.NONE;

    private long doubtedSince = NEVER;

    LeaseKeeper(Incarnation session, Timing timing, long now) {
        this.session = session;
        this.renewNanos = timing.renewEvery().toNanos();
        this.lengthNanos = timing.holderNanos();
        this.waitNanos = timing.acceptorNanos();
        this.stepDownNanos = timing.stepDownNanos();
        this.nextRenewal = now;
    }

    Incarnation session() {
        return session;
    }

    /** A renewal if one is due. */
    Optional<Renew> renewal(long now, Ballot learned) {
        if (now < nextRenewal) {
            return Optional.empty();
        }
        nextRenewal = now + renewNanos;
        sequence++;
        pending.put(sequence, new Pending(now));
        while (pending.size() > RENEWALS_REMEMBERED) {
            pending.pollFirstEntry();
        }
        return Optional.of(new Renew(session, sequence, waitNanos, learned));
    }

    /** Takes an acknowledgement; true if the lease now counts from a later moment. */
    boolean acknowledged(RenewAck ack) {
        Pending renewal = pending.get(ack.sequence());
        if (renewal == null || !ack.session().equals(session)) {
            return false;
        }
        renewal.acks.put(ack.acceptor(), ack.sets());
        renewal.newest = Ballot.max(renewal.newest, ack.accepted());
        if (renewal.sent <= confirmed || renewal.sent < doubtedSince || !renewal.isComplete()) {
            return false;
        }
        confirmed = renewal.sent;
        confirmedBallot = renewal.newest;
        doubtedSince = NEVER;
        pending.headMap(ack.sequence(), true).clear();
        return true;
    }

    /** Nothing confirmed before now counts any more; the next renewal is due at once. */
    void doubt(long now) {
        doubtedSince = now;
        nextRenewal = now;
    }

    boolean isDoubted() {
        return doubtedSince != NEVER;
    }

    /** Whether the lease holds. */
    boolean isValid(long now) {
        return confirmed != NEVER && !isDoubted() && now < endNanos();
    }

    /** Whether the node should be stopping what it owns: the end is near or past. Doubt alone does not stop anything. */
    boolean mustStepDown(long now) {
        return confirmed == NEVER || now >= confirmed + stepDownNanos;
    }

    /** Whether the end has passed, doubted or not. */
    boolean isOver(long now) {
        return confirmed == NEVER || now >= endNanos();
    }

    long confirmedNanos() {
        return confirmed;
    }

    /**
     * Until when it is certain that nothing was chosen after a record: whatever was chosen before the newest renewal that counts was sent, one of
     * those who acknowledged it has accepted, and says so. {@link #NEVER} if one of them has accepted something newer.
     *
     * @param learned the record's ballot
     */
    long newestUntilNanos(Ballot learned) {
        return confirmedBallot.isAbove(learned) ? NEVER : confirmed;
    }

    long endNanos() {
        return confirmed == NEVER ? NEVER : confirmed + lengthNanos;
    }

    /** When something changes by itself. */
    long nextDeadlineNanos(long now) {
        long next = nextRenewal;
        if (confirmed != NEVER) {
            long stepDown = confirmed + stepDownNanos;
            if (now < stepDown) {
                next = Math.min(next, stepDown);
            } else if (now < endNanos()) {
                next = Math.min(next, endNanos());
            }
        }
        return next;
    }

    private static final class Pending {
        private final long sent;
        private final SortedMap<AcceptorId, List<List<AcceptorId>>> acks = new TreeMap<>();
        private Ballot newest = Ballot.NONE;

        private Pending(long sent) {
            this.sent = sent;
        }

        /**
         * A majority of every set that any acknowledgement <em>used</em> names. One whose sets have no majority here is not used: an
         * acceptor that was removed, and does not know it, must not keep the others from counting.
         */
        private boolean isComplete() {
            TreeMap<AcceptorId, List<List<AcceptorId>>> used = new TreeMap<>(acks);
            while (used.values()
                    .removeIf(sets -> !sets.stream().allMatch(set -> Voters.isMajority(set, used.keySet())))) {
                // Each that is not used may take another's majority away.
            }
            return !used.isEmpty();
        }
    }
}
