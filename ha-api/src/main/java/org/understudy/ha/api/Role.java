package org.understudy.ha.api;

/** What a part of a group is. */
public enum Role {
    /** A group that runs on one node at a time. */
    WHOLE,
    /** One of the copies of a group that runs on several nodes at once; of a promotable one an unpromoted one, or the one that was promoted. */
    COPY,
    /** The promoted role of a promotable group: on one node at a time. */
    PROMOTED
}
