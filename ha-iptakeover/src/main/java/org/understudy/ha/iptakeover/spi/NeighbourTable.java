package org.understudy.ha.iptakeover.spi;

import java.util.List;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * Who else is on a segment, as far as this host knows. Thread-safe; calls block for microseconds to milliseconds, with the size of
 * the kernel's tables.
 */
public interface NeighbourTable extends AutoCloseable {

    /**
     * A host this one has talked to.
     *
     * @param isRouter it said so itself; IPv6 only
     * @param usedMillisAgo since something was last sent to it
     */
    record Neighbour(IpAddress address, MacAddress mac, boolean isRouter, long usedMillisAgo) {}

    /**
     * The gateways of the default routes over an interface, the one with the lowest metric first, each once. {@code ip route
     * show default dev IF}.
     *
     * @param isV6 which IP version; the gateways are of that version too
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses, or its table is too large to be read
     */
    List<IpAddress> gateways(int interfaceIndex, boolean isV6);

    /**
     * Neighbours whose hardware address is known and not doubted, the latest used first. {@code ip neigh show dev IF}.
     *
     * @param limit of their number, positive
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses, or its table is too large to be read
     */
    List<Neighbour> recent(int interfaceIndex, boolean isV6, int limit);

    @Override
    void close();
}
