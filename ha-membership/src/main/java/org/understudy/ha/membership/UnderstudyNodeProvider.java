package org.understudy.ha.membership;

import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.spi.HaNodeProvider;

/** The implementation behind {@link HaNode#builder()}. */
public final class UnderstudyNodeProvider implements HaNodeProvider {

    @Override
    public HaNode start(NodeConfig config) {
        return UnderstudyNode.start(config);
    }
}
