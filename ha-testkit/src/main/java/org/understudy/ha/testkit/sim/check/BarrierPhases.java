package org.understudy.ha.testkit.sim.check;

import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.recovery.CoreServices;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * What becomes of the phases of a barrier. Checks BARRIER_HOLDS: where a phase passed, every member of its view had entered it before, and
 * whoever learns of its end learns the same.
 */
public final class BarrierPhases {

    private final Court court;
    private final String barrier;
    private final TreeMap<Long, Phase> phases = new TreeMap<>();
    private int generation;

    public BarrierPhases(Court court, String barrier) {
        this.court = court;
        this.barrier = barrier;
    }

    /** A node takes a record for chosen. */
    public void learned(ClusterRecord record) {
        if (record.generation() > generation) {
            // What the lost majority decided is lost, and with it who was a member of what; nobody's session lives on.
            generation = record.generation();
            phases.clear();
        }
        if (record.generation() == generation) {
            CoreServices.view(record, barrier).ifPresent(view -> {
                Phase phase = phases.computeIfAbsent(view.phase(), number -> new Phase(view.members()));
                court.looked(Checker.BARRIER_HOLDS);
                if (!phase.members.equals(view.members())) {
                    court.violated(
                            Checker.BARRIER_HOLDS,
                            "phase " + view.phase() + " is open for " + view.members() + " and for " + phase.members);
                }
            });
        }
    }

    /** A member is about to enter the phase that it takes for open. */
    public void enters(ClusterRecord known, Incarnation self) {
        if (known.generation() == generation) {
            CoreServices.view(known, barrier)
                    .map(view -> phases.get(view.phase()))
                    .ifPresent(phase -> phase.entered.add(self));
        }
    }

    /** A member, which knows this record, is told what became of its entry; false if that says nothing. */
    public boolean decided(ClusterRecord known, Told.BarrierDecided told) {
        Phase phase = phases.get(told.phase());
        if (known.generation() != generation || phase == null || told.outcome() == Told.Outcome.UNKNOWN) {
            return false;
        }
        court.looked(Checker.BARRIER_HOLDS);
        Told.Outcome before = Objects.requireNonNullElse(phase.outcome, told.outcome());
        phase.outcome = told.outcome();
        if (before != told.outcome()) {
            court.violated(
                    Checker.BARRIER_HOLDS,
                    "phase " + told.phase() + " ended " + before + " for one member and " + told.outcome()
                            + " for another");
        }
        if (told.outcome() == Told.Outcome.PASSED && !phase.entered.containsAll(phase.members)) {
            court.violated(
                    Checker.BARRIER_HOLDS,
                    "phase " + told.phase() + " passed when of " + phase.members + " only " + phase.entered
                            + " had entered");
        }
        return true;
    }

    private static final class Phase {
        private final List<Incarnation> members;
        private final TreeSet<Incarnation> entered = new TreeSet<>();
        private Told.@Nullable Outcome outcome;

        private Phase(List<Incarnation> members) {
            this.members = members;
        }
    }
}
