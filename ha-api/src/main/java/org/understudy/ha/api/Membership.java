package org.understudy.ha.api;

import java.util.List;

/** Who can be reached now. Drives liveness only; being absent here never proves that a node is dead. */
public interface Membership {

    /** The newest view; never blocks. */
    View view();

    /**
     * Who could be reached when this view was made.
     *
     * @param number grows by one with each view of this node; views of different nodes cannot be compared
     * @param members this node included, the coordinator first
     */
    record View(long number, List<NodeId> members) {
        public View {
            members = List.copyOf(members);
        }
    }
}
