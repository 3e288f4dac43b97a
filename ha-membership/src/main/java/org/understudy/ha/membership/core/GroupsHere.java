package org.understudy.ha.membership.core;

import java.util.Optional;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Troubles;

/** What the groups of one node are doing on it, for its driver. Not thread-safe: for the thread that drives the machine, and true at that moment. */
public interface GroupsHere {

    /** Whether this node offers a group, or still has something of it to stop. */
    boolean isThere(String group);

    /** How many groups {@link #isThere} is true for. */
    int count();

    /** What a group is doing on this node; empty if it is not active here. */
    Optional<GroupStatus.State> state(String group);

    /** The token under which a group is, or was last, active on this node; 0 if it never was. */
    long token(String group);

    /** Why a group could not be stopped on this node; empty if it is not blocked. */
    String whyBlocked(String group);

    /** What failed in a group that runs on this node while nothing is done about it, and why nothing is; empty if nothing did. */
    String whyLetBe(String group);

    /** What went wrong with a group on this node and is not forgotten yet. */
    Troubles troubles(String group, long now);
}
