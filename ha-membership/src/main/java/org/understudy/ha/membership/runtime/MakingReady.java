package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.runtime.Instance.Failure;

/**
 * What a lane does before another node gives it what that still runs: its resources make ready for a start. Nothing rests on it: whoever is
 * not ready in time is not waited for, and a grant begins whatever was made ready. What has failed is begun anew, but for what has used up its time:
 * what starts after the group is down meanwhile.
 *
 * <p><b>Concurrency.</b> {@link #begin}, {@link #over} and {@link #giveBack} are called by the loop and never block; the resources are called in
 * the lane; the rest on any thread.
 */
final class MakingReady {

    /** The lane it is for. */
    interface Host {
        void submit(Runnable task);

        /** Returns what to cancel it with. */
        Future<?> later(Runnable task, long millis);

        /** Whether any resource may be active, or is about to be. */
        boolean isActive();
    }

    private final Lane lane;
    private final Host host;
    private final Part part;
    private final boolean isElection;
    private final Instance instance;
    private final LaneBudgets budgets;
    private final LaneContexts contexts;
    private final Consumer<Input> report;
    /** What is being made ready here, or is ready. */
    private volatile @Nullable Preparation newest;

    /** One that was asked for; another one may be asked for under the same token. */
    private static final class Preparation {
        private final long token;
        private final Incarnation successor;
        /** What it failed with, if it did; null until it has ended. */
        private final AtomicReference<@Nullable Optional<Failure>> end = new AtomicReference<>();
        /** Ends it at its budget. Set before anything is made ready. */
        private volatile @Nullable Future<?> limit;

        private Preparation(long token, Incarnation successor) {
            this.token = token;
            this.successor = successor;
        }

        /** Its budget is of no interest any more. */
        private void free() {
            Future<?> known = limit;
            if (known != null) {
                known.cancel(false);
            }
        }

        /** @param from where it runs until then */
        private Optional<String> ending(NodeId from) {
            return Optional.ofNullable(end.get())
                    .map(failure -> failure.map(
                                    f -> "it could not be made ready here and still runs on " + from + ": " + said(f))
                            .orElse("it is ready to come here, and stops on " + from
                                    + " as soon as that has heard so"));
        }
    }

    private static String said(Failure failure) {
        return failure.resource().isEmpty() ? failure.reason() : failure.why();
    }

    /**
     * @param lane in whose name the resources are called
     * @param report to the loop
     */
    MakingReady(
            Lane lane,
            Host host,
            Part part,
            boolean isElection,
            Instance instance,
            LaneBudgets budgets,
            LaneContexts contexts,
            Consumer<Input> report) {
        this.lane = lane;
        this.host = host;
        this.part = part;
        this.isElection = isElection;
        this.instance = instance;
        this.budgets = budgets;
        this.contexts = contexts;
        this.report = report;
    }

    /** Whether it is made ready here, or is ready. */
    boolean isWanted() {
        return newest != null;
    }

    /**
     * What making it ready here waits for now, one sentence without a beginning; empty if nobody asked for that.
     *
     * @param from where it runs until then
     */
    Optional<String> progress(NodeId from) {
        return Optional.ofNullable(newest)
                .map(now -> now.ending(from)
                        .or(() -> instance.waitsFor()
                                .map(call -> call + "; it runs on " + from + " until that has returned"))
                        .orElse("it is being made ready here and runs on " + from + " until then"));
    }

    /** Makes ready what another node holds under this token and is about to give to this one. */
    void begin(long token, Incarnation successor) {
        Preparation next = new Preparation(token, successor);
        replace(next);
        Duration budget = budgets.preparing();
        next.limit = host.later(
                () -> {
                    String late = instance.underWay() + " keeps it from being made ready for " + Sentence.of(budget);
                    ended(next, Optional.of(new Failure(Severity.HARD, "", late)));
                },
                budget.toMillis());
        host.submit(() -> prepareAll(next));
    }

    /** It comes now: whatever is ready by then is. */
    void over() {
        replace(null);
    }

    /** It does not come here: gives back what was made ready. */
    void giveBack() {
        replace(null);
        instance.cancelStart(lane);
        host.submit(() -> instance.giveBack(lane));
    }

    private void replace(@Nullable Preparation next) {
        Preparation before = newest;
        newest = next;
        if (before != null) {
            before.free();
        }
    }

    // ---- in the lane -----------------------------------------------------------------------------------------------

    private void prepareAll(Preparation wanted) {
        Optional<Failure> failure = instance.stuck();
        boolean isNothingToDo =
                isElection || part.role() == Role.PROMOTED || instance.copy().isPresent();
        if (failure.isEmpty() && !isNothingToDo) {
            for (Group.Entry entry : part.entries()) {
                if (newest != wanted || host.isActive()) {
                    return;
                }
                failure = prepareOne(entry, wanted);
                if (failure.isPresent()) {
                    break;
                }
            }
        }
        ended(wanted, failure);
    }

    private Optional<Failure> prepareOne(Group.Entry entry, Preparation wanted) {
        String overdue = "prepare has not returned after " + Sentence.of(instance.budget(entry, Call.PREPARE))
                + " although it was interrupted";
        Failure hung = new Failure(Severity.HARD, entry.name(), overdue);
        Runnable hangs = () -> ended(wanted, Optional.of(hung));
        UserCall[] begun = new UserCall[1];
        Optional<Failure> failure = instance.call(lane, entry, Call.PREPARE, hangs, call -> {
            begun[0] = call;
            // Whoever gives it back from here on finds the call and interrupts it.
            if (newest != wanted) {
                throw new InterruptedException();
            }
            entry.resource().prepare(contexts.preparing(wanted.token, wanted.successor, call));
        });
        boolean hasUsedItsTime = begun[0] != null && begun[0].remaining().isZero();
        return failure.map(f -> hasUsedItsTime ? new Failure(Severity.HARD, f.resource(), f.reason()) : f);
    }

    /**
     * Said once, and only of the newest. One that is taken back just then may be said all the same, and count for the next under its token, for which
     * the same resources are asked: an owner that believes it stops before that is ready, as it would if that took too long.
     */
    private void ended(Preparation wanted, Optional<Failure> failure) {
        if (newest == wanted && wanted.end.compareAndSet(null, failure)) {
            wanted.free();
            report.accept(new Input.PrepareEnded(
                    part.name(),
                    wanted.token,
                    failure.map(Failure::severity),
                    failure.map(Failure::resource).orElse(""),
                    failure.map(MakingReady::said).orElse("")));
        }
    }
}
