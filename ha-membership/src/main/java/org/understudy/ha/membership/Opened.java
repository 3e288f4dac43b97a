package org.understudy.ha.membership;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.NodeId;

/**
 * What a node has opened, to be closed in reverse: by its close, or by a start of which a later step has failed. Of one thread at a
 * time.
 */
final class Opened {

    private static final Logger LOG = LoggerFactory.getLogger(UnderstudyNode.class);

    private final NodeId node;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    Opened(NodeId node) {
        this.node = node;
    }

    /** It is closed before everything that was opened before it. */
    void push(AutoCloseable next) {
        opened.push(next);
    }

    /** It is to stay open. Returns whether it was open. */
    boolean remove(AutoCloseable kept) {
        return opened.remove(kept);
    }

    /** Closes everything, whatever happens on the way. */
    void closeAll() {
        while (!opened.isEmpty()) {
            AutoCloseable next = opened.pop();
            try {
                next.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception | Error e) {
                // Whatever it was, the rest must be closed as well.
                LOG.warn("node {}: {} did not close cleanly", node, next, e);
            }
        }
    }
}
