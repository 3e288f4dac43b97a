package org.understudy.ha.membership.core.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;

/**
 * Climbs the rungs that users hang above those of the core. Pure.
 *
 * <p>The ladder is one barrier, {@value #BARRIER}, whose members are the sessions that climb it. Its sequence is every rung that any member
 * has hung, in order; a member that has not hung one has nothing to do on it. How many phases have passed in the present view says which rung
 * the members are on: a member does what is to be done there and enters the open phase, and when all have, everybody is one rung
 * higher. So the record alone says how far recovery is, and a new view, whatever made it, is the bottom for all.
 *
 * <p>A member begins everybody anew, by another attempt, when its action has failed or overrun, or when it has been without a majority.
 */
final class Ladder {

    static final String BARRIER = "!ladder";

    private static final int DOUBLINGS_MAX = 5;

    private final long holdNanos;
    private final TreeSet<Rung> own = new TreeSet<>();
    private long attempt;
    private long entered;
    private String trouble = "";
    private int failures;
    private long heldUntil = Long.MIN_VALUE;

    /** The phase for which an action was begun that has not returned yet; 0 for none. */
    private long busyPhase;

    private long busyView;
    private boolean isDescending;
    private boolean isFailed;
    private boolean wasQuorate;

    /**
     * @param holdNanos how long a member waits after a first failure before it climbs again; doubles with each further one, up to 32 times
     */
    Ladder(long holdNanos) {
        this.holdNanos = holdNanos;
    }

    void hang(Rung rung) {
        own.add(rung);
    }

    void unhang(Rung rung) {
        own.remove(rung);
    }

    Optional<BarrierClaim> claim() {
        return own.isEmpty()
                ? Optional.empty()
                : Optional.of(new BarrierClaim(entered, attempt, List.copyOf(own), trouble));
    }

    /** Every rung that some member has hung, in order. */
    static List<Rung> sequence(ClusterRecord record) {
        TreeSet<Rung> all = new TreeSet<>();
        for (Session session : record.sessions().values()) {
            Optional.ofNullable(session.holdings().standings().get(BARRIER))
                    .ifPresent(standing -> all.addAll(standing.claim().rungs()));
        }
        return List.copyOf(all);
    }

    /**
     * Does what can be done now.
     *
     * @param isQuorate whether this node has a session and a lease that is not ending
     * @param isCoreClimbed whether the core's own rungs are
     */
    List<Told> look(
            long now,
            boolean isQuorate,
            boolean isCoreClimbed,
            Optional<ClusterRecord> record,
            Optional<Incarnation> self) {
        List<Told> told = new ArrayList<>();
        if (wasQuorate && !isQuorate) {
            attempt++;
        }
        wasQuorate = isQuorate;
        Optional<Standing> standing =
                record.flatMap(known -> self.flatMap(me -> BarrierDesk.standing(known, me, BARRIER)));
        boolean isCurrent = isQuorate
                && standing.filter(open -> open.view() == busyView && open.phase() == busyPhase)
                        .filter(open -> open.claim().isSameMember(claim().orElse(BarrierClaim.MEMBER)))
                        .isPresent();
        if (busyPhase > 0 && !isCurrent && !isDescending) {
            isDescending = true;
            told.add(new Told.Descend(busyView, busyPhase, isQuorate ? "the view has changed" : "no majority answers"));
        }
        if (busyPhase > 0 || !isQuorate || !isCoreClimbed || standing.isEmpty() || now < heldUntil) {
            return told;
        }
        climb(record.orElseThrow(), standing.get()).ifPresent(told::add);
        return told;
    }

    private Optional<Told> climb(ClusterRecord record, Standing open) {
        List<Rung> sequence = sequence(record);
        boolean isMine = open.claim().isSameMember(claim().orElse(BarrierClaim.MEMBER));
        if (!isMine || entered == open.phase() || open.passes() >= sequence.size()) {
            return Optional.empty();
        }
        Rung rung = sequence.get(open.passes());
        if (!own.contains(rung)) {
            entered = open.phase();
            return Optional.empty();
        }
        busyView = open.view();
        busyPhase = open.phase();
        isDescending = false;
        isFailed = false;
        List<Incarnation> members =
                BarrierDesk.view(record, BARRIER).map(Told.View::members).orElse(List.of());
        return Optional.of(new Told.Climb(open.view(), open.phase(), rung, members));
    }

    /** A report about an action; one about another phase than that which is under way says nothing. */
    void climbed(long now, Ask.Climbed report) {
        if (report.phase() != busyPhase || report.view() != busyView) {
            return;
        }
        boolean isWanted = !isDescending && !isFailed;
        if (isWanted && report.failure().isPresent()) {
            isFailed = true;
            attempt++;
            trouble = Sentence.shortened(report.failure().get());
            heldUntil = now + (holdNanos << Math.min(failures, DOUBLINGS_MAX));
            failures++;
        } else if (isWanted && report.isReturned()) {
            entered = busyPhase;
            trouble = "";
            failures = 0;
        }
        if (!isWanted && report.failure().isPresent() && !report.isReturned()) {
            trouble = Sentence.shortened(report.failure().get());
        }
        if (report.isReturned()) {
            busyPhase = 0;
            busyView = 0;
        }
    }

    /** The session is over; the next one climbs from the bottom. */
    List<Told> end(String why) {
        entered = 0;
        boolean isUnderWay = busyPhase > 0 && !isDescending;
        isDescending |= isUnderWay;
        return isUnderWay ? List.of(new Told.Descend(busyView, busyPhase, why)) : List.of();
    }

    /** Whether an action has not returned yet. */
    boolean isBusy() {
        return busyPhase > 0;
    }

    /** When a hold ends. */
    long nextDeadlineNanos(long now) {
        return now < heldUntil && !own.isEmpty() ? heldUntil : Long.MAX_VALUE;
    }
}
