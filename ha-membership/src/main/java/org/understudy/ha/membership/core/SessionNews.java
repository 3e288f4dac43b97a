package org.understudy.ha.membership.core;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Leave;
import org.understudy.ha.membership.core.message.Message.Offer;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * What nodes, this one among them, say of their sessions until the record shows it: what they offer to run, and that they leave. Pure.
 *
 * <p>Only the node itself is believed, and of its offers the newest.
 */
final class SessionNews {

    private final TreeMap<Incarnation, Offered> offers = new TreeMap<>();
    private final TreeSet<Incarnation> leaves = new TreeSet<>();

    /**
     * A node offers.
     *
     * @param record the newest known to be chosen
     * @return whether that is news
     */
    boolean hear(NodeId from, Offer offer, Optional<ClusterRecord> record) {
        Incarnation session = offer.session();
        Offered present = offers.get(session);
        boolean isPast = record.map(r -> r.sessions().get(from))
                .filter(s -> s.incarnation().equals(session) && s.offerVersion() > offer.version())
                .isPresent();
        boolean isNews =
                session.node().equals(from) && !isPast && (present == null || present.version() < offer.version());
        if (isNews) {
            note(offer);
        }
        return isNews;
    }

    /** Another node is about to leave. Returns whether that is news. */
    boolean hear(NodeId from, Leave leave) {
        return leave.session().node().equals(from) && leaves.add(leave.session());
    }

    /** This node offers, perhaps not for the first time. */
    void note(Offer offer) {
        offers.put(
                offer.session(),
                new Offered(offer.version(), offer.candidacies(), offer.rules(), offer.capacity(), offer.claims()));
    }

    /** This node is about to leave. Returns whether that is news. */
    boolean leave(Incarnation own) {
        return leaves.add(own);
    }

    boolean isLeaving(Incarnation session) {
        return leaves.contains(session);
    }

    /** Forgets what a record shows, and of whom it names no session. */
    void learned(ClusterRecord record) {
        offers.entrySet().removeIf(e -> !record.isLive(e.getKey()) || isTaken(record, e.getKey(), e.getValue()));
        leaves.removeIf(session -> !record.isLive(session));
    }

    private static boolean isTaken(ClusterRecord record, Incarnation who, Offered offered) {
        Session session = record.sessions().get(who.node());
        return session.offerVersion() >= offered.version();
    }

    /** What is offered otherwise than the record shows, by session. */
    SortedMap<Incarnation, Offered> offers() {
        return Collections.unmodifiableSortedMap(offers);
    }

    /** Who is about to leave. */
    SortedSet<Incarnation> leaves() {
        return Collections.unmodifiableSortedSet(leaves);
    }
}
