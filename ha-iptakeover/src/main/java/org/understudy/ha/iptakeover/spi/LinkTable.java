package org.understudy.ha.iptakeover.spi;

import java.util.Optional;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** The network interfaces of this host. Thread-safe; a call takes microseconds. */
public interface LinkTable extends AutoCloseable {

    /**
     * One interface now.
     *
     * @param speaksArp Ethernet and not {@code NOARP}
     * @param carrierLosses how often the carrier went since the interface was made; 0 if the kernel does not count
     */
    record Link(
            String name,
            int index,
            Optional<MacAddress> mac,
            boolean isUp,
            boolean hasCarrier,
            boolean isLoopback,
            boolean speaksArp,
            int carrierLosses) {}

    /** {@code ip link show dev NAME}; empty if there is none. */
    Optional<Link> byName(String name);

    /** The same by index: the cheap look for monitors. */
    Optional<Link> byIndex(int index);

    /** Whether the interface of this name still has this index: it was neither renamed nor replaced. A microsecond. */
    boolean isStill(int index, String name);

    /** Whether there is an interface of this name that is up and has a carrier. A microsecond; false also where its driver does not tell, and {@link #byIndex} does. */
    boolean isWell(String name);

    /** Whether an interface forwards IPv6, {@code sysctl net.ipv6.conf.IF.forwarding}; false if it is gone. */
    boolean forwardsV6(int index);

    @Override
    void close();
}
