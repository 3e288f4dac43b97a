package org.understudy.ha.membership.guardian;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;

/**
 * What a guardian is started with.
 *
 * @param cluster the cluster's name, 1 to 128 bytes
 * @param node the node it watches
 * @param peers where the last will goes: each peer on each link, resolved; at most 64
 * @param locals the address of this host on each link, from which the will is sent; at most 16, at least one
 * @param lockFile {@code guardian.lock} in the node's own directory; the guardian holds an OS lock on it for as long as it
 *     lives, so that the next life of the node waits for its end. Created if absent, never deleted
 * @param threads makes the two threads that listen to the guardian
 */
public record GuardianSettings(
        String cluster,
        NodeId node,
        List<InetSocketAddress> peers,
        List<InetAddress> locals,
        Path lockFile,
        ThreadFactory threads) {
    static final int PEERS_MAX = 64;
    static final int LOCALS_MAX = 16;
    private static final int CLUSTER_LENGTH_MAX = 128;

    /**
     * @throws ConfigurationException listing everything that cannot work
     */
    public GuardianSettings {
        peers = List.copyOf(peers);
        locals = List.copyOf(locals);
        lockFile = lockFile.toAbsolutePath();
        List<Problem> problems = new ArrayList<>();
        int clusterLength = cluster.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (clusterLength < 1 || clusterLength > CLUSTER_LENGTH_MAX) {
            problems.add(new Problem("cluster", cluster, "give the cluster a name of 1 to 128 bytes"));
        }
        if (peers.size() > PEERS_MAX) {
            problems.add(new Problem("peers", peers.size() + " addresses", "at most " + PEERS_MAX + " can be told"));
        }
        for (InetSocketAddress peer : peers) {
            if (peer.isUnresolved()) {
                problems.add(new Problem("peers", peer.toString(), "is not resolved: write a numeric address"));
            }
        }
        if (locals.isEmpty() || locals.size() > LOCALS_MAX) {
            problems.add(new Problem(
                    "locals",
                    locals.size() + " addresses",
                    "name this host's address on each link, 1 to " + LOCALS_MAX));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }
}
