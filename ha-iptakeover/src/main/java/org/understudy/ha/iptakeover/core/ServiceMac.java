package org.understudy.ha.iptakeover.core;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Which hardware addresses may move from host to host, and how one is made from a name. */
public final class ServiceMac {
    /** 00:00:5e:00:01 and 00:00:5e:00:02, without the router's number (RFC 9568 section 7.3). */
    private static final long VRRP_IPV4 = 0x00_00_5e_00_01L;

    private static final long VRRP_IPV6 = 0x00_00_5e_00_02L;

    private static final int LOCALLY_ADMINISTERED = 0x02;

    private ServiceMac() {}

    /** Six pairs of hexadecimal digits with colons; empty if it is anything else. */
    public static Optional<MacAddress> parse(String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            return Optional.empty();
        }
        return Optional.of(new MacAddress(Long.parseLong(text.replace(":", ""), 16)));
    }

    /**
     * 02 and the first five bytes of the SHA-256 of the name in UTF-8: locally administered, unicast (IEEE 802c), and the same on every
     * node and in every version. Two names of a thousand share one with a probability of 5 in ten million.
     */
    public static MacAddress from(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            byte[] bytes = new byte[MacAddress.BYTES];
            bytes[0] = LOCALLY_ADMINISTERED;
            System.arraycopy(hash, 0, bytes, 1, MacAddress.BYTES - 1);
            return MacAddress.of(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Why an address cannot be a service's, with the remedy; empty if it can. */
    public static String unusable(MacAddress mac) {
        if (mac.equals(MacAddress.ZERO)) {
            return "is nobody's address: give one that is locally administered, for example 02:00:00:00:00:01";
        }
        if (mac.isGroup()) {
            return "has the group bit set, no card can have it: make the second digit even, best 2, 6, a or e";
        }
        long prefix = mac.bits() >>> 8;
        if (prefix == VRRP_IPV4 || prefix == VRRP_IPV6) {
            return "is kept for VRRP routers: a router with this number on the network would share it; give a locally"
                    + " administered one, which begins with 02";
        }
        return "";
    }
}
