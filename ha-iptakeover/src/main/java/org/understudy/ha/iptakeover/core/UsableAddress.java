package org.understudy.ha.iptakeover.core;

import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/** Which addresses may float, in sentences for whoever configured one. */
public final class UsableAddress {
    private static final String REMEDY = ": use a free unicast address of the clients' network";

    private UsableAddress() {}

    /**
     * @return why it may not float, with the remedy; empty if it may
     */
    public static String problem(IpAddress address) {
        if (address instanceof Ipv6Address six) {
            return problem(six);
        }
        return address instanceof Ipv4Address four ? problem(four) : "";
    }

    private static String problem(Ipv4Address a) {
        String kind = a.isLoopback()
                ? "a loopback address"
                : a.isMulticast()
                        ? "a multicast address"
                        : a.isLimitedBroadcast()
                                ? "the broadcast address"
                                : a.isThisNetwork() ? "not a host" : a.isReserved() ? "reserved" : "";
        return kind.isEmpty() ? "" : "is " + kind + REMEDY;
    }

    private static String problem(Ipv6Address a) {
        if (a.isLinkLocal()) {
            return "is link-local (fe80::/10): it means something on one link only, and every client would have to name its own"
                    + " interface with it; use a global address, or a unique local one (fd00::/8, RFC 4193)";
        }
        if (a.isV4Mapped()) {
            return "is an IPv4 address in IPv6 form, which no host answers for on a network: write "
                    + new Ipv4Address((int) a.low());
        }
        String kind = a.isLoopback()
                ? "the loopback address"
                : a.isMulticast() ? "a multicast address" : a.isAny() ? "the unspecified address" : "";
        return kind.isEmpty() ? "" : "is " + kind + REMEDY;
    }

    /**
     * @param text what {@link IpAddress#parse} does not take
     * @return what is wrong with it, with the remedy
     */
    public static String malformed(String text) {
        if (text.indexOf('%') >= 0) {
            return "has a zone: leave out the % and what follows it; the interface is given by networkInterface, and a link-local"
                    + " address cannot float";
        }
        if (text.indexOf('/') >= 0) {
            return "has a prefix length: leave out the / and what follows it; a floating address always stands as /32 (IPv4) or /128"
                    + " (IPv6)";
        }
        return text.indexOf(':') >= 0
                ? "is not an IPv6 address: write up to eight groups of hexadecimal digits without brackets, for example 2001:db8::50"
                : "is not an IP address: write IPv4 as four decimal numbers without leading zeros, for example 192.0.2.10, or IPv6"
                        + " as hexadecimal groups, for example 2001:db8::50";
    }
}
