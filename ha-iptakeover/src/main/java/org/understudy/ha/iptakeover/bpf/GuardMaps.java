package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;

/**
 * The two maps of a card's guard, hash maps of the kernel. A <em>stay</em> is one time that a resource holds its addresses: all of them end
 * together, and one write moves their deadline, whatever their number.
 *
 * <pre>
 * understudy_held    0 16  address, IPv4 as ::ffff:a.b.c.d      ->  0 8  stay       8 8  stay ^ both words of the key
 * understudy_till    0  8  stay: tag of the incarnation, number ->  0 8  deadline   8 8  deadline ^ stay
 *                                                                   CLOCK_BOOTTIME in nanoseconds    (all in host order)
 * </pre>
 *
 * <p>The second word of a value binds it to its key: the kernel may use an element anew while a program reads it. The key of all ones, which no
 * frame has as an address of a host, stands in {@code held} as long as an IPv6 address does; it belongs to stay 0, which never speaks. It
 * is looked up for frames that cannot be read.
 */
public final class GuardMaps {
    /** Addresses that may be held on one card, by all processes. */
    public static final int HELD_MAX = 32_768;
    /** Resources that may hold addresses on one card. */
    public static final int STAYS_MAX = 1024;

    public static final int HELD_KEY_BYTES = 16;
    public static final int STAY_BYTES = 8;
    public static final int VALUE_BYTES = 16;

    private static final int MAPPED_AT = 10;

    private GuardMaps() {}

    /** What a map is like; one that is found must be like it. */
    public enum Shape {
        /** {@code BPF_F_NO_PREALLOC}: takes memory for what is in it only. */
        HELD("understudy_held", HELD_KEY_BYTES, HELD_MAX, 1),
        /** Preallocated: a prolonging must not fail for want of memory. */
        UNTIL("understudy_till", STAY_BYTES, STAYS_MAX, 0);

        private final String mapName;
        private final int keyBytes;
        private final int entriesMax;
        private final int flags;

        Shape(String mapName, int keyBytes, int entriesMax, int flags) {
            this.mapName = mapName;
            this.keyBytes = keyBytes;
            this.entriesMax = entriesMax;
            this.flags = flags;
        }

        /** Its name in the kernel. */
        public String mapName() {
            return mapName;
        }

        public int keyBytes() {
            return keyBytes;
        }

        public int valueBytes() {
            return VALUE_BYTES;
        }

        public int entriesMax() {
            return entriesMax;
        }

        /** {@code map_flags}. */
        public int flags() {
            return flags;
        }
    }

    /** @param number any, so that two stays of one incarnation differ */
    public static long stay(int tag, int number) {
        return (long) tag << 32 | number & 0xffff_ffffL;
    }

    /** Of a key of {@code until}. */
    public static long stayOf(byte[] key) {
        return word(key, 0);
    }

    /** The tag of the incarnation. */
    public static int tag(long stay) {
        return (int) (stay >>> 32);
    }

    /** Of {@code held}. */
    public static byte[] key(IpAddress address) {
        byte[] bytes = address.toBytes();
        if (address.isV6()) {
            return bytes;
        }
        byte[] key = new byte[HELD_KEY_BYTES];
        key[MAPPED_AT] = (byte) 0xff;
        key[MAPPED_AT + 1] = (byte) 0xff;
        System.arraycopy(bytes, 0, key, HELD_KEY_BYTES - Ipv4Address.BYTES, Ipv4Address.BYTES);
        return key;
    }

    /** The key that stands for frames that cannot be read. */
    public static byte[] unreadable() {
        return words(-1, -1);
    }

    /** The address of a key. */
    public static IpAddress address(byte[] key) {
        return isV4(key) ? IpAddress.of(new byte[] {key[12], key[13], key[14], key[15]}) : IpAddress.of(key);
    }

    /** Whether it is that of an IPv4 address. */
    public static boolean isV4(byte[] key) {
        for (int i = 0; i < MAPPED_AT; i++) {
            if (key[i] != 0) {
                return false;
            }
        }
        return key[MAPPED_AT] == -1 && key[MAPPED_AT + 1] == -1;
    }

    /** Of {@code held}. */
    public static byte[] held(byte[] key, long stay) {
        return words(stay, stay ^ word(key, 0) ^ word(key, 8));
    }

    /** Of {@code until}. */
    public static byte[] key(long stay) {
        return ByteBuffer.allocate(STAY_BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(stay)
                .array();
    }

    /**
     * Of {@code until}.
     *
     * @param deadlineNanos of the boot clock; 0 never speaks
     */
    public static byte[] until(long stay, long deadlineNanos) {
        return words(deadlineNanos, deadlineNanos ^ stay);
    }

    /** The stay in a value of {@code held}, or the deadline in one of {@code until}. */
    public static long first(byte[] value) {
        return word(value, 0);
    }

    /** Splits what a batch of calls gave into keys or values. */
    public static List<byte[]> split(byte[] all, int count, int length) {
        List<byte[]> parts = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte[] part = new byte[length];
            System.arraycopy(all, i * length, part, 0, length);
            parts.add(part);
        }
        return parts;
    }

    /** The other way round. */
    public static byte[] join(List<byte[]> parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        parts.forEach(all::put);
        return all.array();
    }

    private static byte[] words(long first, long second) {
        return ByteBuffer.allocate(VALUE_BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(first)
                .putLong(second)
                .array();
    }

    private static long word(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getLong(at);
    }
}
