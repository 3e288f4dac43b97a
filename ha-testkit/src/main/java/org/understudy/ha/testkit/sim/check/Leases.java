package org.understudy.ha.testkit.sim.check;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Every renewal and who acknowledged it, noted as they leave. Checks EXPIRED_TOUCHES_NOTHING: a lease counts only from the
 * sending of a renewal that a majority acknowledged, and after its end a node starts nothing and publishes it no more.
 */
public final class Leases {

    private static final int KEPT = 64;

    private final Court court;
    private final List<NodeId> ids;
    private final long lengthNanos;
    private final @Nullable Renewal[][] renewals;

    /**
     * @param lengthNanos how long a holder may rely on a renewal it sent
     */
    public Leases(Court court, List<NodeId> ids, long lengthNanos) {
        this.court = court;
        this.ids = ids;
        this.lengthNanos = lengthNanos;
        this.renewals = new Renewal[ids.size()][KEPT];
    }

    /** A renewal leaves its node, which shows this time. */
    public void renews(int node, Renew renewal, long local) {
        int slot = (int) (renewal.sequence() % KEPT);
        Renewal known = renewals[node][slot];
        boolean isNew =
                known == null || known.sequence != renewal.sequence() || !known.session.equals(renewal.session());
        if (isNew) {
            renewals[node][slot] = new Renewal(renewal.session(), renewal.sequence(), local);
        }
    }

    /** An acknowledgement leaves a node, or stays at home. */
    public void acknowledges(int holder, RenewAck ack) {
        Renewal known = renewals[holder][(int) (ack.sequence() % KEPT)];
        if (known != null && known.sequence == ack.sequence() && known.session.equals(ack.session())) {
            known.acknowledged(ack.acceptor(), ack.sets());
        }
    }

    /**
     * The holder's own acceptor never sends what it says to itself: it counts if its disk knows the session when the renewal is sent.
     *
     * @param own what its disk holds
     * @param memory what it goes by, at the beginning or at the end of the step that sends it
     */
    public void countsItself(int node, long sentAt, AcceptorId acceptor, DurableState own, DurableState memory) {
        for (Renewal sent : renewals[node]) {
            boolean isMeant = sent != null && sent.local == sentAt;
            if (isMeant
                    && own.accepted().filter(r -> r.isLive(sent.session)).isPresent()
                    && memory.accepted().filter(r -> r.isLive(sent.session)).isPresent()) {
                sent.acknowledged(acceptor, memory.accepted().get().voters().sets());
            }
        }
    }

    /** A node publishes its lease while its clock shows this time. */
    public void publishes(int node, PublishLease lease, long local) {
        if (!lease.isValid()) {
            return;
        }
        court.looked(Checker.EXPIRED_TOUCHES_NOTHING);
        if (local >= lease.confirmedNanos() + lengthNanos) {
            court.violated(
                    Checker.EXPIRED_TOUCHES_NOTHING,
                    ids.get(node) + " publishes a lease that ended " + (local - lease.confirmedNanos() - lengthNanos)
                            + " ns ago");
        }
        // Doubt makes a second renewal due in the same instant: either may be the one that counts.
        List<String> sentThen = new ArrayList<>();
        for (Renewal sent : renewals[node]) {
            if (sent != null && sent.local == lease.confirmedNanos()) {
                if (isBacked(lease, sent)) {
                    return;
                }
                sentThen.add(sent.sequence + " of " + sent.session + " by " + sent.acks.keySet());
            }
        }
        court.violated(
                Checker.EXPIRED_TOUCHES_NOTHING,
                ids.get(node) + " publishes a lease of " + lease.incarnation() + " from " + lease.confirmedNanos()
                        + "; of what it sent then were acknowledged: " + sentThen);
    }

    /**
     * Some of those who acknowledged hold a majority of every set that they name. Who was asked twice, before and after a change of the
     * set, may have named two: either answer may be the one that arrived.
     */
    private static boolean isBacked(PublishLease lease, Renewal sent) {
        TreeSet<AcceptorId> used = new TreeSet<>(sent.acks.keySet());
        while (used.removeIf(acceptor -> sent.acks.get(acceptor).stream()
                .noneMatch(sets -> sets.stream().allMatch(set -> Voters.isMajority(set, used))))) {
            // Whoever is left may have lost a majority with those who are not.
        }
        return !used.isEmpty()
                && lease.incarnation().filter(sent.session::equals).isPresent();
    }

    /** A node orders a start; {@code isValid} and {@code confirmed} are what it published last. */
    public void starts(int node, String group, boolean isValid, long confirmed, long local) {
        court.looked(Checker.EXPIRED_TOUCHES_NOTHING);
        if (!isValid || local >= confirmed + lengthNanos) {
            court.violated(
                    Checker.EXPIRED_TOUCHES_NOTHING,
                    ids.get(node) + " orders the start of " + group + " without a lease that holds");
        }
    }

    private static final class Renewal {
        private final Incarnation session;
        private final long sequence;
        private final long local;
        private final TreeMap<AcceptorId, List<List<List<AcceptorId>>>> acks = new TreeMap<>();

        private Renewal(Incarnation session, long sequence, long local) {
            this.session = session;
            this.sequence = sequence;
            this.local = local;
        }

        private void acknowledged(AcceptorId by, List<List<AcceptorId>> sets) {
            List<List<List<AcceptorId>>> said = acks.computeIfAbsent(by, b -> new ArrayList<>());
            if (!said.contains(sets)) {
                said.add(sets);
            }
        }
    }
}
