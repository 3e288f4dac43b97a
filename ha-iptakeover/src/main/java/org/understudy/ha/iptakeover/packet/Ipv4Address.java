package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An IPv4 address, four bytes. Unlike {@code InetAddress} it never asks a name service.
 *
 * @param bits the address in network order, so {@code 192.0.2.1} is {@code 0xc0000201}
 */
public record Ipv4Address(int bits) implements IpAddress {
    /** {@code 0.0.0.0}, "no address yet" (RFC 1122, 3.2.1.3). */
    public static final Ipv4Address ANY = new Ipv4Address(0);

    /** Length on the wire. */
    public static final int BYTES = 4;

    /**
     * Reads the dotted form with four decimal numbers. No other form is taken: leading zeros, hexadecimal and shortened
     * addresses mean different things to different programs.
     *
     * @return empty if {@code text} is not of that form
     */
    public static Optional<Ipv4Address> parse(String text) {
        int bits = 0;
        int parts = 0;
        int position = 0;
        while (position <= text.length()) {
            int dot = text.indexOf('.', position);
            int end = dot < 0 ? text.length() : dot;
            int part = decimal(text, position, end);
            if (part < 0 || parts == 4) {
                return Optional.empty();
            }
            bits = bits << 8 | part;
            parts++;
            position = end + 1;
        }
        return parts == 4 ? Optional.of(new Ipv4Address(bits)) : Optional.empty();
    }

    private static int decimal(String text, int from, int to) {
        int length = to - from;
        if (length < 1 || length > 3 || length > 1 && text.charAt(from) == '0') {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value > 255 ? -1 : value;
    }

    /**
     * The address in the first four bytes.
     *
     * @throws IllegalArgumentException if there are not exactly four
     */
    public static Ipv4Address of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("an IPv4 address has 4 bytes, not " + bytes.length);
        }
        return new Ipv4Address(ByteBuffer.wrap(bytes).getInt());
    }

    /** The four bytes in network order. */
    @Override
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES).putInt(bits).array();
    }

    @Override
    public int length() {
        return 32;
    }

    @Override
    public boolean isV6() {
        return false;
    }

    @Override
    public boolean isAny() {
        return bits == 0;
    }

    /** {@code 127.0.0.0/8} (RFC 1122). */
    @Override
    public boolean isLoopback() {
        return bits >>> 24 == 127;
    }

    /** {@code 224.0.0.0/4} (RFC 5771). */
    @Override
    public boolean isMulticast() {
        return bits >>> 28 == 0xe;
    }

    /** {@code 0.0.0.0/8}, "this network" (RFC 1122). */
    public boolean isThisNetwork() {
        return bits >>> 24 == 0;
    }

    /** {@code 255.255.255.255} (RFC 919). */
    public boolean isLimitedBroadcast() {
        return bits == -1;
    }

    /** {@code 240.0.0.0/4} without the limited broadcast (RFC 1112). */
    public boolean isReserved() {
        return bits >>> 28 == 0xf && !isLimitedBroadcast();
    }

    /**
     * Whether this is the broadcast address of the subnet of {@code host}; /31 and /32 have none (RFC 3021).
     *
     * @param prefixLength 0 to 32
     */
    public boolean isBroadcastOf(Ipv4Address host, int prefixLength) {
        return prefixLength < 31 && bits == (host.bits | hostMask(prefixLength));
    }

    /** Whether this is the network address of the subnet of {@code host}; /31 and /32 have none (RFC 3021). */
    public boolean isNetworkOf(Ipv4Address host, int prefixLength) {
        return prefixLength < 31 && bits == (host.bits & ~hostMask(prefixLength));
    }

    @Override
    public boolean isInNetworkOf(IpAddress other, int prefixLength) {
        return other instanceof Ipv4Address that && ((bits ^ that.bits) & ~hostMask(prefixLength)) == 0;
    }

    private static int hostMask(int prefixLength) {
        return prefixLength == 0 ? -1 : (1 << 32 - prefixLength) - 1;
    }

    // By hand: what the compiler generates for a record is linked at first use, ten milliseconds in the middle of a
    // takeover.
    @Override
    public boolean equals(Object other) {
        return other instanceof Ipv4Address that && bits == that.bits;
    }

    @Override
    public int hashCode() {
        return bits;
    }

    /** The dotted form. */
    @Override
    public String toString() {
        return (bits >>> 24) + "." + (bits >>> 16 & 255) + "." + (bits >>> 8 & 255) + "." + (bits & 255);
    }
}
