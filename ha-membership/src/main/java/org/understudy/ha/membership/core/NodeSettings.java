package org.understudy.ha.membership.core;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.record.HostIdentity;

/**
 * What a node's machine must know before it starts.
 *
 * @param peers every configured peer in order of rank, this node included
 * @param disk identity of this node's disk, hexadecimal
 * @param mayForm whether this node takes part in forming a new cluster
 * @param willKey key of this node's guardian, Base64; empty without one
 * @param host where this process runs
 * @param isDiskCurrent whether the disk is known to have forgotten nothing since its last write: it is new, or this run of the kernel
 *     remembers that write
 * @param nonceSeed drawn at random by the driver for each life; tells this life's requests from others'
 * @param capacity how much of what this node has for groups that need it
 * @param policies the application's own
 */
public record NodeSettings(
        String cluster,
        NodeId self,
        List<NodeId> peers,
        String disk,
        Timing timing,
        boolean mayForm,
        String willKey,
        HostIdentity host,
        boolean isDiskCurrent,
        long nonceSeed,
        SortedMap<String, Integer> capacity,
        List<PlacementPolicy> policies) {

    public NodeSettings {
        policies = List.copyOf(policies);
        peers = List.copyOf(peers);
        capacity = Collections.unmodifiableSortedMap(new TreeMap<>(capacity));
    }

    /** Of a node without capacities and policies. */
    public NodeSettings(
            String cluster,
            NodeId self,
            List<NodeId> peers,
            String disk,
            Timing timing,
            boolean mayForm,
            String willKey,
            HostIdentity host,
            boolean isDiskCurrent,
            long nonceSeed) {
        this(
                cluster,
                self,
                peers,
                disk,
                timing,
                mayForm,
                willKey,
                host,
                isDiskCurrent,
                nonceSeed,
                new TreeMap<>(),
                List.of());
    }

    /** Position among the peers; the last for a node that is none. */
    int rank() {
        int index = peers.indexOf(self);
        return index < 0 ? peers.size() : index;
    }

    /** The same on every node that was configured alike. */
    String configDigest() {
        return cluster + peers + timing;
    }
}
