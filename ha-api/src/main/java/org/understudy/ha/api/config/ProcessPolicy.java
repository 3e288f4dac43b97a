package org.understudy.ha.api.config;

/** What the library may do to the process it is embedded in. */
public enum ProcessPolicy {
    /** Nothing. A group that cannot be stopped blocks until its lease is over or an operator helps. */
    NEVER_HALT,
    /** Halt the JVM ({@link Runtime#halt}) when a group cannot be stopped: the last way to let another node take over. */
    HALT_ALLOWED
}
