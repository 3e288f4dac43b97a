package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/**
 * Membership of an interface in the groups that are asked for some addresses (solicited-node, RFC 4291, 2.7.1), for addresses that do not
 * stand on it. The kernel opens the card's filter for them, reports them to routers and to switches that snoop (MLD, RFC 3810), answers
 * their queries, and leaves when this is closed or the process ends, in whatever way. {@code IPV6_ADD_MEMBERSHIP}, ipv6(7).
 *
 * <p>Needs no privilege. Nothing is received here: a member that is not bound has no port.
 */
public final class SolicitedGroups implements AutoCloseable {
    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_ADD_MEMBERSHIP = 20;
    /** {@code struct ipv6_mreq}. */
    private static final int REQUEST_BYTES = 20;
    /** What a socket may have, {@code net.core.optmem_max}, was 20 kB for long: more than 300 memberships. */
    private static final int GROUPS_PER_SOCKET = 200;

    private final List<Fd> sockets = new ArrayList<>();

    /**
     * Joins from now on.
     *
     * @param interfaceIndex the interface, in the network namespace of this process
     * @param addresses of which those of IPv6 have such groups
     * @throws PlatformException ENODEV if there is no such interface, EINVAL if it has no IPv6
     */
    public SolicitedGroups(int interfaceIndex, Collection<? extends IpAddress> addresses) {
        NativeAccess.require();
        Set<Ipv6Address> groups = new LinkedHashSet<>();
        for (IpAddress address : addresses) {
            if (address instanceof Ipv6Address six) {
                groups.add(six.solicitedNode());
            }
        }
        boolean isOpen = false;
        try {
            int joined = 0;
            for (Ipv6Address group : groups) {
                if (joined++ % GROUPS_PER_SOCKET == 0) {
                    sockets.add(Libc.socket(Libc.AF_INET6, Libc.SOCK_DGRAM, 0));
                }
                join(sockets.get(sockets.size() - 1), group, interfaceIndex);
            }
            isOpen = true;
        } finally {
            if (!isOpen) {
                close();
            }
        }
    }

    private static void join(Fd socket, Ipv6Address group, int interfaceIndex) {
        byte[] request = ByteBuffer.allocate(REQUEST_BYTES)
                .order(ByteOrder.nativeOrder())
                .put(group.toBytes())
                .putInt(interfaceIndex)
                .array();
        try {
            Libc.setOption(socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request);
        } catch (PlatformException e) {
            throw new PlatformException(
                    "setsockopt",
                    e.errno(),
                    "group " + group + " was not joined on interface " + interfaceIndex + ": "
                            + Libc.errnoName(e.errno()) + "; IPv6 must be on there",
                    e);
        }
    }

    @Override
    public void close() {
        sockets.forEach(Fd::close);
    }
}
