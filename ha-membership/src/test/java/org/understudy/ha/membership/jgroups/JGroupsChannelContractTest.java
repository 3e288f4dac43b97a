package org.understudy.ha.membership.jgroups;

import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.membership.spi.GroupChannelContract;

class JGroupsChannelContractTest extends GroupChannelContract {
    private final TestCluster cluster = TestCluster.secure("a", "b", "c");

    @Override
    protected GroupChannel channel(NodeId node) {
        return cluster.channel(node.value());
    }
}
