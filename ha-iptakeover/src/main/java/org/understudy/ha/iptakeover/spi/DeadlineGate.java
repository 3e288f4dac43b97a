package org.understudy.ha.iptakeover.spi;

import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;

/**
 * What lets some addresses speak and hear until an instant of the kernel's boot clock, which the kernel compares for each frame of the card, and for
 * each packet of the host. One stay of the addresses: {@link #create}, some {@link #extend}, {@link #shut} and {@link #remove}. Thread-safe; a call takes
 * microseconds, {@code create} some milliseconds if the card had no guard any more.
 */
public interface DeadlineGate extends AutoCloseable {

    /**
     * Makes it, shut, in place of what a dead process left.
     *
     * @param tag of the incarnation, for last rites
     * @throws PlatformException if the kernel refuses, or a living process has one of the addresses
     * @throws ResourceException if the guard of the card cannot be had now
     */
    void create(int tag) throws ResourceException;

    /**
     * Opens it until the instant, or shuts it if that has passed. However late this comes, it cannot open longer than decided, and nothing
     * after {@link #shut()}.
     *
     * @param deadlineNanos of {@code CLOCK_BOOTTIME}
     * @return false if it was shut, or somebody removed it: nothing was changed
     */
    boolean extend(long deadlineNanos);

    /** Why the kernel does not heed it any more, in words; empty if it does. */
    String problem();

    /**
     * Whether each of the addresses is behind it still, open or shut: others may have tidied up since it was made. A question for each.
     *
     * @throws PlatformException if the kernel does not say
     */
    boolean isWhole();

    /** Shuts it for good. Again, or after somebody removed it, is fine. */
    void shut();

    /** Takes it away, after the addresses; what guards the card stays. Absent is fine. */
    void remove();

    /** Frees what the process has of it. What is in the kernel stays. */
    @Override
    void close();
}
