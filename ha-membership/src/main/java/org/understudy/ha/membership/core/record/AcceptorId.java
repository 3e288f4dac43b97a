package org.understudy.ha.membership.core.record;

import org.understudy.ha.api.NodeId;

/**
 * One durable vote: a node with the disk it promised on. The same node with another disk is another acceptor.
 *
 * @param disk the disk's identity, hexadecimal
 */
public record AcceptorId(NodeId node, String disk) implements Comparable<AcceptorId> {
    @Override
    public int compareTo(AcceptorId other) {
        int byNode = node.compareTo(other.node);
        return byNode != 0 ? byNode : disk.compareTo(other.disk);
    }
}
