package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.FreePorts;
import org.understudy.ha.membership.refusal.RefusalCounts;
import org.understudy.ha.membership.security.TestCertificates;

/** Nodes of one cluster on free ports of the loopback interface. */
final class TestCluster {
    private final Map<NodeId, List<InetSocketAddress>> nodes = new LinkedHashMap<>();
    private final boolean isSecure;

    private TestCluster(boolean isSecure, String... names) {
        this.isSecure = isSecure;
        try {
            for (int port : FreePorts.choose(names.length)) {
                nodes.put(
                        NodeId.of(names[nodes.size()]),
                        List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static TestCluster secure(String... names) {
        return new TestCluster(true, names);
    }

    static TestCluster insecure(String... names) {
        return new TestCluster(false, names);
    }

    InetSocketAddress address(String node) {
        return nodes.get(NodeId.of(node)).get(0);
    }

    /** The same cluster as one node sees it that has another idea of where a node is. */
    TestCluster where(String node, InetSocketAddress address) {
        TestCluster other = new TestCluster(isSecure);
        other.nodes.putAll(nodes);
        other.nodes.put(NodeId.of(node), List.of(address));
        return other;
    }

    ChannelSettings settings(String self) {
        LinkSecurity security =
                isSecure ? new LinkSecurity.MutualTls(TestCertificates.demo(self)) : new LinkSecurity.Insecure();
        return settings(self, security);
    }

    ChannelSettings settings(String self, LinkSecurity security) {
        return new ChannelSettings("demo", NodeId.of(self), nodes, security, Thread::new);
    }

    JGroupsChannel channel(String self) {
        return new JGroupsChannel(settings(self), new RefusalCounts());
    }
}
