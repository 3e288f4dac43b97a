package org.understudy.ha.iptakeover.spi;

import org.understudy.ha.api.PlatformException;

/**
 * What lets one floating address speak and hear on one interface, and stops doing so by itself. Closed means: nobody
 * outside reaches the address and nothing leaves in its name, ARP included.
 *
 * <p>Opening takes two steps, so that a caller that stalls in between cannot open late: {@link #arm} (expires), then {@link #open}
 * (refused once the arming expired). Prolonging is one atomic step that is refused once the opening expired. The time-outs run
 * in the kernel from the call. One caller at a time.
 */
public interface AddressGate extends AutoCloseable {

    /**
     * Creates the gate, closed, replacing one that an earlier process left.
     *
     * @param tag of the incarnation, for last rites
     * @throws PlatformException EPERM without CAP_NET_ADMIN
     */
    void create(int tag);

    /**
     * First step of opening; a second arming before the first expired is fine.
     *
     * @return false if the gate does not exist any more
     */
    boolean arm(long timeoutMillis);

    /**
     * Second step; opens for the time given.
     *
     * @return false if the arming has expired: nothing was changed
     */
    boolean open(long timeoutMillis);

    /**
     * Opens for the time given from now, only if it is still open.
     *
     * @return false if it has expired: nothing was changed
     */
    boolean prolong(long timeoutMillis);

    /** Closes it now; it stays in place, closed. Closing a closed or absent gate is fine. */
    void shut();

    /** Takes the gate away; afterwards nothing is blocked any more. Absent is fine. */
    void remove();

    /** Frees the descriptors. The gate stays in the kernel. */
    @Override
    void close();
}
