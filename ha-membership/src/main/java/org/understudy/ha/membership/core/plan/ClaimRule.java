package org.understudy.ha.membership.core.plan;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;

/**
 * Who owns which name, and which barriers pass. Pure and deterministic.
 *
 * <p><b>Names.</b> A name stays with its owner for as long as the owner's session stands and its newest offer claims it: only what is left
 * then is given to others. Of two who claim a free name at once the one whose node comes first has it.
 *
 * <p><b>Barriers.</b> The members of a barrier are the live sessions that claim it. If they are not those of the base, on the same terms, the
 * record begins a new view, and whatever phase was open is over without having passed. If they are, and all have entered the open phase,
 * it passes with this record, and the next one opens.
 */
final class ClaimRule {

    private final SortedMap<NodeId, Session> before;
    private final SortedMap<NodeId, Session> sessions;
    private final long number;
    private final LongPredicate room;

    /**
     * @param before the sessions of the base
     * @param sessions those that stand now, with what they held; changed
     * @param number of the record that is made
     * @param room takes so many bytes more, if there is room
     */
    ClaimRule(SortedMap<NodeId, Session> before, SortedMap<NodeId, Session> sessions, long number, LongPredicate room) {
        this.before = before;
        this.sessions = sessions;
        this.number = number;
        this.room = room;
    }

    /** Takes what newer offers claim. */
    void take(SortedMap<NodeId, Claims> offered) {
        offered.forEach((node, claims) -> sessions.computeIfPresent(node, (key, session) -> kept(session, claims)));
        offered.forEach((node, claims) -> sessions.computeIfPresent(node, (key, session) -> added(session, claims)));
    }

    /** What the session had and still claims. A value that grows finds room, or stays as it was. */
    private Session kept(Session session, Claims claims) {
        TreeMap<String, NameClaim> names = new TreeMap<>();
        session.holdings().names().forEach((name, had) -> {
            NameClaim wanted = claims.names().get(name);
            if (wanted != null && wanted.isExclusive() == had.isExclusive()) {
                names.put(name, isTaken(RecordRoom.of(name, had), RecordRoom.of(name, wanted)) ? wanted : had);
            }
        });
        TreeMap<String, Standing> standings = new TreeMap<>();
        session.holdings().standings().forEach((name, had) -> {
            BarrierClaim wanted = claims.barriers().get(name);
            if (wanted != null) {
                boolean isTaken = isTaken(RecordRoom.of(name, had.claim()), RecordRoom.of(name, wanted));
                standings.put(name, isTaken ? had.withClaim(wanted) : had);
            }
        });
        return session.withHoldings(new Holdings(names, standings));
    }

    private Session added(Session session, Claims claims) {
        TreeMap<String, NameClaim> names = new TreeMap<>(session.holdings().names());
        claims.names().forEach((name, wanted) -> {
            if (!names.containsKey(name)
                    && !isOwnedElsewhere(session.incarnation(), name, wanted)
                    && room.test(RecordRoom.of(name, wanted))) {
                names.put(name, wanted);
            }
        });
        TreeMap<String, Standing> standings = new TreeMap<>(session.holdings().standings());
        claims.barriers().forEach((name, wanted) -> {
            if (!standings.containsKey(name) && room.test(RecordRoom.of(name, wanted))) {
                standings.put(name, new Standing(wanted, 0, 0, 0));
            }
        });
        return session.withHoldings(new Holdings(names, standings));
    }

    private boolean isTaken(long had, long wanted) {
        return wanted <= had || room.test(wanted - had);
    }

    private boolean isOwnedElsewhere(Incarnation who, String name, NameClaim wanted) {
        return sessions.values().stream()
                .filter(other -> !other.incarnation().equals(who))
                .map(other -> other.holdings().names().get(name))
                .filter(Objects::nonNull)
                .anyMatch(other -> wanted.isExclusive() || other.isExclusive());
    }

    /** Begins new views, and lets phases pass. */
    void pass() {
        TreeSet<String> barriers = new TreeSet<>();
        sessions.values()
                .forEach(session ->
                        barriers.addAll(session.holdings().standings().keySet()));
        barriers.forEach(this::pass);
    }

    private void pass(String barrier) {
        TreeMap<NodeId, Session> then = members(before, barrier);
        TreeMap<NodeId, Session> now = members(sessions, barrier);
        long passed = then.values().stream()
                .mapToLong(session -> standing(session, barrier).passed())
                .max()
                .orElse(0);
        if (!isSameView(then, now, barrier)) {
            now.values().forEach(session -> stand(session, barrier, number, number, passed));
        } else if (now.values().stream()
                .allMatch(session -> standing(session, barrier).hasEntered())) {
            now.values().forEach(session -> {
                Standing open = standing(session, barrier);
                stand(session, barrier, open.view(), open.phase() + 1, open.phase());
            });
        }
    }

    private void stand(Session session, String barrier, long view, long phase, long passed) {
        TreeMap<String, Standing> standings = new TreeMap<>(session.holdings().standings());
        standings.compute(
                barrier, (name, had) -> new Standing(Objects.requireNonNull(had).claim(), view, phase, passed));
        sessions.put(
                session.incarnation().node(),
                session.withHoldings(new Holdings(session.holdings().names(), standings)));
    }

    private static boolean isSameView(Map<NodeId, Session> then, Map<NodeId, Session> now, String barrier) {
        return then.keySet().equals(now.keySet())
                && now.entrySet().stream().allMatch(entry -> {
                    Session earlier = Objects.requireNonNull(then.get(entry.getKey()));
                    Session later = entry.getValue();
                    return earlier.incarnation().equals(later.incarnation())
                            && standing(earlier, barrier)
                                    .claim()
                                    .isSameMember(standing(later, barrier).claim());
                });
    }

    private static TreeMap<NodeId, Session> members(SortedMap<NodeId, Session> all, String barrier) {
        TreeMap<NodeId, Session> members = new TreeMap<>();
        all.forEach((node, session) -> {
            if (session.holdings().standings().containsKey(barrier)) {
                members.put(node, session);
            }
        });
        return members;
    }

    private static Standing standing(Session session, String barrier) {
        return Optional.ofNullable(session.holdings().standings().get(barrier)).orElseThrow();
    }
}
