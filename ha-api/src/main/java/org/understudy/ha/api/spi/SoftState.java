package org.understudy.ha.api.spi;

import java.util.Optional;

/**
 * What the owner of a group tells the other nodes beside the cluster record: small, best effort, newest wins. For what a successor is glad
 * to have and can do without, such as the list of open connections; never for anything that must not be lost.
 *
 * <p>Kept in memory only, by nodes on which the group is registered; gone when they restart. What one owner says replaces what it and those
 * before it said. Thread-safe; nothing blocks.
 */
public interface SoftState {

    /** Largest state, in bytes. */
    int BYTES_MAX = 1 << 18;

    /** Where nothing is told and nothing is heard. */
    SoftState NONE = new SoftState() {
        @Override
        public void tell(byte[] state) {
            // Nobody listens.
        }

        @Override
        public Optional<byte[]> heard() {
            return Optional.empty();
        }
    };

    /**
     * Sends it to every node, once, within ten milliseconds or so. Dropped without a word if a node is not reached or this one does not own the group
     * any more: tell it again every second or so if that matters. Of what is told more often than every 10 ms only the newest is sent.
     *
     * @throws IllegalArgumentException if it is larger than {@link #BYTES_MAX}
     */
    void tell(byte[] state);

    /** The newest that this node heard from an owner of the group, itself included; empty if there was nothing. */
    Optional<byte[]> heard();
}
