package org.understudy.ha.membership.runtime;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.membership.runtime.Instance.Failure;

/**
 * How one resource of a lane is ended for certain: it is asked to, and again; its own monitor is heard where that can tell; then it is killed.
 * What does not help is reported and never taken for a stop. In the lane.
 */
final class CertainStop {

    static final int ATTEMPTS = 2;
    private static final long CONTRADICTION_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Lane lane;
    private final Instance instance;
    private final LaneBudgets budgets;
    private final LaneContexts contexts;
    private final Lane.Surroundings around;
    private final boolean isElection;

    CertainStop(
            Lane lane,
            Instance instance,
            LaneBudgets budgets,
            LaneContexts contexts,
            Lane.Surroundings around,
            boolean isElection) {
        this.lane = lane;
        this.instance = instance;
        this.budgets = budgets;
        this.contexts = contexts;
        this.around = around;
        this.isElection = isElection;
    }

    void quiesce(Group.Entry entry, long token) {
        instance.call(
                lane, entry, Call.QUIESCE, () -> {}, call -> entry.resource().quiesce(contexts.ending(token, call)));
    }

    /** Once. */
    Optional<Failure> demote(Group.Entry entry, long token) {
        return instance.call(lane, entry, Call.DEMOTE, () -> {}, call -> demote(entry, token, call));
    }

    private void demote(Group.Entry entry, long token, UserCall call) throws ResourceException, InterruptedException {
        ((PromotableResource) entry.resource()).demote(contexts.ending(token, call));
    }

    /** Demotes, and again; then stops the copy, which ends its role as well; then kills. */
    Optional<String> demoted(Group.Entry entry, long token, Runnable again) {
        Optional<Lane> copy = instance.copy();
        if (copy.isEmpty()) {
            return Optional.empty();
        }
        Optional<Failure> failure = Optional.empty();
        for (int i = 0; i < ATTEMPTS; i++) {
            failure = demote(entry, token);
            if (failure.isEmpty()) {
                return Optional.empty();
            }
        }
        String why = failure.map(Failure::why).orElse("");
        copy.get().broken(entry, why + "; so its copy was stopped");
        return stopped(entry, token, again).map(last -> why + ", " + last);
    }

    /**
     * Retries, then kills; what is left is reported.
     *
     * @param again begins the stop anew
     */
    Optional<String> stopped(Group.Entry entry, long token, Runnable again) {
        String last = "";
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<Failure> failure = instance.call(
                    lane, entry, Call.STOP, () -> {}, call -> entry.resource().stop(contexts.ending(token, call)));
            if (failure.isEmpty() && !isContradicted(entry, again)) {
                return Optional.empty();
            }
            last = failure.map(Failure::why)
                    .orElse(entry.name() + ": stop says that it is stopped, and its monitor that it runs");
        }
        boolean[] isGone = new boolean[1];
        instance.call(
                lane,
                entry,
                Call.KILL,
                () -> {},
                call -> isGone[0] = entry.resource().kill());
        return isGone[0] ? Optional.empty() : Optional.of(Instance.cut(last));
    }

    /** A monitor that does not return is not asked again: the stop begins anew without its word. */
    private boolean isContradicted(Group.Entry entry, Runnable again) {
        if (isElection) {
            return false;
        }
        Runnable withoutIt = () -> {
            instance.trustsNoMore(entry);
            again.run();
        };
        long until = System.nanoTime() + budgets.patienceNanos(entry);
        while (instance.isContradicted(lane, entry, withoutIt)) {
            if (System.nanoTime() - until > 0) {
                instance.contradicted();
                around.tell()
                        .accept(new HaEvent.Alarm(
                                instance.group().name(),
                                entry.name()
                                        + ": stop says that it is stopped, and its monitor that it runs; it does not"
                                        + " count as stopped, see which of them is wrong"));
                return true;
            }
            LockSupport.parkNanos(CONTRADICTION_LOOK_NANOS);
        }
        return false;
    }
}
