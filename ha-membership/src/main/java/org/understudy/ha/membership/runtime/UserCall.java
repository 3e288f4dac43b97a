package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.spi.ManagedResource.Call;

/**
 * One call into the code of a resource that is under way. It is interrupted when its budget is used up, and given up on when it has not
 * returned a while after that; never what runs on its thread after it.
 *
 * <p><b>Concurrency.</b> Thread-safe.
 */
final class UserCall {
    /** How long after it was interrupted it is waited for. */
    static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Lane lane;
    private final String resource;
    private final Call what;
    private final Thread thread = Thread.currentThread();
    private final long ticket;
    private final Duration budget;
    private final long deadline;
    private final Runnable whenMarked;
    private final Runnable onGivenUp;
    private boolean isFinished;
    private boolean isCancelled;
    private boolean isGivenUp;

    /**
     * On the thread that calls.
     *
     * @param ticket of the task in which it is called
     * @param whenMarked run once if nobody waits for it any more, before its return can be noticed; must not block
     * @param onGivenUp told once after that, on any thread
     */
    UserCall(
            Lane lane,
            String resource,
            Call what,
            long ticket,
            Duration budget,
            Runnable whenMarked,
            Runnable onGivenUp) {
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
        return what == Call.START || what == Call.PROMOTE;
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

    Duration remaining() {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    synchronized boolean isCancelled() {
        return isCancelled || isFinished;
    }

    synchronized void cancel() {
        if (!isFinished && !isGivenUp) {
            isCancelled = true;
            thread.interrupt();
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

    /** It has returned. Returns whether somebody still waited for it. */
    synchronized boolean finish() {
        isFinished = true;
        Thread.interrupted();
        return !isGivenUp;
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
