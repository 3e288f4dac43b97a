package org.understudy.ha.api.spi;

import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.config.NodeConfig;

/** Makes the {@link HaNode} behind {@link HaNode#builder()}; found by {@link java.util.ServiceLoader}. */
public interface HaNodeProvider {

    /**
     * Starts a node with a checked configuration.
     *
     * @throws org.understudy.ha.api.HaException if it cannot start; nothing is left open or running then
     */
    HaNode start(NodeConfig config);
}
