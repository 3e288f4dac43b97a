package org.understudy.ha.membership.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/**
 * Last wills that have arrived: each counts only for the session whose key signed it and whose incarnation it names, once the record names
 * that session. Pure.
 *
 * <p>A will may come before the record that proves it, and more than once. Only a few are kept of either kind.
 */
final class LastWills {

    private static final int KEPT = 16;

    private final TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
    private final Deque<byte[]> unproven = new ArrayDeque<>();
    private final Deque<byte[]> proven = new ArrayDeque<>();

    /**
     * A will that counts from now on.
     *
     * @param isLive whether the record still names the session
     */
    record Proven(Incarnation incarnation, List<String> gone, boolean isLive) {}

    /** A will arrived, not verified yet. Returns whether it is news. */
    boolean take(byte[] datagram) {
        boolean isKnown = unproven.stream().anyMatch(w -> Arrays.equals(w, datagram))
                || proven.stream().anyMatch(w -> Arrays.equals(w, datagram));
        if (isKnown) {
            return false;
        }
        unproven.addLast(datagram.clone());
        while (unproven.size() > KEPT) {
            unproven.removeFirst();
        }
        return true;
    }

    /** Holds what has arrived against a record, and forgets whom it does not name any more. Returns what counts that did not before. */
    List<Proven> prove(ClusterRecord record, WillVerifier verifier) {
        List<Proven> news = new ArrayList<>();
        unproven.removeIf(datagram -> {
            Optional<Proven> will = author(datagram, record, verifier);
            will.ifPresent(news::add);
            return will.isPresent();
        });
        wills.keySet().removeIf(who -> !record.isLive(who) && record.endOf(who).isEmpty());
        return news;
    }

    private Optional<Proven> author(byte[] datagram, ClusterRecord record, WillVerifier verifier) {
        for (Session session : record.sessions().values()) {
            if (prove(datagram, session.incarnation(), session.willKey(), verifier)) {
                return Optional.of(new Proven(session.incarnation(), wills.get(session.incarnation()), true));
            }
        }
        for (SessionEnd end : record.ends()) {
            if (prove(datagram, end.incarnation(), end.willKey(), verifier)) {
                return Optional.of(new Proven(end.incarnation(), wills.get(end.incarnation()), false));
            }
        }
        return Optional.empty();
    }

    private boolean prove(byte[] datagram, Incarnation session, String key, WillVerifier verifier) {
        boolean isItsOwn = verifier.author(datagram).filter(session::equals).isPresent();
        if (key.isEmpty() || !isItsOwn || wills.containsKey(session)) {
            return false;
        }
        Optional<WillVerifier.Will> will =
                verifier.verify(datagram, key).filter(w -> w.incarnation().equals(session));
        will.ifPresent(w -> {
            proven.addLast(datagram);
            while (proven.size() > KEPT) {
                proven.removeFirst();
            }
            wills.put(session, w.gone());
        });
        return will.isPresent();
    }

    /** Whether the process of this incarnation is known to be dead. */
    boolean isDead(Incarnation who) {
        return wills.containsKey(who);
    }

    /** What is certainly gone, by incarnation. */
    SortedMap<Incarnation, List<String>> gone() {
        return Collections.unmodifiableSortedMap(wills);
    }
}
