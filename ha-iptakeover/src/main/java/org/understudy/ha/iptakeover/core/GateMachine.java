package org.understudy.ha.iptakeover.core;

/**
 * Decides what to do with an address gate now: arm, open, prolong, wait or let go.
 *
 * <p>Driver: read the lease's newest confirmation, then the clock, then ask {@link #decide}; carry out the one action at once;
 * tell its outcome by {@link #done}; ask again at {@link Decision#nextNanos()}. One thread at a time. A stall anywhere in
 * that loop only makes the kernel refuse the call, see {@link GateTiming}.
 *
 * <pre>
 * SHUT --ARM ok--> ARMED --OPEN ok--> OPEN --PROLONG ok--> OPEN
 *   ^                |                  |
 *   '--- refused ----'---- refused -----'      any --lease over, or the gate itself is gone--> GONE
 * </pre>
 */
public final class GateMachine {
    /** What to do. */
    public enum Action {
        /** First step of opening. */
        ARM,
        /** Second step of opening. */
        OPEN,
        /** Compare and renew. */
        PROLONG,
        /** Nothing until {@link Decision#nextNanos()}. */
        WAIT,
        /** Shut the gate, take the address down and stop asking. Final. */
        LET_GO
    }

    /** Why the machine let go. */
    public enum Loss {
        NONE,
        /** The lease is over. */
        LEASE_OVER,
        /** Somebody removed the gate from the kernel, so nothing would end the address any more. */
        GATE_GONE
    }

    /**
     * @param nextNanos when to ask again at the latest; for actions: at once, after {@link #done}
     */
    public record Decision(Action action, long nextNanos) {}

    private enum Phase {
        SHUT,
        ARMED,
        OPEN,
        GONE
    }

    private final GateTiming timing;
    private Phase phase = Phase.SHUT;
    private Loss loss = Loss.NONE;
    private long lastCallNanos;
    private boolean everOpened;
    private long reopenings;

    public GateMachine(GateTiming timing) {
        this.timing = timing;
    }

    /**
     * @param confirmedNanos when the newest confirmed renewal was sent; read before the clock
     * @param leaseValid whether the lease itself says that it holds; false also while the node doubts its sense of time
     * @param nowNanos the clock the confirmation is measured on
     * @param earlyNanos how much sooner than needed an open gate is prolonged, if it is asked about so soon; less than {@link GateTiming#refreshNanos()}
     */
    public Decision decide(long confirmedNanos, boolean leaseValid, long nowNanos, long earlyNanos) {
        long age = nowNanos - confirmedNanos;
        if (phase != Phase.GONE && age >= timing.lengthNanos()) {
            phase = Phase.GONE;
            loss = Loss.LEASE_OVER;
        }
        if (phase == Phase.GONE) {
            return new Decision(Action.LET_GO, nowNanos);
        }
        if (phase == Phase.OPEN && nowNanos - lastCallNanos < timing.refreshNanos() - earlyNanos) {
            return new Decision(Action.WAIT, lastCallNanos + timing.refreshNanos());
        }
        // In doubt nothing is prolonged, but nothing is taken down either: a fresh round trip usually ends the doubt in
        // milliseconds. A confirmation from the future means that the two clocks are not one: never build on it.
        if (!leaseValid || age < 0 || age >= timing.freshNanos()) {
            return new Decision(Action.WAIT, nowNanos + timing.refreshNanos() / 10);
        }
        Action action;
        switch (phase) {
            case SHUT:
                action = Action.ARM;
                break;
            case ARMED:
                action = Action.OPEN;
                break;
            default:
                action = Action.PROLONG;
                break;
        }
        lastCallNanos = nowNanos;
        return new Decision(action, nowNanos);
    }

    /**
     * Tells what the kernel said to the last {@code ARM}, {@code OPEN} or {@code PROLONG}.
     *
     * @param accepted false if it was refused because what it builds on does not stand (any more)
     */
    public void done(Action action, boolean accepted) {
        if (phase == Phase.GONE) {
            return;
        }
        switch (action) {
            case ARM:
                if (accepted) {
                    phase = Phase.ARMED;
                } else {
                    phase = Phase.GONE;
                    loss = Loss.GATE_GONE;
                }
                break;
            case OPEN:
                phase = accepted ? Phase.OPEN : Phase.SHUT;
                if (accepted && everOpened) {
                    reopenings++;
                }
                everOpened |= accepted;
                break;
            case PROLONG:
                phase = accepted ? Phase.OPEN : Phase.SHUT;
                break;
            default:
                break;
        }
    }

    /** Whether the last word of the kernel was "open"; it may have expired since. */
    public boolean isOpen() {
        return phase == Phase.OPEN;
    }

    /** How often the gate expired and was opened again: each time the address was mute for a moment. */
    public long reopenings() {
        return reopenings;
    }

    public Loss loss() {
        return loss;
    }
}
