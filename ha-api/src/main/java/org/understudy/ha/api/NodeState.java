package org.understudy.ha.api;

/** What a node is doing. */
public enum NodeState {
    /** Waiting to be admitted: for every configured peer when forming, for a majority otherwise. Owns nothing. */
    JOINING,
    /** Has a session and a valid lease; may own groups. */
    ACTIVE,
    /** Had a session but no valid lease: stops, or has stopped, what it owned and does not know who owns it now. */
    IN_DOUBT,
    /** Has given up after an error that makes it unsafe to go on; owns nothing and votes no more. */
    STEPPED_ASIDE,
    /** Closed. */
    CLOSED
}
