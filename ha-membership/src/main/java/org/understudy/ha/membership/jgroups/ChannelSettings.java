package org.understudy.ha.membership.jgroups;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;

/**
 * What a {@link JGroupsChannel} needs to know. Checked when made; reports every mistake at once.
 *
 * @param cluster 1 to 32 lower-case letters, digits and hyphens, starting with a letter; the same on every node
 * @param self this node, one of {@code nodes}
 * @param nodes every node of the cluster, in rank order, with the addresses of its links. A link is one network path; exactly
 *     one is supported today, and more are refused by name. Addresses are resolved, explicit (no wildcard, no port 0)
 * @param security with keys, they must name this node and this cluster
 * @param threads makes the channel's threads, which are then named and turned into daemons
 */
public record ChannelSettings(
        String cluster,
        NodeId self,
        Map<NodeId, List<InetSocketAddress>> nodes,
        LinkSecurity security,
        ThreadFactory threads) {

    /** Links to a node that this version can use. The type of {@link #nodes()} is the place where more will arrive. */
    private static final int LINKS_MAX = 1;

    /**
     * @throws ConfigurationException with all mistakes
     */
    public ChannelSettings {
        Map<NodeId, List<InetSocketAddress>> copy = new LinkedHashMap<>();
        nodes.forEach((node, links) -> copy.put(node, List.copyOf(links)));
        nodes = Collections.unmodifiableMap(copy);
        List<Problem> problems = new ArrayList<>();
        if (!cluster.matches("[a-z][a-z0-9-]{0,31}")) {
            problems.add(new Problem(
                    "cluster", cluster, "use 1 to 32 lower-case letters, digits and hyphens, starting with a letter"));
        }
        if (!nodes.containsKey(self)) {
            problems.add(
                    new Problem("node", self.value(), "is not among the nodes " + nodes.keySet() + ": add it there"));
        }
        Map<InetSocketAddress, NodeId> owners = new HashMap<>();
        nodes.forEach((node, links) -> checkLinks(node, links, owners, problems));
        if (security instanceof LinkSecurity.MutualTls) {
            checkKeys((LinkSecurity.MutualTls) security, cluster, self, problems);
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /** The address of a configured node. */
    InetSocketAddress address(NodeId node) {
        List<InetSocketAddress> links = nodes.get(node);
        if (links == null) {
            throw new ConfigurationException("node", node, "is not configured");
        }
        return links.get(0);
    }

    private static void checkLinks(
            NodeId node, List<InetSocketAddress> links, Map<InetSocketAddress, NodeId> owners, List<Problem> problems) {
        String key = "node." + node + ".links";
        if (links.isEmpty()) {
            problems.add(new Problem(key, "[]", "give the address and port this node listens on"));
        }
        if (links.size() > LINKS_MAX) {
            problems.add(new Problem(
                    key,
                    links.toString(),
                    "redundant links are not supported by this version: give exactly one address"));
        }
        for (InetSocketAddress link : links) {
            if (link.isUnresolved()) {
                problems.add(new Problem(key, link.getHostString(), "cannot be resolved: write the numeric address"));
            } else if (link.getAddress().isAnyLocalAddress()
                    || link.getAddress().isMulticastAddress()) {
                problems.add(
                        new Problem(key, link.toString(), "is not the address of one node: write an explicit one"));
            } else if (link.getPort() == 0) {
                problems.add(
                        new Problem(key, link.toString(), "has no port: the other nodes must know it, choose one"));
            } else {
                NodeId other = owners.putIfAbsent(link, node);
                if (other != null) {
                    problems.add(new Problem(key, link.toString(), "is also the address of node " + other));
                }
            }
        }
    }

    private static void checkKeys(LinkSecurity.MutualTls tls, String cluster, NodeId self, List<Problem> problems) {
        if (!tls.keys().node().equals(self)) {
            problems.add(new Problem(
                    "keys", tls.keys().toString(), "belong to another node: give the directory made for " + self));
        }
        if (!tls.keys().cluster().equals(cluster)) {
            problems.add(new Problem(
                    "keys", tls.keys().toString(), "belong to another cluster: give keys made for cluster " + cluster));
        }
    }
}
