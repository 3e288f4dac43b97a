package org.understudy.ha.iptakeover.core;

/**
 * Decides until when some addresses may speak: the end of the lease, as an instant of the boot clock that the kernel itself compares.
 *
 * <p>Driver: read the lease's newest confirmation, then the clock, then ask {@link #decide}; write the deadline at once if told to; tell the
 * outcome by {@link #done}. One thread at a time.
 *
 * <p><b>The bound.</b> What is written is the sending of a confirmed renewal plus the length of the lease, and depends on no clock at the
 * moment of writing. So a stall of any length at any place, also twice in a row, can only write a deadline that was right when it was decided and is
 * the end of that lease still. The kernel refuses what is written after the gate was shut.
 */
public final class DeadlineMachine {
    /** What to do. */
    public enum Action {
        /** Write {@link Decision#deadlineNanos()}. */
        WRITE,
        /** Nothing is newer than what was written, or the lease is in doubt. */
        WAIT,
        /** Shut the gate, take the addresses down and stop asking. Final. */
        LET_GO
    }

    /** @param deadlineNanos of the boot clock; 0 except for {@link Action#WRITE} */
    public record Decision(Action action, long deadlineNanos) {}

    private final long lengthNanos;
    private GateMachine.Loss loss = GateMachine.Loss.NONE;
    private boolean isWritten;
    private long deadlineNanos;
    private long reopenings;

    /** @param lengthNanos from the sending of a confirmed renewal to the end of the lease */
    public DeadlineMachine(long lengthNanos) {
        this.lengthNanos = lengthNanos;
    }

    /**
     * @param confirmedNanos when the newest confirmed renewal was sent; read before the clock
     * @param leaseValid whether the lease itself says that it holds; false also while the node doubts its sense of time
     * @param nowNanos the boot clock
     */
    public Decision decide(long confirmedNanos, boolean leaseValid, long nowNanos) {
        long age = nowNanos - confirmedNanos;
        if (loss == GateMachine.Loss.NONE && age >= lengthNanos) {
            loss = GateMachine.Loss.LEASE_OVER;
        }
        if (loss != GateMachine.Loss.NONE) {
            return new Decision(Action.LET_GO, 0);
        }
        long end = confirmedNanos + lengthNanos;
        // A confirmation from the future means that the two clocks are not one.
        boolean isNews = !isWritten || end - deadlineNanos > 0;
        return leaseValid && age >= 0 && isNews ? new Decision(Action.WRITE, end) : new Decision(Action.WAIT, 0);
    }

    /**
     * Tells what the kernel said to a deadline.
     *
     * @param accepted false if the gate is not there any more
     * @param nowNanos after the call
     */
    public void done(Decision written, boolean accepted, long nowNanos) {
        if (!accepted) {
            gateGone();
            return;
        }
        if (isWritten && nowNanos - deadlineNanos >= 0) {
            reopenings++;
        }
        isWritten = true;
        deadlineNanos = written.deadlineNanos();
    }

    /** Nothing ends the addresses any more. */
    public void gateGone() {
        if (loss == GateMachine.Loss.NONE) {
            loss = GateMachine.Loss.GATE_GONE;
        }
    }

    /** Whether they may speak now, as far as the kernel was told. */
    public boolean isOpen(long nowNanos) {
        return isWritten && loss == GateMachine.Loss.NONE && nowNanos - deadlineNanos < 0;
    }

    /** How often a deadline came when the one before had passed: each time the addresses were mute for a moment. */
    public long reopenings() {
        return reopenings;
    }

    public GateMachine.Loss loss() {
        return loss;
    }
}
