package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.message.Message.Offer;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;

/**
 * What a node last offered to run in its session, and when it has to say something else: once what it could run, what it claims or what it must tell of
 * rules has changed. Pure.
 *
 * <p>An offer carries all groups. Rules go with it only where they are not those of the record; those that all who offer a group agree on are said
 * once more, for the record needs them.
 */
final class OwnOffer {

    /** How often an offer is said again that the record has no room for. */
    private static final long OUTSIDE_INTERVALS = 50;
    /** So many groups are offered again at once; with more, offers are this far apart for each further one. */
    private static final int AT_ONCE = 50;

    private static final long APART_NANOS = 20_000;
    /** Most bytes of rules in one offer. */
    private static final long RULES_MAX = 1L << 20;

    private final SortedMap<String, Integer> capacity;
    private final long renewNanos;
    private long version;
    private SortedMap<String, Candidacy> offered = new TreeMap<>();
    private SortedMap<String, Rules> rules = new TreeMap<>();
    private Claims claims = Claims.NONE;
    /** Groups whose rules were said again because all who offer them agree on others than the record's. */
    private final TreeSet<String> agreed = new TreeSet<>();

    private long saidAt;
    private boolean isDue;

    /** @param capacity how much of what this node has for groups that need it */
    OwnOffer(long now, SortedMap<String, Integer> capacity, long renewNanos) {
        this.saidAt = now;
        this.capacity = capacity;
        this.renewNanos = renewNanos;
    }

    // ---- whether it is due ---------------------------------------------------------------------------------------

    /**
     * Looks at every group.
     *
     * @param present what this node offers now
     */
    void look(
            boolean hasSession,
            SortedMap<String, Candidacy> present,
            SortedMap<String, LocalGroup> groups,
            Optional<ClusterRecord> record) {
        agreed.removeIf(name -> !isOtherwiseAgreed(groups.get(name), record));
        isDue = hasSession
                && (!present.equals(offered)
                        || (version == 0 && !present.isEmpty())
                        || groups.values().stream().anyMatch(group -> isNewsAgreed(group, record)));
    }

    /** Whether a group is offered otherwise than this node last said. */
    boolean isStale(
            String name, Optional<Candidacy> present, @Nullable LocalGroup group, Optional<ClusterRecord> record) {
        return !present.equals(Optional.ofNullable(offered.get(name))) || isNewsAgreed(group, record);
    }

    /** Whether this node claims otherwise than it last said. */
    boolean isStale(Claims present) {
        return !present.equals(claims);
    }

    /** Whether all who offer a group agree on other rules than the record's, and this node has not said so since: the record needs them. */
    private boolean isNewsAgreed(@Nullable LocalGroup group, Optional<ClusterRecord> record) {
        return group != null && !agreed.contains(group.name()) && isOtherwiseAgreed(group, record);
    }

    private static boolean isOtherwiseAgreed(@Nullable LocalGroup group, Optional<ClusterRecord> record) {
        return group != null
                && record.filter(r -> r.groups().containsKey(group.name())
                                && isDefinedOtherwise(r, group)
                                && Planner.isAgreed(
                                        r.sessions().values(),
                                        group.name(),
                                        group.rules().digest()))
                        .isPresent();
    }

    private static boolean isDefinedOtherwise(ClusterRecord record, LocalGroup group) {
        GroupRecord state = record.groups().get(group.name());
        return state == null
                ? !group.rules().isNone()
                : state.rules().digest() != group.rules().digest();
    }

    /** It is to be said as soon as offers are far enough apart. */
    void due() {
        isDue = true;
    }

    void notDue() {
        isDue = false;
    }

    boolean isDue() {
        return isDue;
    }

    /** When it may be said: the more groups there are, the further apart are two offers, so that many changes cost a few offers. */
    long nextNanos() {
        return saidAt + Math.max(0, offered.size() - AT_ONCE) * APART_NANOS;
    }

    // ---- saying it -----------------------------------------------------------------------------------------------

    /** Offers anew, with the next version. */
    void renew(
            SortedMap<String, Candidacy> present,
            SortedMap<String, LocalGroup> groups,
            Optional<ClusterRecord> record,
            Claims presentClaims) {
        isDue = false;
        offered = present;
        rules = rules(groups, record);
        rules.keySet().stream()
                .filter(name -> isOtherwiseAgreed(groups.get(name), record))
                .forEach(agreed::add);
        claims = presentClaims;
        version++;
    }

    /**
     * Of the groups that this node offers, the rules that are not those of the record it knows, as many as a frame has room for: the others
     * are said once the record knows these.
     */
    private TreeMap<String, Rules> rules(SortedMap<String, LocalGroup> groups, Optional<ClusterRecord> record) {
        TreeMap<String, Rules> told = new TreeMap<>();
        long room = RULES_MAX;
        for (String name : record.isPresent() ? offered.keySet() : new TreeSet<String>()) {
            LocalGroup group = groups.get(name);
            if (isDefinedOtherwise(record.get(), group)) {
                room -= RecordRoom.of(group.rules());
                if (room < 0) {
                    break;
                }
                told.put(name, group.rules());
            }
        }
        return told;
    }

    long version() {
        return version;
    }

    /** What to say, said now. */
    Offer say(long now, Incarnation session) {
        saidAt = now;
        return new Offer(session, version, offered, rules, capacity, claims);
    }

    /** Whether it is to be said again: until it is taken over; rarely while the record has no room for all of it, which may take long. */
    boolean mustSayAgain(long now, Session session) {
        return isOutside(session) ? now - saidAt >= OUTSIDE_INTERVALS * renewNanos : session.offerVersion() < version;
    }

    /** What the record has no room for; nothing as long as it has not been looked at. */
    private SortedSet<String> outside(Session session) {
        TreeSet<String> outside = new TreeSet<>();
        if (isOutside(session)) {
            outside.addAll(offered.keySet());
            outside.removeIf(
                    name -> offered.get(name).equals(session.candidacies().get(name)));
        }
        return outside;
    }

    /** Why not all of it is in the record, for people; empty if it is, or may yet be. */
    Optional<String> whyOutside(Session session) {
        SortedSet<String> outside = outside(session);
        return outside.isEmpty()
                ? Optional.empty()
                : Optional.of("the cluster record has no room for " + Sentence.few(outside)
                        + ", which this node offers: " + RecordRoom.REMEDY);
    }

    private boolean isOutside(Session session) {
        return session.offerVersion() == version && session.candidacies().size() < offered.size();
    }

    /** In the next session everything is said from the beginning. */
    void sessionOver() {
        version = 0;
        offered = new TreeMap<>();
        rules = new TreeMap<>();
        agreed.clear();
        claims = Claims.NONE;
        isDue = false;
    }
}
