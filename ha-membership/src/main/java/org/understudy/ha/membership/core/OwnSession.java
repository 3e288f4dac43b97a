package org.understudy.ha.membership.core;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Session;

/**
 * The session that this process lives in, the lease that comes with it, and the grants that it may act under. Pure.
 *
 * <p>A session is this process's own only if it answers the very request that it made last: one of a former life, or of a session that this
 * process has lost, never comes back. A grant counts only if it stands for that session, with a token above every one that was given back.
 */
final class OwnSession {

    private final NodeId self;
    private final Timing timing;
    /** Every incarnation that this process has been. */
    private final TreeSet<Incarnation> lives = new TreeSet<>();

    private @Nullable LeaseKeeper keeper;
    private long nonce;
    private boolean seenValid;
    private boolean seenEnding = true;
    private boolean publishedValid;
    private long publishedConfirmed;

    /** @param nonce of the first request to be admitted */
    OwnSession(NodeId self, Timing timing, long nonce) {
        this.self = self;
        this.timing = timing;
        this.nonce = nonce;
    }

    // ---- the session ---------------------------------------------------------------------------------------------

    /** Tells the present request to be admitted from every other one of this node. */
    long nonce() {
        return nonce;
    }

    /** Every incarnation that this process has been. */
    SortedSet<Incarnation> lives() {
        return Collections.unmodifiableSortedSet(lives);
    }

    /** The lease of the session; null if there is none. */
    @Nullable
    LeaseKeeper keeper() {
        return keeper;
    }

    boolean isThere() {
        return keeper != null;
    }

    Optional<Incarnation> incarnation() {
        return Optional.ofNullable(keeper).map(LeaseKeeper::session);
    }

    /** The session, if a record does not name it. */
    Optional<Incarnation> missingIn(ClusterRecord record) {
        return incarnation().filter(who -> !record.isLive(who));
    }

    /**
     * Begins the session that a record admits this process with. Nothing may run here.
     *
     * @param firstRenewal when the lease is renewed first
     * @return who this process is now; empty if it is not admitted, or has a session
     */
    Optional<Incarnation> begin(ClusterRecord record, long firstRenewal) {
        Session session = record.sessions().get(self);
        if (keeper != null || session == null || session.joinNonce() != nonce) {
            return Optional.empty();
        }
        keeper = new LeaseKeeper(session.incarnation(), timing, firstRenewal);
        lives.add(session.incarnation());
        return Optional.of(session.incarnation());
    }

    /** The session is over: the next one needs another request. */
    void end() {
        keeper = null;
        nonce++;
    }

    // ---- its lease -----------------------------------------------------------------------------------------------

    /** Whether the lease holds. */
    boolean isValid(long now) {
        LeaseKeeper k = keeper;
        return k != null && k.isValid(now);
    }

    /** Whether there is a session, and its lease is about to end or has ended. */
    boolean isEnding(long now) {
        LeaseKeeper k = keeper;
        return k != null && k.mustStepDown(now);
    }

    /** Whether what the lease allows is not what it was when this was asked last. */
    boolean hasTurned(long now) {
        boolean isValid = isValid(now);
        boolean isEnding = keeper == null || isEnding(now);
        boolean hasTurned = isValid != seenValid || isEnding != seenEnding;
        seenValid = isValid;
        seenEnding = isEnding;
        return hasTurned;
    }

    /** What is to be published of the lease, if that has changed. */
    Optional<Effect.PublishLease> news(long now) {
        LeaseKeeper k = keeper;
        boolean valid = isValid(now);
        long confirmed = valid && k != null ? k.confirmedNanos() : 0;
        if (valid == publishedValid && confirmed == publishedConfirmed) {
            return Optional.empty();
        }
        publishedValid = valid;
        publishedConfirmed = confirmed;
        return Optional.of(new Effect.PublishLease(incarnation(), valid, confirmed));
    }

    /** When something changes by itself. */
    long nextDeadlineNanos(long now) {
        LeaseKeeper k = keeper;
        return k == null ? Long.MAX_VALUE : k.nextDeadlineNanos(now);
    }

    // ---- its grants ----------------------------------------------------------------------------------------------

    /**
     * A grant that stands for this session and was not given back.
     *
     * @param record known to be chosen
     * @param released the newest token of each group that was given back here
     */
    Optional<Grant> grant(ClusterRecord record, String group, SortedMap<String, Long> released) {
        return record.grant(group).filter(grant -> isHere(group, grant, released));
    }

    /** All of them, by group. */
    SortedMap<String, Grant> grants(ClusterRecord record, SortedMap<String, Long> released) {
        return select(record, (name, grant) -> isHere(name, grant, released));
    }

    /** Grants to this process in a session of it that was over when it became known: it does not run them, and they were not given back yet. */
    SortedMap<String, Grant> neverStarted(ClusterRecord record, SortedMap<String, Long> released) {
        LeaseKeeper k = keeper;
        if (lives.size() < (k == null ? 1 : 2)) {
            return new TreeMap<>();
        }
        return select(
                record,
                (name, grant) -> grant.stands()
                        && lives.contains(grant.holder())
                        && (k == null || !grant.holder().equals(k.session()))
                        && grant.token() > released.getOrDefault(name, 0L));
    }

    /** Grants that stand for this process, in whichever of its sessions. */
    SortedMap<String, Grant> standing(ClusterRecord record) {
        return select(record, (name, grant) -> grant.stands() && lives.contains(grant.holder()));
    }

    private boolean isHere(String group, Grant grant, SortedMap<String, Long> released) {
        LeaseKeeper k = keeper;
        return k != null
                && grant.stands()
                && grant.holder().equals(k.session())
                && grant.token() > released.getOrDefault(group, 0L);
    }

    private static SortedMap<String, Grant> select(ClusterRecord record, BiPredicate<String, Grant> isWanted) {
        TreeMap<String, Grant> selected = new TreeMap<>();
        record.groups()
                .forEach((name, group) -> group.grant()
                        .filter(grant -> isWanted.test(name, grant))
                        .ifPresent(grant -> selected.put(name, grant)));
        return selected;
    }
}
