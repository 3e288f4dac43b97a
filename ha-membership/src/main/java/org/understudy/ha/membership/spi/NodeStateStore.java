package org.understudy.ha.membership.spi;

import java.util.Optional;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.StorageException;

/**
 * The durable state of one node: one payload, replaced as a whole, with the identity of the disk it lies on.
 *
 * <p>All calls block for as long as the disk takes, so they belong on an executor of their own and never on the loop. One
 * caller at a time; {@link #close()} may come from any thread. The store neither retries nor repairs: after any failure the
 * only safe thing is to step aside, and a store that failed once fails for ever.
 */
public interface NodeStateStore extends AutoCloseable {

    /**
     * Takes exclusive possession of the disk, reads what is there and counts this boot.
     *
     * <p>When it returns, the disk identity and the increased boot count are durable. Called once; a second call is refused.
     * Nothing on the disk is changed if it throws, except that a boot may have been counted. A damaged state is never modified.
     *
     * @return what was found
     * @throws StorageException if the disk cannot be used or trusted: damaged, of a newer format, foreign, in use by another
     *     node, not writable, full. The message names the file, what was found and the remedy
     * @throws LifecycleException if called twice or after {@link #close()}
     */
    Opened open();

    /**
     * Replaces the payload. Returns only when the new payload is durable; a crash at any moment leaves the old or the new
     * payload, never neither and never a mixture. Saving the same bytes twice is harmless and counts as two writes.
     *
     * @param payload not retained; at most {@link #PAYLOAD_MAX} bytes
     * @throws StorageException if it is not certain that the payload is durable. Whether the old or the new one will be found
     *     at the next start is then unknown, and every later call throws as well
     * @throws LifecycleException before {@link #open()} or after {@link #close()}
     * @throws IllegalArgumentException if the payload is too long; the store stays usable
     */
    void save(byte[] payload);

    /**
     * How many times this disk was written durably since its identity was drawn, this process included. Grows by one with
     * each {@link #open()} and each {@link #save(byte[])}.
     */
    long writeCount();

    /**
     * Lets go of the disk. Writes nothing, never throws, idempotent. Waits two seconds for a save that runs meanwhile; on a disk
     * that hangs longer the disk stays taken until the save ends or the process does.
     */
    @Override
    void close();

    /** The longest payload a store takes, in bytes. */
    int PAYLOAD_MAX = 16 << 20;

    /**
     * A random 128-bit number drawn when a disk is first used. Tells a node on its own disk from the same node on a new or
     * foreign one.
     */
    record DiskIdentity(long high, long low) {
        @Override
        public String toString() {
            return String.format("%016x%016x", high, low);
        }
    }

    /**
     * What {@link #open()} found.
     *
     * @param disk the identity, drawn now if the disk was empty
     * @param wasEmpty whether this node never used this disk before
     * @param bootCount opens of this disk, this one included; 1 on an empty disk
     * @param writeCount {@link NodeStateStore#writeCount()} just after opening
     * @param payload the newest saved payload; absent if none was ever saved
     * @param isCurrent whether this is certainly what was written last: the disk was empty, or this run of the kernel remembers
     *     that write. False after the host was started again, and for an older copy; and then false again at the next open until
     *     something was saved in between. Whoever opens such a state and saves it has to say in it that it may lack something
     * @param notice what an operator should know of this disk though it can be used, one sentence
     */
    record Opened(
            DiskIdentity disk,
            boolean wasEmpty,
            long bootCount,
            long writeCount,
            Optional<byte[]> payload,
            boolean isCurrent,
            Optional<String> notice) {}
}
