package org.understudy.ha.api.spi;

import java.util.List;
import org.understudy.ha.api.NodeId;

/**
 * Messages between the nodes of one cluster, and a hint who can be reached.
 *
 * <p>Loss, duplication, delay and reordering of frames are legal: every protocol above is idempotent. A view is a hint,
 * never a proof of death.
 */
public interface GroupChannel extends AutoCloseable {

    /**
     * Connects. Blocks until the channel can send and receive, at most a few seconds; being alone is a success.
     *
     * @param receiver called from the channel's threads; must return at once
     * @throws org.understudy.ha.api.HaException if an address, port or key cannot be used; nothing is left open then
     */
    void start(Receiver receiver);

    /**
     * Queues a frame for one node. Never blocks, never throws: a frame for a node that cannot be reached, or that has too
     * many frames waiting, is dropped. One unreachable node never delays a frame for another.
     */
    void send(NodeId to, byte[] frame);

    /** Frees every thread, socket and file. Idempotent, bounded to about two seconds. */
    @Override
    void close();

    /** Where the channel delivers. */
    interface Receiver {
        /**
         * @param from the sender as the channel knows it
         */
        void onFrame(NodeId from, byte[] frame);

        /**
         * @param members who can be reached now including this node, the coordinator first
         */
        void onView(List<NodeId> members);
    }
}
