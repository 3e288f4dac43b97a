package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.spi.ManagedResource.Call;

/**
 * One call into the code of a resource that is under way. It is interrupted when its budget is used up, and given up on when it has not
 * returned a while after that; never what runs on its thread after it.
 *
 * <p>An interrupt may last, for ever even: it closes the channel on which its target waits, and that may wait for the target. It is made on a
 * thread of its own, one at a time for a call, and nobody waits for it but the call's own thread.
 *
 * <p><b>Concurrency.</b> Thread-safe; nothing but {@link #finish()} blocks.
 */
final class UserCall {
    private static final Logger LOG = LoggerFactory.getLogger(UserCall.class);
    /** How long after it was interrupted it is waited for. */
    static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Executor pool;
    private final Lane lane;
    private final String resource;
    private final Call what;
    private final Thread thread = Thread.currentThread();
    private final long ticket;
    private final Duration budget;
    private final long deadline;
    private final Runnable whenMarked;
    private final Runnable onGivenUp;
    /** An interrupt is made under this lock only, which only its maker and the thread of the call take. */
    private final Object interrupting = new Object();

    /** An interrupt was asked for and has not been made yet. */
    private final AtomicBoolean isAsked = new AtomicBoolean();

    /** Guarded by {@link #interrupting}: the thread runs something else from now on. */
    private boolean isLeft;

    private boolean isFinished;
    private boolean isCancelled;
    private boolean isGivenUp;

    /**
     * On the thread that calls.
     *
     * @param pool makes the interrupts; takes them at once
     * @param ticket of the task in which it is called
     * @param whenMarked run once if nobody waits for it any more, before its return can be noticed; must not block
     * @param onGivenUp told once after that, on any thread
     */
    UserCall(
            Executor pool,
            Lane lane,
            String resource,
            Call what,
            long ticket,
            Duration budget,
            Runnable whenMarked,
            Runnable onGivenUp) {
        this.pool = pool;
        this.lane = lane;
        this.resource = resource;
        this.what = what;
        this.ticket = ticket;
        this.budget = budget;
        this.deadline = System.nanoTime() + budget.toNanos();
        this.whenMarked = whenMarked;
        this.onGivenUp = onGivenUp;
    }

    /** Whether it looks and changes nothing, so that others may be called before it returns. */
    boolean isLook() {
        return switch (what) {
            case PROBE, ELIGIBILITY, MONITOR, SCORE -> true;
            default -> false;
        };
    }

    /** Whether a stop need not wait for it. */
    boolean isStart() {
        return what == Call.START || what == Call.PROMOTE || what == Call.PREPARE;
    }

    /** Whether it makes ready for a start, or gives that back: while it is under way no start is, and no stop. */
    boolean isOfReadiness() {
        return what == Call.PREPARE || what == Call.UNPREPARE || what == Call.RETIRE;
    }

    Lane lane() {
        return lane;
    }

    String resource() {
        return resource;
    }

    long ticket() {
        return ticket;
    }

    /** The name of the method. */
    String word() {
        return what.name().toLowerCase(Locale.ROOT);
    }

    /** What to call it in a sentence. */
    String name() {
        return resource + "." + word();
    }

    Duration budget() {
        return budget;
    }

    /** How long it has been under way, in whole milliseconds. */
    Duration age() {
        return Duration.ofMillis(
                TimeUnit.NANOSECONDS.toMillis(Math.max(0, System.nanoTime() - deadline + budget.toNanos())));
    }

    Duration remaining() {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    /** When its budget is used up, by {@link System#nanoTime}. */
    long deadlineNanos() {
        return deadline;
    }

    /** Whether nobody waits for it any more. */
    synchronized boolean isGivenUp() {
        return isGivenUp;
    }

    synchronized boolean isCancelled() {
        return isCancelled || isFinished;
    }

    /** Has it interrupted. */
    void cancel() {
        synchronized (this) {
            if (isFinished || isGivenUp) {
                return;
            }
            isCancelled = true;
        }
        if (isAsked.compareAndSet(false, true)) {
            try {
                pool.execute(this::interrupt);
            } catch (RejectedExecutionException e) {
                LOG.trace("the node is closed");
            }
        }
    }

    private void interrupt() {
        try {
            synchronized (interrupting) {
                if (!isLeft) {
                    thread.interrupt();
                }
            }
        } finally {
            isAsked.set(false);
        }
    }

    /** Nobody waits any more. */
    void giveUp() {
        synchronized (this) {
            if (isFinished || isGivenUp) {
                return;
            }
            isGivenUp = true;
            whenMarked.run();
        }
        onGivenUp.run();
    }

    /** It has returned, and no interrupt of it is being made any more. Returns whether somebody still waited for it. */
    boolean finish() {
        synchronized (interrupting) {
            isLeft = true;
            Thread.interrupted();
        }
        synchronized (this) {
            isFinished = true;
            return !isGivenUp;
        }
    }

    /** Interrupts it if its time is used up, and gives it up some time later. */
    void look(long now) {
        if (now - deadline >= 0) {
            cancel();
        }
        if (now - deadline >= GRACE_NANOS) {
            giveUp();
        }
    }
}
