package org.understudy.ha.membership.core.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;

/**
 * The barriers that this node is a member of, and its entries. Pure.
 *
 * <p>Whether a phase passed stands in a chosen record, so every member that learns of its end learns the same. A member that enters is
 * one without whom no later phase can pass: however many records it misses, the newest phase that passed is its own or an earlier
 * one, and the open one is its own or a later one. Only when its session ends may others have gone on without it.
 */
final class BarrierDesk {

    private final TreeMap<String, Own> own = new TreeMap<>();

    void join(String barrier) {
        own.computeIfAbsent(barrier, name -> new Own());
    }

    List<Told> part(String barrier) {
        return Optional.ofNullable(own.remove(barrier))
                .filter(Own::isOpen)
                .map(present -> List.of(present.unknown(barrier, "this node left it")))
                .orElse(List.of());
    }

    TreeMap<String, BarrierClaim> claims() {
        TreeMap<String, BarrierClaim> claims = new TreeMap<>();
        own.forEach((name, present) -> claims.put(name, BarrierClaim.MEMBER.withEntered(present.entered)));
        return claims;
    }

    /** Enters the open phase; if an earlier entry was never answered, asks for that one again. */
    List<Told> enter(Ask.Enter ask, Optional<ClusterRecord> record, Optional<Incarnation> self) {
        Own present = own.get(ask.barrier());
        if (present == null) {
            return List.of(decided(ask, Told.Outcome.ABORTED, Optional.empty(), "this node is no member of it"));
        }
        Optional<Told.View> now = record.flatMap(known -> view(known, ask.barrier()));
        Optional<Standing> standing = record.flatMap(known -> self.flatMap(me -> standing(known, me, ask.barrier())));
        if (present.phase > 0) {
            present.requests.add(ask.request());
            return present.outcome.isPresent() ? List.of(present.decided(ask.barrier(), now)) : List.of();
        }
        if (standing.isEmpty()) {
            return List.of(decided(ask, Told.Outcome.ABORTED, now, "this node is not in any view of it yet"));
        }
        if (standing.get().view() != ask.view()) {
            return List.of(
                    decided(ask, Told.Outcome.ABORTED, now, "the members are others than in view " + ask.view()));
        }
        present.enter(standing.get().phase(), self.orElseThrow(), ask.request());
        return List.of();
    }

    /** The entry stays: others may pass, and whoever enters again is told what became of it. */
    List<Told> giveUp(long request) {
        List<Told> told = new ArrayList<>();
        own.forEach((name, present) -> {
            if (present.requests.remove(request)) {
                told.add(new Told.BarrierDecided(
                        name,
                        present.phase,
                        new TreeSet<>(List.of(request)),
                        Told.Outcome.UNKNOWN,
                        Optional.empty(),
                        "not all members have entered in time, or no majority has answered; enter again to wait on"));
            }
        });
        return told;
    }

    /** A record is known to be chosen. */
    List<Told> learned(ClusterRecord record) {
        List<Told> told = new ArrayList<>();
        for (Map.Entry<String, Own> entry : own.entrySet()) {
            Own present = entry.getValue();
            String barrier = entry.getKey();
            if (!present.isOpen()) {
                continue;
            }
            Optional<Told.View> now = view(record, barrier);
            Optional<Standing> mine = standing(record, present.self(), barrier);
            if (passed(record, present.self(), barrier) == present.phase) {
                present.end(Told.Outcome.PASSED, "every member has entered");
            } else if (mine.filter(standing -> standing.phase() != present.phase)
                    .isPresent()) {
                present.end(Told.Outcome.ABORTED, "the members changed before all had entered");
            }
            if (!present.isOpen() && !present.requests.isEmpty()) {
                told.add(present.decided(barrier, now));
            }
        }
        return told;
    }

    /** The session is over: whatever is open may have passed or not. */
    List<Told> end(String why) {
        List<Told> told = new ArrayList<>();
        own.forEach((name, present) -> {
            if (present.isOpen()) {
                told.add(present.unknown(name, why));
            }
            present.clear();
            present.entered = 0;
        });
        return told;
    }

    /**
     * The newest phase that has passed, whoever says so; 0 if none has, or nobody is a member any more. A record of a newer generation does not
     * know: it may have used the numbers of records that were lost again.
     */
    private static long passed(ClusterRecord record, Incarnation self, String barrier) {
        if (record.generation() != self.number() >>> ClusterRecord.GENERATION_SHIFT) {
            return 0;
        }
        return record.sessions().values().stream()
                .map(session -> session.holdings().standings().get(barrier))
                .filter(Objects::nonNull)
                .mapToLong(Standing::passed)
                .max()
                .orElse(0);
    }

    static Optional<Standing> standing(ClusterRecord record, Incarnation self, String barrier) {
        return Optional.ofNullable(record.sessions().get(self.node()))
                .filter(session -> session.incarnation().equals(self))
                .map(session -> session.holdings().standings().get(barrier));
    }

    /** Who is a member now; empty if nobody is. */
    static Optional<Told.View> view(ClusterRecord record, String barrier) {
        List<Incarnation> members = new ArrayList<>();
        Optional<Standing> any = Optional.empty();
        for (Session session : record.sessions().values()) {
            Standing standing = session.holdings().standings().get(barrier);
            if (standing != null) {
                members.add(session.incarnation());
                any = Optional.of(standing);
            }
        }
        return any.map(standing -> new Told.View(standing.view(), standing.phase(), members));
    }

    private static Told decided(Ask.Enter ask, Told.Outcome outcome, Optional<Told.View> now, String why) {
        return new Told.BarrierDecided(ask.barrier(), 0, new TreeSet<>(List.of(ask.request())), outcome, now, why);
    }

    private static final class Own {
        /** The phase that waits for an answer, or has one that nobody has fetched; 0 for none. */
        private long phase;
        /** The phase that the record is to show as entered: stays after it has ended, when it says nothing any more. */
        private long entered;

        private Optional<Incarnation> as = Optional.empty();
        private Optional<Told.Outcome> outcome = Optional.empty();
        private String why = "";
        private final TreeSet<Long> requests = new TreeSet<>();

        private void enter(long newPhase, Incarnation self, long request) {
            phase = newPhase;
            entered = newPhase;
            as = Optional.of(self);
            outcome = Optional.empty();
            requests.add(request);
        }

        private Incarnation self() {
            return as.orElseThrow();
        }

        private boolean isOpen() {
            return phase > 0 && outcome.isEmpty();
        }

        private void end(Told.Outcome how, String reason) {
            outcome = Optional.of(how);
            why = reason;
        }

        /** Told once: the next entry is another. */
        private Told decided(String barrier, Optional<Told.View> now) {
            Told told =
                    new Told.BarrierDecided(barrier, phase, new TreeSet<>(requests), outcome.orElseThrow(), now, why);
            clear();
            return told;
        }

        private Told unknown(String barrier, String reason) {
            return new Told.BarrierDecided(
                    barrier, phase, new TreeSet<>(requests), Told.Outcome.UNKNOWN, Optional.empty(), reason);
        }

        private void clear() {
            phase = 0;
            as = Optional.empty();
            outcome = Optional.empty();
            requests.clear();
        }
    }
}
