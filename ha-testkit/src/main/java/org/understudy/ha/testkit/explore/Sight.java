package org.understudy.ha.testkit.explore;

import java.util.Locale;

/** What a state shows. A space in which what it is about never happens proves nothing. */
enum Sight {
    /** A record after the first is chosen. */
    CHOSEN,
    /** Two different records after the first are chosen. */
    CHOSEN_TWICE,
    /** A record lies on a disk that was accepted and never chosen, and another was chosen above it. */
    DROPPED,
    /** A record is chosen under a ballot that nobody was asked to promise: its proposer went on. */
    WENT_ON,
    /** A node's lease holds. */
    LEASE,
    /** A session's end by silence is chosen. */
    REMOVAL,
    /** A session's end by silence lies on some disk while its lease holds still: the majority is not there yet. */
    REMOVAL_BEGUN_UNDER_LEASE,
    /** A group is granted to another node than before, and started there. */
    TAKEOVER,
    /** A node is in a later life. */
    RESTART,
    /** A crash took a write away. */
    LOST_WRITE,
    /** An older copy of a disk came back. */
    OLDER_DISK,
    /** A disk that had to ask votes again. */
    RECOVERED,
    /** A record with two sets of acceptors is chosen. */
    JOINT,
    /** A change of the acceptors is complete. */
    SETTLED_AGAIN,
    /** A node has missed a step of time. */
    PAUSED;

    /** How it is called in figures. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
