package org.understudy.ha.api;

/** What must end for a resource to be surely gone. */
public enum Scope {
    /** Gone with the process, for example a listening socket or an in-memory task. */
    PROCESS,
    /** Outlives the process on the same host, for example an IP address. */
    NODE,
    /** Outlives the host, for example a cloud route; only its own device or sink can end it. */
    EXTERNAL
}
