package org.understudy.ha.iptakeover.core;

/** The two sets of the kernel: elements that expire, each up to one tick late. */
final class SimulatedGate {
    private static final long MILLI = 1_000_000;
    private static final long NEVER = Long.MIN_VALUE;

    private final long timeoutNanos;
    private final boolean blind;
    private long armedEnds = NEVER;
    private long openEnds = NEVER;

    /**
     * @param blind a broken gate that prolongs and opens although it expired
     */
    SimulatedGate(GateTiming timing, boolean blind) {
        this.timeoutNanos = timing.timeoutMillis() * MILLI;
        this.blind = blind;
    }

    boolean call(GateMachine.Action action, long now, long lateness) {
        long ends = now + timeoutNanos + lateness;
        switch (action) {
            case ARM:
                armedEnds = ends;
                return true;
            case OPEN:
                if (now >= armedEnds && !blind) {
                    return false;
                }
                armedEnds = NEVER;
                openEnds = ends;
                return true;
            case PROLONG:
                if (now >= openEnds && !blind) {
                    return false;
                }
                openEnds = ends;
                return true;
            default:
                throw new AssertionError("not a call: " + action);
        }
    }

    long openEnds() {
        return openEnds;
    }
}
