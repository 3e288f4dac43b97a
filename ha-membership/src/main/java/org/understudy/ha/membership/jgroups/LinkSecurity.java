package org.understudy.ha.membership.jgroups;

import org.understudy.ha.membership.security.NodeKeys;

/** How the nodes of a cluster know each other. There is no default: running open needs the explicit word. */
public sealed interface LinkSecurity {

    /**
     * Mutual TLS 1.3; each connection counts for the node its certificate names.
     *
     * @param keys this node's own
     */
    record MutualTls(NodeKeys keys) implements LinkSecurity {}

    /** Neither authentication nor encryption: whoever reaches the port can speak as any node. For loopback experiments. */
    record Insecure() implements LinkSecurity {}
}
