package org.understudy.ha.api;

/** Whether a majority of the acceptors answers this node. */
public interface Quorum {

    /** True while this node's newest majority round trip is younger than the lease. Never blocks. */
    boolean isQuorate();

    /** How many acceptors the cluster record names; 0 before this node knows a record. */
    int acceptors();
}
