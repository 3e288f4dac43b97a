package org.understudy.ha.iptakeover.spi;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Tells the segment who has an address, and asks it. Bound to one interface. Thread-safe. */
public interface AddressAnnouncer extends AutoCloseable {

    /**
     * Sends frames as they are, all at once: whoever has many paces them.
     *
     * @return false if the host itself dropped any of them: the gate is closed, or the interface is down or gone
     * @throws PlatformException for any other failure
     */
    boolean send(List<EthernetFrame> frames);

    /**
     * Asks who uses the addresses, by ARP probes (RFC 5227) and by neighbour solicitations as duplicate address detection sends them
     * (RFC 4862), and waits. Many addresses are asked for in bursts, which takes a millisecond more for each hundred.
     *
     * @param mac of this interface
     * @param probes how many for each address, spread over the time; no more once a rival was found
     * @return the hardware address of somebody else who answered for an address or announced it; empty if nobody did
     * @throws InterruptedException if interrupted while waiting
     */
    Map<IpAddress, MacAddress> probe(MacAddress mac, Collection<IpAddress> addresses, int probes, Duration time)
            throws InterruptedException;

    @Override
    void close();
}
