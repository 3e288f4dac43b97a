package org.understudy.ha.iptakeover.linux;

import java.util.List;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.RouteMessage;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkControl;

/** Whether a card serves this host already: then it is no spare. */
public final class CardUse {
    private static final int FAMILY_IPV6 = 10;
    private static final int SCOPE_LINK = 253;

    private CardUse() {}

    /**
     * What it is used for; empty if for nothing. Addresses of this library do not count, nor do those that IPv6 makes by itself on
     * every card.
     *
     * @throws PlatformException if the kernel does not tell
     */
    public static String of(LinkControl.Entry card) {
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.ROUTE)) {
            if (card.masterIndex() != 0) {
                return "is a port of a bridge or bond";
            }
            for (int family : List.of(AddressMessage.FAMILY_IPV4, FAMILY_IPV6)) {
                if (carriesAddress(socket, family, card.index())) {
                    return "carries an " + (family == FAMILY_IPV6 ? "IPv6" : "IPv4") + " address";
                }
                if (carriesDefaultRoute(socket, family, card.index())) {
                    return "carries the default route";
                }
            }
            return "";
        }
    }

    private static boolean carriesAddress(NetlinkSocket socket, int family, int index) {
        NetlinkMessage request = new AddressMessage(family, 0, 0, 0, 0, List.of())
                .toMessage(AddressMessage.GET, NetlinkMessage.REQUEST | NetlinkMessage.DUMP);
        for (NetlinkMessage m : socket.dump(request, "RTM_GETADDR")) {
            if (m.type() == AddressMessage.NEW) {
                AddressMessage address = AddressMessage.decode(m.payload());
                boolean byItself = family == FAMILY_IPV6 && address.scope() == SCOPE_LINK;
                // A kernel without the family answers with what it has.
                if (address.family() == family
                        && address.interfaceIndex() == index
                        && address.proto() != AddressTable.PROTO
                        && !byItself) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean carriesDefaultRoute(NetlinkSocket socket, int family, int index) {
        for (NetlinkMessage m : socket.dump(RouteMessage.dumpRequest(family), "RTM_GETROUTE")) {
            if (m.type() == RouteMessage.NEW) {
                RouteMessage route = RouteMessage.decode(m.payload());
                if (route.family() == family
                        && route.isDefault()
                        && route.interfaces().contains(index)) {
                    return true;
                }
            }
        }
        return false;
    }
}
