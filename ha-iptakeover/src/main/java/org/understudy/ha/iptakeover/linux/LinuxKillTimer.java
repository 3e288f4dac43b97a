package org.understudy.ha.iptakeover.linux;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.PosixTimer;

/**
 * Kills this process by a timer of its own kernel. It has no thread that could be starved, no process that could be stopped with us, and
 * is never late by more than the kernel's timer interrupt; after a suspend it fires before any thread of the process runs.
 * {@link #arm} and {@link #disarm} are one system call each.
 */
final class LinuxKillTimer implements Enforcer {
    static final String INIT_CANNOT_BE_KILLED =
            "this process is number 1 of its PID namespace, which the kernel does not let be killed from inside; run it under an"
                    + " init, for example docker run --init";

    private final ReentrantLock turn = new ReentrantLock();
    private @Nullable PosixTimer timer;
    private @Nullable Listener listener;
    private boolean isArmed;
    private long incarnation;
    private long deadline;

    @Override
    public String name() {
        return "a kernel timer";
    }

    @Override
    public Enforcement kind() {
        return Enforcement.PROCESS_KILL;
    }

    @Override
    public boolean covers(Scope scope) {
        return scope == Scope.PROCESS;
    }

    @Override
    public List<String> obstacles(Terms terms) {
        return List.of();
    }

    @Override
    public void start(Listener toTell) {
        if (ProcessHandle.current().pid() == 1) {
            throw new PlatformException("timer_create", 0, INIT_CANNOT_BE_KILLED);
        }
        turn.lock();
        try {
            timer = PosixTimer.create();
            listener = toTell;
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void arm(Order order) {
        turn.lock();
        try {
            PosixTimer present = timer;
            Listener toTell = listener;
            boolean isTaken = isArmed ? order.incarnation() == incarnation : order.deadlineNanos() > Libc.bootNanos();
            if (present == null || toTell == null || !isTaken) {
                return;
            }
            if (!isArmed || order.deadlineNanos() > deadline) {
                present.set(order.deadlineNanos());
                isArmed = true;
                incarnation = order.incarnation();
                deadline = order.deadlineNanos();
            }
            toTell.armed(order.number(), 0);
        } catch (PlatformException e) {
            lost(e);
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void disarm(long stopped) {
        turn.lock();
        try {
            PosixTimer present = timer;
            if (present != null && isArmed && stopped == incarnation) {
                present.clear();
                isArmed = false;
            }
        } catch (PlatformException e) {
            lost(e);
        } finally {
            turn.unlock();
        }
    }

    private void lost(PlatformException cause) {
        Listener toTell = listener;
        if (toTell != null) {
            toTell.lost(String.valueOf(cause.getMessage()));
        }
    }

    /** A timer that is set stays set: what it ends has not stopped. */
    @Override
    public void close() {
        turn.lock();
        try {
            PosixTimer present = timer;
            if (present != null && !isArmed) {
                present.delete();
            }
            timer = null;
        } finally {
            turn.unlock();
        }
    }
}
