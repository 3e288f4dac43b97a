package org.understudy.ha.iptakeover.core;

/** The map of the kernel: one deadline, which may be replaced as long as it is there. */
final class SimulatedDeadline {
    private final boolean blind;
    private boolean isThere = true;
    private long deadline;

    /** @param blind a broken map that takes a deadline also after the entry was removed */
    SimulatedDeadline(boolean blind) {
        this.blind = blind;
    }

    boolean extend(long deadlineNanos) {
        if (!isThere && !blind) {
            return false;
        }
        isThere = true;
        deadline = deadlineNanos;
        return true;
    }

    void shut() {
        isThere = false;
    }

    boolean isOpen(long now) {
        return isThere && now < deadline;
    }

    /** When it ends by itself; the beginning of time if it is shut. */
    long ends() {
        return isThere ? deadline : Long.MIN_VALUE;
    }
}
