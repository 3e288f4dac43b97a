package org.understudy.ha.api.config;

/** What the library may do to the process it is embedded in. Each word includes the ones before it. */
public enum ProcessPolicy {
    /** Nothing. A group that cannot be stopped blocks until its lease is over or an operator helps. */
    NEVER_HALT,
    /**
     * Halt the JVM ({@link Runtime#halt}, exit status 70) when a group cannot be stopped: the last way to let another node take over. The log
     * and the listeners have a fifth of a second for their last words.
     */
    HALT_ALLOWED,
    /**
     * Also have the process killed (SIGKILL, no hook runs) at the end of a lease that was not renewed, if a group that only the end of
     * this process ends is not certainly stopped by then, although the process may be paused: so others may take such a group over
     * after a pause or a power cut.
     */
    KILL_AT_LEASE_END;

    public boolean mayHalt() {
        return this != NEVER_HALT;
    }

    public boolean mayKill() {
        return this == KILL_AT_LEASE_END;
    }
}
