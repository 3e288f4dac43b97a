package org.understudy.ha.testkit.sim.check;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What must be true once everything works again. Checks RECOVERY and NO_FLAPPING: within a bound each group that can run runs, it
 * stays where it is, and the record becomes quiet.
 */
public final class Recovery {

    private static final int STARTS_MAX = 4;
    /** Where groups follow one another each comes to rest after those before it. */
    private static final int STARTS_MAX_IN_ORDER = 8;

    private static final int RECORDS_MAX = 2;

    private final Court court;
    private final List<SimGroup> groups;
    private final List<NodeId> ids;
    private final Ownership ownership;
    private final Choice choice;
    private final Placements placements;
    private final int[] startsAtHeal;
    private long boundAt;
    private int chosenAtBound;

    public Recovery(
            Court court,
            List<SimGroup> groups,
            List<NodeId> ids,
            Ownership ownership,
            Choice choice,
            Placements placements) {
        this.placements = placements;
        this.court = court;
        this.groups = groups;
        this.ids = ids;
        this.ownership = ownership;
        this.choice = choice;
        this.startsAtHeal = new int[groups.size()];
    }

    /** Everything works from now on. */
    public void healed() {
        for (SimGroup group : groups) {
            startsAtHeal[group.index()] = ownership.starts(group);
        }
    }

    /** The bound is over: what runs must stay, and nothing is decided any more. */
    public void bound(List<Optional<NodeMachine>> machines) {
        boundAt = court.now();
        chosenAtBound = choice.chosen();
        check("recovered", machines);
        newest(machines).ifPresent(placements::rests);
    }

    /** Some time after the bound. */
    public void stayed(List<Optional<NodeMachine>> machines) {
        check("stayed", machines);
        newest(machines).ifPresent(placements::rests);
        court.looked(Checker.NO_FLAPPING);
        int since = choice.chosen() - chosenAtBound;
        if (since > RECORDS_MAX) {
            court.violated(
                    Checker.NO_FLAPPING,
                    since + " records were chosen after the cluster should have become quiet, the last at "
                            + Timeline.millis(choice.newestAt()) + " ms");
        }
    }

    private void check(String what, List<Optional<NodeMachine>> machines) {
        for (SimGroup group : groups) {
            court.looked(Checker.RECOVERY);
            if (ownership.owner(group) < 0 && !isExcused(group, machines)) {
                court.violated(
                        Checker.RECOVERY, group.name() + " runs nowhere, should have " + what + why(group, machines));
            }
            isAskedToMove(group, machines).ifPresent(move -> court.violated(Checker.RECOVERY, move));
            court.looked(Checker.NO_FLAPPING);
            int starts = ownership.starts(group) - startsAtHeal[group.index()];
            boolean isLate = ownership.lastStart(group) > boundAt;
            int most = placements.hasRules() ? STARTS_MAX_IN_ORDER : STARTS_MAX;
            if (isLate || starts > most) {
                court.violated(
                        Checker.NO_FLAPPING,
                        group.name() + " does not settle: " + starts + " starts since everything was healed, last at "
                                + Timeline.millis(ownership.lastStart(group)) + " ms");
            }
        }
    }

    /** A move comes to an end, one way or the other. */
    private Optional<String> isAskedToMove(SimGroup group, List<Optional<NodeMachine>> machines) {
        return newest(machines)
                .flatMap(record -> Optional.ofNullable(record.groups().get(group.name()))
                        // Whoever cannot hear it any more moves nothing.
                        .filter(known -> known.grant()
                                .filter(grant -> grant.stands() && record.isLive(grant.holder()))
                                .isPresent())
                        .flatMap(GroupRecord::moveTo)
                        .map(to -> group.name() + " is still asked to move to " + to + why(group, machines)));
    }

    private String why(SimGroup group, List<Optional<NodeMachine>> machines) {
        StringBuilder why = new StringBuilder();
        for (int node = 0; node < ids.size(); node++) {
            why.append("; ").append(ids.get(node)).append(' ');
            Optional<NodeMachine> machine = machines.get(node);
            if (machine.isEmpty()) {
                why.append("down");
                continue;
            }
            why.append(machine.get().state())
                    .append(' ')
                    .append(machine.get().incarnation())
                    .append(machine.get().isVoting() ? " " : " may not vote ");
            machine.get()
                    .learned()
                    .ifPresent(r -> why.append('#')
                            .append(r.number())
                            .append(' ')
                            .append(r.voters())
                            .append(' ')
                            .append(r.groups().get(group.name())));
        }
        return why.toString();
    }

    /** A group may rightly run nowhere: nothing proves its last holder gone, or every node has reason not to start it. */
    private boolean isExcused(SimGroup group, List<Optional<NodeMachine>> machines) {
        Optional<ClusterRecord> newest = newest(machines);
        if (newest.isEmpty() || newest.get().sessions().size() < ids.size()) {
            return false;
        }
        ClusterRecord record = newest.get();
        Optional<Grant> standing = Optional.ofNullable(record.groups().get(group.name()))
                .flatMap(GroupRecord::grant)
                .filter(Grant::stands);
        if (standing.isPresent()) {
            return !group.isExpirable() && !record.isLive(standing.get().holder());
        }
        boolean isEligible = false;
        for (Session session : record.sessions().values()) {
            isEligible |= session.candidacies().containsKey(group.name())
                    && session.candidacies().get(group.name()).isEligible()
                    && placements.couldRun(
                            record, group.name(), session.incarnation().node());
        }
        return !isEligible;
    }

    private static Optional<ClusterRecord> newest(List<Optional<NodeMachine>> machines) {
        Optional<ClusterRecord> newest = Optional.empty();
        for (Optional<NodeMachine> machine : machines) {
            Optional<ClusterRecord> known = machine.flatMap(NodeMachine::learned);
            if (known.isPresent()) {
                newest = newest.filter(r -> r.number() >= known.get().number()).or(() -> known);
            }
        }
        return newest;
    }
}
