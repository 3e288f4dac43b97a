package org.understudy.ha.iptakeover.packet;

/**
 * A 48-bit Ethernet address.
 *
 * @param bits the address in the low 48 bits, first byte on the wire highest
 */
public record MacAddress(long bits) {
    /** All zero: "unknown" in ARP requests. */
    public static final MacAddress ZERO = new MacAddress(0);

    /** Everybody on the segment. */
    public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

    /** Length on the wire. */
    public static final int BYTES = 6;

    /**
     * @throws IllegalArgumentException if more than 48 bits are used
     */
    public MacAddress {
        if (bits >>> 48 != 0) {
            throw new IllegalArgumentException("a MAC address has 48 bits: " + Long.toHexString(bits));
        }
    }

    /**
     * The address in six bytes.
     *
     * @throws IllegalArgumentException if there are not exactly six
     */
    public static MacAddress of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a MAC address has 6 bytes, not " + bytes.length);
        }
        long bits = 0;
        for (byte b : bytes) {
            bits = bits << 8 | b & 0xff;
        }
        return new MacAddress(bits);
    }

    /** The six bytes in wire order. */
    public byte[] toBytes() {
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = (byte) (bits >>> 40 - 8 * i);
        }
        return bytes;
    }

    /** Whether the group bit is set (IEEE 802): broadcast and multicast. */
    public boolean isGroup() {
        return (bits >>> 40 & 1) != 0;
    }

    // By hand, as in Ipv4Address.
    @Override
    public boolean equals(Object other) {
        return other instanceof MacAddress that && bits == that.bits;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(bits);
    }

    /** Six hexadecimal pairs with colons. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            int value = (int) (bits >>> shift & 0xff);
            text.append(Character.forDigit(value >>> 4, 16)).append(Character.forDigit(value & 15, 16));
            if (shift > 0) {
                text.append(':');
            }
        }
        return text.toString();
    }
}
