package org.understudy.ha.membership;

import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.spi.NodeStateStore;

/** What a node finds in its state directory, and whether it is its own. */
final class SavedState {

    private SavedState() {}

    /**
     * @throws StorageException if it cannot be read, or belongs to another node or cluster
     */
    static DurableState of(NodeStateStore.Opened found, NodeConfig config) {
        DurableState disk =
                found.payload().map(payload -> decode(payload, config)).orElse(DurableState.EMPTY);
        disk.accepted()
                .ifPresent(accepted -> refuseForeign(accepted, found.disk().toString(), config));
        return disk;
    }

    private static DurableState decode(byte[] payload, NodeConfig config) {
        try {
            return RecordCodec.decodeDurable(payload);
        } catch (MalformedMessageException e) {
            throw new StorageException(
                    config.stateDirectory(),
                    "the saved state is intact but cannot be read (" + e.getMessage()
                            + "); run the version that wrote it, or admit this node again with an empty directory",
                    e);
        }
    }

    /** A directory that belongs to another node or cluster must not be used by this one: each would break the other's promises. */
    private static void refuseForeign(ClusterRecord accepted, String disk, NodeConfig config) {
        boolean isOfCluster = accepted.cluster().equals(config.cluster());
        if (!isOfCluster) {
            throw new StorageException(
                    config.stateDirectory(),
                    "belongs to cluster " + accepted.cluster() + ", not to " + config.cluster()
                            + "; name this node's own directory");
        }

        accepted.ownerOf(disk).filter(owner -> !owner.equals(config.node())).ifPresent(owner -> {
            throw new StorageException(
                    config.stateDirectory(),
                    "belongs to node " + owner + ", not to " + config.node() + "; name this node's own directory");
        });
    }
}
