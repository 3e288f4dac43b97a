package org.understudy.ha.iptakeover.spi;

import java.time.Duration;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Tells the segment who has an address, and asks it. Bound to one interface. Thread-safe. */
public interface AddressAnnouncer extends AutoCloseable {

    /**
     * Sends a gratuitous request and a gratuitous reply.
     *
     * @return false if the host itself dropped them: the gate is closed, or the interface is down or gone
     * @throws PlatformException for any other failure
     */
    boolean announce(MacAddress mac, Ipv4Address address);

    /**
     * Asks who uses the address (RFC 5227 probe) and waits.
     *
     * @param mac of this interface
     * @param probes how many, spread over the time
     * @return the hardware address of somebody else who answered or announced it, empty if nobody did
     * @throws InterruptedException if interrupted while waiting
     */
    Optional<MacAddress> probe(MacAddress mac, Ipv4Address address, int probes, Duration time)
            throws InterruptedException;

    @Override
    void close();
}
