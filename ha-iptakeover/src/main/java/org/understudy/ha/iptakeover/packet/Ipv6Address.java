package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An IPv6 address, sixteen bytes (RFC 4291).
 *
 * @param high the first eight bytes in network order
 * @param low the last eight
 */
public record Ipv6Address(long high, long low) implements IpAddress {
    /** {@code ::}, "no address yet" (RFC 4291, 2.5.2). */
    public static final Ipv6Address ANY = new Ipv6Address(0, 0);

    /** {@code ff02::1}, everybody on the link (RFC 4291, 2.7.1). */
    public static final Ipv6Address ALL_NODES = new Ipv6Address(0xff02L << 48, 1);

    /** Length on the wire. */
    public static final int BYTES = 16;

    private static final int PARTS = 8;
    private static final int PART_DIGITS_MAX = 4;
    /** {@code ff02::1:ff00:0/104} (RFC 4291, 2.7.1). */
    private static final long SOLICITED_LOW = 0x1_ff00_0000L;

    private static final long SOLICITED_MASK = 0xff_ffffL;

    /**
     * Reads any form of RFC 4291, 2.2: full, shortened once by {@code ::}, with an IPv4 address in the last four bytes. A zone ({@code %eth0}),
     * a prefix length or brackets are not part of an address and not taken.
     *
     * @return empty if {@code text} is not of that form
     */
    public static Optional<Ipv6Address> parse(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            return parts(text).filter(parts -> parts.length == PARTS).map(Ipv6Address::ofParts);
        }
        // A dotted end belongs at the end.
        boolean isDottedBefore = text.substring(0, gap).indexOf('.') >= 0;
        if (isDottedBefore || text.indexOf("::", gap + 1) >= 0) {
            return Optional.empty();
        }
        Optional<int[]> before = parts(text.substring(0, gap));
        Optional<int[]> after = parts(text.substring(gap + 2));
        if (before.isEmpty() || after.isEmpty() || before.get().length + after.get().length >= PARTS) {
            return Optional.empty();
        }
        int[] all = new int[PARTS];
        System.arraycopy(before.get(), 0, all, 0, before.get().length);
        System.arraycopy(after.get(), 0, all, PARTS - after.get().length, after.get().length);
        return Optional.of(ofParts(all));
    }

    /** The sixteen-bit parts of a text without a gap; none of the empty text. */
    private static Optional<int[]> parts(String text) {
        if (text.isEmpty()) {
            return Optional.of(new int[0]);
        }
        String[] words = text.split(":", -1);
        int dotted = words[words.length - 1].indexOf('.') >= 0 ? 1 : 0;
        if (words.length + dotted > PARTS) {
            return Optional.empty();
        }
        int[] parts = new int[words.length + dotted];
        for (int i = 0; i < words.length - dotted; i++) {
            parts[i] = part(words[i]);
            if (parts[i] < 0) {
                return Optional.empty();
            }
        }
        if (dotted > 0) {
            Optional<Ipv4Address> end = Ipv4Address.parse(words[words.length - 1]);
            if (end.isEmpty()) {
                return Optional.empty();
            }
            parts[parts.length - 2] = end.get().bits() >>> 16;
            parts[parts.length - 1] = end.get().bits() & 0xffff;
        }
        return Optional.of(parts);
    }

    private static int part(String word) {
        if (word.isEmpty() || word.length() > PART_DIGITS_MAX) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            // Character.digit also takes digits of other scripts.
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static Ipv6Address ofParts(int[] parts) {
        long high = 0;
        long low = 0;
        for (int i = 0; i < PARTS / 2; i++) {
            high = high << 16 | parts[i];
            low = low << 16 | parts[i + PARTS / 2];
        }
        return new Ipv6Address(high, low);
    }

    /**
     * The address in sixteen bytes.
     *
     * @throws IllegalArgumentException if there are not exactly sixteen
     */
    public static Ipv6Address of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("an IPv6 address has 16 bytes, not " + bytes.length);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        return new Ipv6Address(in.getLong(), in.getLong());
    }

    @Override
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
    }

    @Override
    public int length() {
        return 128;
    }

    @Override
    public boolean isV6() {
        return true;
    }

    @Override
    public boolean isAny() {
        return high == 0 && low == 0;
    }

    /** {@code ::1}. */
    @Override
    public boolean isLoopback() {
        return high == 0 && low == 1;
    }

    /** {@code ff00::/8}. */
    @Override
    public boolean isMulticast() {
        return high >>> 56 == 0xff;
    }

    /** {@code fe80::/10}: means something on one link only. */
    public boolean isLinkLocal() {
        return high >>> 54 == 0x3fa;
    }

    /** {@code ::ffff:0:0/96}: an IPv4 address in disguise (RFC 4291, 2.5.5.2). */
    public boolean isV4Mapped() {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** Whether this is the anycast address of the routers of its subnet (RFC 4291, 2.6.1); /127 and /128 have none (RFC 6164). */
    public boolean isRouterAnycastOf(int prefixLength) {
        long highHost = prefixLength >= 64 ? 0 : -1L >>> prefixLength;
        long lowHost = prefixLength <= 64 ? -1L : (1L << 128 - prefixLength) - 1;
        return prefixLength < 127 && (high & highHost) == 0 && (low & lowHost) == 0;
    }

    /** The group that is asked for the hardware address of this one, {@code ff02::1:ffXX:XXXX} (RFC 4291, 2.7.1). */
    public Ipv6Address solicitedNode() {
        return new Ipv6Address(ALL_NODES.high, SOLICITED_LOW | low & SOLICITED_MASK);
    }

    /** The Ethernet group of a multicast address, {@code 33:33} and its last four bytes (RFC 2464, 7). */
    public MacAddress multicastMac() {
        return new MacAddress(0x3333L << 32 | low & 0xffff_ffffL);
    }

    @Override
    public boolean isInNetworkOf(IpAddress other, int prefixLength) {
        long highMask = prefixLength == 0 ? 0 : -1L << Math.max(0, 64 - prefixLength);
        long lowMask = prefixLength <= 64 ? 0 : -1L << 128 - prefixLength;
        return other instanceof Ipv6Address that
                && ((high ^ that.high) & highMask) == 0
                && ((low ^ that.low) & lowMask) == 0;
    }

    // By hand, as in Ipv4Address.
    @Override
    public boolean equals(Object other) {
        return other instanceof Ipv6Address that && high == that.high && low == that.low;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(high * 31 + low);
    }

    /** The canonical form of RFC 5952. */
    @Override
    public String toString() {
        int[] parts = new int[PARTS];
        for (int i = 0; i < PARTS / 2; i++) {
            parts[i] = (int) (high >>> 48 - 16 * i & 0xffff);
            parts[i + PARTS / 2] = (int) (low >>> 48 - 16 * i & 0xffff);
        }
        int gap = -1;
        int gapLength = 1;
        for (int i = 0; i < PARTS; i++) {
            int length = 0;
            while (i + length < PARTS && parts[i + length] == 0) {
                length++;
            }
            if (length > gapLength) {
                gap = i;
                gapLength = length;
            }
        }
        if (isV4Mapped()) {
            return "::ffff:" + new Ipv4Address((int) low);
        }
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < PARTS; i++) {
            if (i == gap) {
                text.append("::");
                i += gapLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(parts[i]));
            }
        }
        return text.toString();
    }
}
