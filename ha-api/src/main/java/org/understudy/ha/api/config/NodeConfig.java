package org.understudy.ha.api.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.PlacementPolicy;

/**
 * A checked configuration of one node; made by {@link HaNodeBuilder}.
 *
 * @param cluster the cluster's name
 * @param node this node
 * @param peers every node that votes, this node included, in order of rank
 * @param stateDirectory where this node keeps what it promised; must survive restarts and be on a local disk
 * @param mayForm whether this node takes part in forming a new cluster when every peer's disk is empty
 * @param guardian whether a guardian process is started
 * @param enforcers what the application brought to end leases with, besides the process's own end
 * @param jmx whether the node is shown in the platform's MBean server
 * @param administration whether the node takes commands on a socket in its state directory
 * @param threads makes every thread of this node
 * @param capacity how much of what this node has for groups that need it
 * @param policies the application's own, each with another name
 */
public record NodeConfig(
        String cluster,
        NodeId node,
        List<Peer> peers,
        Path stateDirectory,
        Security security,
        Timing timing,
        boolean mayForm,
        boolean guardian,
        ProcessPolicy processPolicy,
        List<Enforcer> enforcers,
        boolean jmx,
        boolean administration,
        ThreadFactory threads,
        SortedMap<String, Integer> capacity,
        List<PlacementPolicy> policies) {

    /** Name of the socket that takes commands. */
    public static final String ADMINISTRATION_SOCKET = "admin.sock";

    /** Makes the threads of a node that was given no factory. */
    public static final ThreadFactory PLAIN_THREADS = Thread::new;

    public NodeConfig {
        policies = List.copyOf(policies);
        peers = List.copyOf(peers);
        capacity = Collections.unmodifiableSortedMap(new TreeMap<>(capacity));
        enforcers = List.copyOf(enforcers);
    }

    /** Where commands are taken, if they are: {@value #ADMINISTRATION_SOCKET} in the state directory. */
    public Path administrationSocket() {
        return stateDirectory.resolve(ADMINISTRATION_SOCKET);
    }

    /** This node's own entry. */
    public Peer self() {
        return peers.stream().filter(p -> p.node().equals(node)).findFirst().orElseThrow();
    }
}
