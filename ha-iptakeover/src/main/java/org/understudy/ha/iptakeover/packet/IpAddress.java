package org.understudy.ha.iptakeover.packet;

import java.util.Arrays;
import java.util.Optional;

/**
 * An address of either version. Unlike {@code InetAddress} it never asks a name service and has no scope. Ordered as unsigned numbers,
 * version 4 first.
 */
public sealed interface IpAddress extends Comparable<IpAddress> permits Ipv4Address, Ipv6Address {

    /**
     * Reads the dotted form of an IPv4 address or any form of RFC 4291, 2.2, without a prefix length and without a zone.
     *
     * @return empty if it is neither
     */
    static Optional<IpAddress> parse(String text) {
        return text.indexOf(':') < 0
                ? Ipv4Address.parse(text).map(address -> address)
                : Ipv6Address.parse(text).map(address -> address);
    }

    /**
     * The address in four or sixteen bytes.
     *
     * @throws IllegalArgumentException if there are neither four nor sixteen
     */
    static IpAddress of(byte[] bytes) {
        return bytes.length == Ipv4Address.BYTES ? Ipv4Address.of(bytes) : Ipv6Address.of(bytes);
    }

    /** The bytes in network order, four or sixteen. */
    byte[] toBytes();

    /** How many bits it has, which is also the prefix length that stands for it alone: 32 or 128. */
    int length();

    /** Whether it is of version 6. */
    boolean isV6();

    /** All zero: "no address". */
    boolean isAny();

    /** Stays on its own host. */
    boolean isLoopback();

    /** Means a group of hosts. */
    boolean isMulticast();

    /**
     * Whether this and another one are of one version and have the same first bits.
     *
     * @param prefixLength 0 to {@link #length()}
     */
    boolean isInNetworkOf(IpAddress other, int prefixLength);

    @Override
    default int compareTo(IpAddress other) {
        return length() == other.length()
                ? Arrays.compareUnsigned(toBytes(), other.toBytes())
                : Integer.compare(length(), other.length());
    }
}
