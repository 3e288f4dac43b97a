package org.understudy.ha.membership.core.record;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;

/**
 * The claim of an incarnation to be alive.
 *
 * @param joinNonce the request that led to it, so that a node recognises its own
 * @param disk identity of the disk it runs on, hexadecimal
 * @param host where its process runs
 * @param willKey the key its guardian signs the last will with, Base64; empty without a guardian
 * @param offerVersion the newest offer taken over into {@code candidacies} and {@code holdings}
 * @param capacity how much of what the node has for groups that need it
 * @param holdings the names it owns and the barriers it is a member of
 */
public record Session(
        Incarnation incarnation,
        long joinNonce,
        String disk,
        HostIdentity host,
        String willKey,
        long offerVersion,
        SortedMap<String, Candidacy> candidacies,
        SortedMap<String, Integer> capacity,
        Holdings holdings) {
    public Session {
        capacity = Collections.unmodifiableSortedMap(new TreeMap<>(capacity));
        candidacies = Collections.unmodifiableSortedMap(new TreeMap<>(candidacies));
    }

    /** Without capacities, names and barriers. */
    public Session(
            Incarnation incarnation,
            long joinNonce,
            String disk,
            HostIdentity host,
            String willKey,
            long offerVersion,
            SortedMap<String, Candidacy> candidacies) {
        this(incarnation, joinNonce, disk, host, willKey, offerVersion, candidacies, new TreeMap<>(), Holdings.NONE);
    }

    /** Whether every candidacy of an offer stands here as it was offered. */
    public boolean hasAllOf(SortedMap<String, Candidacy> offer) {
        return offer.entrySet().stream()
                .allMatch(e -> e.getValue().withReasonCut().equals(candidacies.get(e.getKey())));
    }

    public Session withOffer(long version, SortedMap<String, Candidacy> offer) {
        return new Session(incarnation, joinNonce, disk, host, willKey, version, offer, capacity, holdings);
    }

    public Session withCapacity(SortedMap<String, Integer> has) {
        return new Session(incarnation, joinNonce, disk, host, willKey, offerVersion, candidacies, has, holdings);
    }

    public Session withHoldings(Holdings newest) {
        return new Session(incarnation, joinNonce, disk, host, willKey, offerVersion, candidacies, capacity, newest);
    }
}
