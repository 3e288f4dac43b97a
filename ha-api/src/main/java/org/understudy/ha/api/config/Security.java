package org.understudy.ha.api.config;

import java.nio.file.Path;

/** How nodes know each other. */
public sealed interface Security {

    /**
     * Mutual TLS 1.3 with the cluster's own CA.
     *
     * @param directory the node's key directory as the certificates call made it
     */
    record Keys(Path directory) implements Security {}

    /** No authentication and no encryption: whoever reaches the port can take every resource. For loopback experiments only. */
    record Insecure() implements Security {}
}
