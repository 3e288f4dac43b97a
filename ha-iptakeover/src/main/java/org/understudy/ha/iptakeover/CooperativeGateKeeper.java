package org.understudy.ha.iptakeover;

import java.util.concurrent.CountDownLatch;
import org.understudy.ha.api.spi.EnforcedLease;

/** Where the kernel has no gates: only this process ends the addresses. */
final class CooperativeGateKeeper implements GateKeeper {
    private static final long LOOK_NANOS = 20_000_000;

    private final EnforcedLease lease;

    CooperativeGateKeeper(EnforcedLease lease) {
        this.lease = lease;
    }

    @Override
    public void open(CountDownLatch ending) {
        // They are open once they stand.
    }

    /** As with a gate: a moment of doubt is no end, and the end does not move. */
    @Override
    public Turn turn() {
        long confirmed = lease.confirmedNanos();
        return lease.nowNanos() - confirmed < lease.lengthNanos()
                ? new Turn(LOOK_NANOS, true, false, "")
                : Turn.over("the lease is over");
    }

    @Override
    public long earlyNanos() {
        return LOOK_NANOS / 2;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isEnforced() {
        return false;
    }

    @Override
    public void shut() {
        // The addresses themselves are taken away.
    }

    @Override
    public boolean remove() {
        return true;
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
