package org.understudy.ha.api.config;

import java.net.InetSocketAddress;
import java.util.List;
import org.understudy.ha.api.NodeId;

/**
 * A node that votes.
 *
 * @param links its addresses, one for each network between the nodes; exactly one today
 * @param isWitness whether it votes only and owns no resources
 */
public record Peer(NodeId node, List<InetSocketAddress> links, boolean isWitness) {
    public Peer {
        links = List.copyOf(links);
    }
}
