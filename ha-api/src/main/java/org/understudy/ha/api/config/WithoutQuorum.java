package org.understudy.ha.api.config;

/**
 * What a group does on a node that no majority answers any more. Either way nobody else is granted the group without a proof that it
 * is over here; the difference is what that proof may be.
 */
public enum WithoutQuorum {
    /**
     * It is stopped before the lease ends. If something ends it with the lease even when this process does not run (see
     * {@link org.understudy.ha.api.Coverage}), a majority elsewhere takes it over after the lease.
     */
    STOP,
    /**
     * It goes on where it is, for as long as it takes, and its lease is not valid meanwhile. In exchange the end of the lease is never a
     * proof: after a pause, a power cut or a split nobody takes it over until its process is proved gone, it was stopped and said so, its
     * node is back on the same machine and disk, or an operator vouches for its end; a forced record leaves it held
     * too. A false word of an operator makes two owners of it. When a majority answers again, and has removed this node's session, the group is stopped and granted anew.
     */
    KEEP_RUNNING
}
