package org.understudy.ha.membership.jmx;

import java.util.List;
import java.util.Map;

/**
 * What JMX shows of a node: looking only, nothing can be changed. Called {@code org.understudy.ha:type=Node,cluster=…,name=…}.
 *
 * @since 0.1.0
 */
public interface NodeMXBean {

    /** As {@link org.understudy.ha.api.NodeState}. */
    String getState();

    /** Whether the control thread works. */
    boolean isLive();

    /** Whether a majority answers it. */
    boolean isReady();

    /** One sentence about the two. */
    String getReason();

    /** Whether it may be granted groups now. */
    boolean isOwner();

    /** Why not; empty if it may. */
    String getWhyNoOwner();

    /** Nodes that can be reached. */
    List<String> getMembers();

    /** A line for each group: name, state, holder, token and reason. */
    List<String> getGroups();

    /** The newest hundred decisions, newest first. */
    List<String> getDecisions();

    /** Every value by name; what tells several of one name apart stands in braces behind it. */
    Map<String, Double> getMetrics();
}
