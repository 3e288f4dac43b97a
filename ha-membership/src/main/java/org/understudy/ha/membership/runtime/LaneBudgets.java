package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.membership.core.plan.Part;

/** How long what a lane does may take, all its calls together. Thread-safe; has no clock. */
final class LaneBudgets {

    /** How long a monitor may go on saying that a stopped resource runs, as it may tell what was seen a moment ago; or one more stop budget. */
    private static final long CONTRADICTION_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Duration SLACK = Duration.ofMillis(500);

    private final Part part;
    private final Instance instance;

    LaneBudgets(Part part, Instance instance) {
        this.part = part;
        this.instance = instance;
    }

    /** How long making ready may take before the owner need not wait for it: with a look that it may have to wait for. */
    Duration preparing() {
        Duration budget = instance.longestLook();
        for (Group.Entry entry : part.entries()) {
            budget = budget.plus(instance.budget(entry, Call.PREPARE)).plusNanos(UserCall.GRACE_NANOS);
        }
        return budget.plus(SLACK);
    }

    /**
     * How long stopping may take before its outcome counts as unknown: what it may have to wait for, a look or what the promoted role and its
     * copy have to do for one another, is in it.
     *
     * @param other of the promoted role, or of the copy under it; empty for a part that has no other
     */
    Duration stopping(Optional<LaneBudgets> other) {
        Duration budget = ownStop().plus(instance.longestLook());
        return other.map(lane -> budget.plus(lane.ownStop())).orElse(budget);
    }

    private Duration ownStop() {
        Duration budget = SLACK;
        for (Group.Entry entry : part.entries()) {
            budget = budget.plus(stop(entry));
        }
        if (part.role() == Role.COPY) {
            // What is with the promoted one is stopped before the copy, and once more after it.
            for (Group.Entry entry : instance.group().resources()) {
                if (entry.isWithPromoted()) {
                    budget = budget.plus(stop(entry));
                }
            }
        }
        return budget;
    }

    private Duration stop(Group.Entry entry) {
        Duration stop = instance.budget(entry, Call.STOP);
        Duration budget = instance.budget(entry, Call.QUIESCE)
                .plus(stop.multipliedBy(CertainStop.ATTEMPTS))
                .plus(instance.budget(entry, Call.KILL));
        if (part.role() != Role.WHOLE && PartRoles.hasRole(entry)) {
            budget = budget.plus(instance.budget(entry, Call.DEMOTE).multipliedBy(CertainStop.ATTEMPTS));
        }
        if (instance.isAskedAfterStop(entry)) {
            // A monitor that hangs costs one more stop.
            Duration doubt = Duration.ofNanos(patienceNanos(entry)).plus(instance.lookBudget(entry, Call.MONITOR));
            budget = budget.plus(doubt.multipliedBy(CertainStop.ATTEMPTS)).plus(stop);
        }
        return budget;
    }

    /** How long a monitor may contradict a stop. */
    long patienceNanos(Group.Entry entry) {
        return Math.min(CONTRADICTION_NANOS, instance.budget(entry, Call.STOP).toNanos());
    }
}
