package org.understudy.ha.membership.guardian;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.api.spi.HostPort.ProcessWatch;
import org.understudy.ha.membership.enforcement.core.KillDeadline;

/**
 * The thread of a guardian that kills the node at the deadline; {@link KillDeadline} has the rules.
 *
 * <p>It sleeps in slices, because a wait does not count suspend and the boot clock does, and measures in each how late it woke. Before it
 * acts it lets the reader deal with what lies in the pipe already, for a bounded time: whoever was stopped together with the node finds the
 * newest renewal there.
 */
final class NodeKiller {
    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long GRACE_STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    /**
     * Of a thread that has taken the last bytes out of the pipe and lost the processor before it could say so nothing shows; on a busy host it has it again
     * after so long.
     */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final HostPort host;
    private final ProcessWatch node;
    private final BooleanSupplier hasHeardEverything;
    private final ReentrantLock turn = new ReentrantLock();
    private final Condition ordered = turn.newCondition();
    /** Guarded by {@link #turn}. */
    private final KillDeadline deadline = new KillDeadline();

    NodeKiller(HostPort host, ProcessWatch node, BooleanSupplier hasHeardEverything) {
        this.host = host;
        this.node = node;
        this.hasHeardEverything = hasHeardEverything;
        Thread thread = new Thread(this::watch, "killer");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * @return whether this deadline or a later one of the same incarnation is in force
     */
    boolean arm(long incarnation, long deadlineNanos) {
        turn.lock();
        try {
            boolean isArmed =
                    deadline.arm(incarnation, deadlineNanos, host.bootNanos()).isArmed();
            ordered.signal();
            return isArmed;
        } finally {
            turn.unlock();
        }
    }

    void disarm(long incarnation) {
        turn.lock();
        try {
            deadline.disarm(incarnation);
            ordered.signal();
        } finally {
            turn.unlock();
        }
    }

    long takeWorstLateness() {
        turn.lock();
        try {
            return deadline.takeWorstLateness();
        } finally {
            turn.unlock();
        }
    }

    private void watch() {
        turn.lock();
        try {
            while (true) {
                OptionalLong due = deadline.deadline();
                if (due.isEmpty()) {
                    ordered.awaitUninterruptibly();
                    continue;
                }
                long now = host.bootNanos();
                if (now < due.getAsLong()) {
                    long wanted = Math.min(due.getAsLong(), now + SLICE_NANOS);
                    pause(wanted - now);
                    long woken = host.bootNanos();
                    if (woken >= wanted) {
                        deadline.woke(wanted, woken);
                    }
                    continue;
                }
                // Whoever is not late has not been stopped: what had come in time was read in time.
                boolean wasStopped = now - due.getAsLong() > SLICE_NANOS;
                letReaderCatchUp(now + GRACE_NANOS, wasStopped ? QUIET_NANOS : 0);
                now = host.bootNanos();
                long lateness = now - due.getAsLong();
                if (deadline.act(now)) {
                    kill(lateness);
                    return;
                }
            }
        } finally {
            turn.unlock();
        }
    }

    /** @param quiet for so long the pipe must look empty */
    private void letReaderCatchUp(long until, long quiet) {
        long since = host.bootNanos();
        for (long now = since; now < until; now = host.bootNanos()) {
            if (!hasHeardEverything.getAsBoolean()) {
                since = now;
            } else if (now - since >= quiet) {
                return;
            }
            pause(GRACE_STEP_NANOS);
        }
    }

    /** Waiting gives the lock to the reader. */
    private void pause(long nanos) {
        try {
            ordered.awaitNanos(nanos);
        } catch (InterruptedException e) {
            // Nobody interrupts this thread; the deadline stands.
            Thread.currentThread().interrupt();
        }
    }

    /** Kills before it says so: the words go to the node, which may be too stopped to read them. */
    private void kill(long latenessNanos) {
        boolean isKilled = false;
        while (!isKilled) {
            try {
                node.kill();
                isKilled = true;
            } catch (PlatformException e) {
                pause(SLICE_NANOS);
            }
        }
        GuardianMain.say("killed the node " + TimeUnit.NANOSECONDS.toMicros(latenessNanos)
                + " us after the end of a lease under which it had not stopped everything");
    }
}
