package org.understudy.ha.iptakeover.spi;

import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * What the kernel tells of interfaces and addresses as they change, told to one listener on one thread, in order. Ordinary users may
 * listen.
 *
 * <p>A reason to look again, not a record: a pulled cable may be told up to a second late (the kernel holds such events back for plain
 * network cards), and what was dropped is told as {@link Missed}. So whoever must know also polls.
 */
public interface LinkEvents extends AutoCloseable {

    /** Ends the thread, at once. After this returns nothing is told any more, unless the listener itself calls it. Idempotent. */
    @Override
    void close();

    /** One change. */
    sealed interface Event permits LinkChanged, LinkRemoved, AddressChanged, Missed {}

    /**
     * An interface is there, in this state.
     *
     * @param name the present one
     * @param carrierLosses as in {@link LinkTable.Link}
     * @param isMoved whether the segment must learn anew where it is, though its carrier never went: a bond or a team under it changed its port
     */
    record LinkChanged(String name, int index, boolean isUp, boolean hasCarrier, int carrierLosses, boolean isMoved)
            implements Event {}

    /** An interface was deleted, or moved to another network namespace. */
    record LinkRemoved(String name, int index) implements Event {}

    /**
     * An address was added, prolonged or changed, or it is gone.
     *
     * @param isThere false if it was removed
     */
    record AddressChanged(int interfaceIndex, IpAddress address, int prefixLength, boolean isThere) implements Event {}

    /** Changes came faster than they were taken, or one could not be read: look at everything again. */
    record Missed() implements Event {}
}
