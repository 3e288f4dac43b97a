package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.netlink.NeighbourMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.RouteMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.NeighbourTable;

/** The routes and neighbours of the kernel over rtnetlink (rtnetlink(7)). Needs no privilege. */
public final class LinuxNeighbourTable implements NeighbourTable {
    private final NetlinkSocket socket;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxNeighbourTable() {
        socket = NetlinkSocket.open(NetlinkSocket.ROUTE);
    }

    @Override
    public List<IpAddress> gateways(int interfaceIndex, boolean isV6) {
        List<RouteMessage> defaults = new ArrayList<>();
        Set<IpAddress> found = new LinkedHashSet<>();
        try {
            for (NetlinkMessage m : socket.dump(RouteMessage.dumpRequest(family(isV6)), "RTM_GETROUTE")) {
                RouteMessage route = RouteMessage.decode(m.payload());
                if (route.isDefault()) {
                    defaults.add(route);
                }
            }
            defaults.sort(Comparator.comparingLong(RouteMessage::metric));
            for (RouteMessage route : defaults) {
                for (IpAddress gateway : route.gateways(interfaceIndex)) {
                    if (gateway.isV6() == isV6) {
                        found.add(gateway);
                    }
                }
            }
        } catch (MalformedMessageException e) {
            throw unreadable("RTM_GETROUTE", e);
        }
        return List.copyOf(found);
    }

    @Override
    public List<Neighbour> recent(int interfaceIndex, boolean isV6, int limit) {
        List<Neighbour> found = new ArrayList<>();
        try {
            NetlinkMessage request = NeighbourMessage.dumpRequest(family(isV6), interfaceIndex);
            for (NetlinkMessage m : socket.dump(request, "RTM_GETNEIGH")) {
                NeighbourMessage entry = NeighbourMessage.decode(m.payload());
                if (entry.interfaceIndex() == interfaceIndex && entry.isRecent()) {
                    neighbour(entry).ifPresent(found::add);
                }
            }
        } catch (MalformedMessageException e) {
            throw unreadable("RTM_GETNEIGH", e);
        }
        found.sort(Comparator.comparingLong(Neighbour::usedMillisAgo));
        return List.copyOf(found.subList(0, Math.min(limit, found.size())));
    }

    private static Optional<Neighbour> neighbour(NeighbourMessage entry) {
        Optional<IpAddress> address = entry.address();
        Optional<MacAddress> mac = entry.mac();
        return address.isPresent() && mac.isPresent()
                ? Optional.of(new Neighbour(
                        address.get(),
                        mac.get(),
                        entry.isRouter(),
                        entry.usedMillisAgo().orElse(Long.MAX_VALUE)))
                : Optional.empty();
    }

    private static int family(boolean isV6) {
        return isV6 ? RouteMessage.FAMILY_IPV6 : RouteMessage.FAMILY_IPV4;
    }

    private static PlatformException unreadable(String call, MalformedMessageException e) {
        return new PlatformException(
                call, 0, "the kernel answered " + call + " with something that cannot be read: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        socket.close();
    }
}
