package org.understudy.ha.testkit.sim.check;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Who does what on which rung. Checks LADDER_HOLDS: an action of a rung begins only when every member of the view has done what it had to do
 * on each lower one, in this view; and RECOVERY: within the bound all members are on top.
 */
public final class Ladders {

    private static final String BARRIER = "!ladder";

    private final Court court;
    private final TreeMap<Long, TreeMap<Incarnation, TreeSet<Rung>>> done = new TreeMap<>();
    private int generation;

    public Ladders(Court court) {
        this.court = court;
    }

    /** A member of this record begins an action. */
    public void begins(ClusterRecord known, Told.Climb climb) {
        if (known.generation() > generation) {
            generation = known.generation();
            done.clear();
        }
        if (known.generation() < generation) {
            return;
        }
        court.looked(Checker.LADDER_HOLDS);
        for (Incarnation member : climb.members()) {
            TreeSet<Rung> lower = new TreeSet<>();
            standing(known, member)
                    .ifPresent(standing -> lower.addAll(standing.claim().rungs()));
            lower.removeIf(rung -> rung.compareTo(climb.rung()) >= 0);
            lower.removeAll(done.getOrDefault(climb.view(), new TreeMap<>()).getOrDefault(member, new TreeSet<>()));
            if (!lower.isEmpty()) {
                court.violated(
                        Checker.LADDER_HOLDS,
                        climb.rung() + " begins in view " + climb.view() + " of " + climb.members() + " although "
                                + member + " has not done " + lower);
            }
        }
    }

    /** A member has done what it had to do. */
    public void does(ClusterRecord known, Incarnation self, Told.Climb climb) {
        if (known.generation() == generation) {
            done.computeIfAbsent(climb.view(), view -> new TreeMap<>())
                    .computeIfAbsent(self, who -> new TreeSet<>())
                    .add(climb.rung());
        }
    }

    /** The bound is over. */
    public void bound(List<Optional<NodeMachine>> machines) {
        for (Optional<NodeMachine> machine : machines) {
            machine.flatMap(NodeMachine::learned)
                    .filter(record -> !isExcused(record))
                    .ifPresent(this::climbed);
        }
    }

    private void climbed(ClusterRecord record) {
        TreeSet<Rung> sequence = new TreeSet<>();
        record.sessions()
                .values()
                .forEach(session -> standing(record, session.incarnation())
                        .ifPresent(standing -> sequence.addAll(standing.claim().rungs())));
        for (Session session : record.sessions().values()) {
            standing(record, session.incarnation()).ifPresent(standing -> {
                court.looked(Checker.RECOVERY);
                if (standing.passes() < sequence.size()) {
                    court.violated(
                            Checker.RECOVERY,
                            session.incarnation() + " is not on top of the ladder " + sequence + ": " + standing);
                }
            });
        }
    }

    /** Nothing proves the end of somebody who is gone: nothing is recovered from him. */
    private static boolean isExcused(ClusterRecord record) {
        return record.groups().values().stream()
                .map(GroupRecord::grant)
                .flatMap(Optional::stream)
                .anyMatch(grant -> isUnproved(record, grant));
    }

    private static boolean isUnproved(ClusterRecord record, Grant grant) {
        return grant.stands() && !record.isLive(grant.holder());
    }

    private static Optional<Standing> standing(ClusterRecord record, Incarnation who) {
        return Optional.ofNullable(record.sessions().get(who.node()))
                .filter(session -> session.incarnation().equals(who))
                .map(session -> session.holdings().standings().get(BARRIER));
    }
}
