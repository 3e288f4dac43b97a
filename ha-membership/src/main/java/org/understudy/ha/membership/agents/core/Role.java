package org.understudy.ha.membership.agents.core;

/** What an instance of a service is, as far as is known. */
public enum Role {
    STOPPED,
    UNPROMOTED,
    PROMOTED,
    /** Active, and broken. */
    FAILED,
    UNKNOWN
}
