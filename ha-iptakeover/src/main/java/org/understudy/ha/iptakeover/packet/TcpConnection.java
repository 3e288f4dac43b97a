package org.understudy.ha.iptakeover.packet;

import java.util.Optional;

/**
 * The two ends of a TCP connection as they stand on the wire, seen from one of them. An IPv4 connection of a dual-stack socket
 * has IPv4 addresses here.
 *
 * <p>Ordered by version, local address, local port, remote address and remote port.
 *
 * @param localPort 1 to 65535
 * @param remotePort 1 to 65535
 */
public record TcpConnection(IpAddress local, int localPort, IpAddress remote, int remotePort)
        implements Comparable<TcpConnection> {
    private static final int PORT_MAX = 0xffff;

    /**
     * @throws IllegalArgumentException if there can be no such connection, see {@link #of}
     */
    public TcpConnection {
        String problem = problem(local, localPort, remote, remotePort);
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
    }

    /**
     * The same for ends that came from outside.
     *
     * @return empty if there can be no such connection: an end is no single host, or an IPv4-mapped address, which is never on the wire;
     *     the addresses are of different versions; or a port is out of range
     */
    public static Optional<TcpConnection> of(IpAddress local, int localPort, IpAddress remote, int remotePort) {
        return problem(local, localPort, remote, remotePort).isEmpty()
                ? Optional.of(new TcpConnection(local, localPort, remote, remotePort))
                : Optional.empty();
    }

    private static String problem(IpAddress local, int localPort, IpAddress remote, int remotePort) {
        if (isNoHost(local) || isNoHost(remote)) {
            return "each end of a connection is one host, unlike in " + local + " and " + remote;
        }
        if (local.isV6() != remote.isV6()) {
            return "a connection has two addresses of one version, not " + local + " and " + remote;
        }
        boolean isInRange = localPort > 0 && localPort <= PORT_MAX && remotePort > 0 && remotePort <= PORT_MAX;
        return isInRange ? "" : "a TCP port is 1 to 65535, not " + localPort + " and " + remotePort;
    }

    private static boolean isNoHost(IpAddress address) {
        return address.isAny() || address.isMulticast() || address instanceof Ipv6Address v6 && v6.isV4Mapped();
    }

    /** Whether it means something on one link only: which one, no other host can say. */
    public boolean isLinkLocal() {
        return local instanceof Ipv6Address a && a.isLinkLocal() || remote instanceof Ipv6Address b && b.isLinkLocal();
    }

    @Override
    public int compareTo(TcpConnection other) {
        int order = compareLocal(other);
        if (order == 0) {
            order = compare(remote, other.remote);
        }
        return order == 0 ? Integer.compare(remotePort, other.remotePort) : order;
    }

    /** The order of the local ends alone: 0 if both connections came to the same address and port. */
    public int compareLocal(TcpConnection other) {
        int order = compare(local, other.local);
        return order == 0 ? Integer.compare(localPort, other.localPort) : order;
    }

    private static int compare(IpAddress a, IpAddress b) {
        if (a instanceof Ipv4Address a4 && b instanceof Ipv4Address b4) {
            return Integer.compareUnsigned(a4.bits(), b4.bits());
        }
        if (a instanceof Ipv6Address a6 && b instanceof Ipv6Address b6) {
            int order = Long.compareUnsigned(a6.high(), b6.high());
            return order == 0 ? Long.compareUnsigned(a6.low(), b6.low()) : order;
        }
        return a.isV6() ? 1 : -1;
    }

    // By hand, as in Ipv4Address.
    @Override
    public boolean equals(Object other) {
        return other instanceof TcpConnection that
                && localPort == that.localPort
                && remotePort == that.remotePort
                && local.equals(that.local)
                && remote.equals(that.remote);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * local.hashCode() + localPort) + remote.hashCode()) + remotePort;
    }

    /** As {@code ss} writes it, IPv6 in brackets. */
    @Override
    public String toString() {
        return end(local, localPort) + " - " + end(remote, remotePort);
    }

    private static String end(IpAddress address, int port) {
        return address.isV6() ? "[" + address + "]:" + port : address + ":" + port;
    }
}
