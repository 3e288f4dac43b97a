package org.understudy.ha.iptakeover.linux;

import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/**
 * A membership in an IPv6 group on one interface, for as long as it is open. The kernel reports it to switches and routers (RFC 3810) in the
 * name of the interface: with its own hardware address and its own link-local address.
 */
public final class GroupMembership implements AutoCloseable {
    private final Fd fd;

    /**
     * @throws PlatformException EAFNOSUPPORT without IPv6, ENODEV if there is no such interface, ENOBUFS beyond {@code
     *     net.core.optmem_max}
     */
    public GroupMembership(int interfaceIndex, Ipv6Address group) {
        fd = Libc.socket(Libc.AF_INET6, Libc.SOCK_DGRAM, 0);
        boolean isJoined = false;
        try {
            Libc.joinGroup(fd, group.toBytes(), interfaceIndex);
            isJoined = true;
        } finally {
            if (!isJoined) {
                fd.close();
            }
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
