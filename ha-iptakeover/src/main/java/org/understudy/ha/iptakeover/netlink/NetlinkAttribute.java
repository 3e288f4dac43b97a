package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;

/**
 * One attribute ({@code struct nlattr}): what it is not known for is kept verbatim.
 *
 * <pre>
 *  0  2  length with this header, without padding
 *  2  2  type; bit 15 = nested, bit 14 = network byte order
 *  4  n  value; the next attribute starts at the next multiple of four
 * </pre>
 *
 * @param type without the two flag bits
 * @param isNested whether the value is marked as a list of attributes
 */
public record NetlinkAttribute(int type, boolean isNested, byte[] value) {
    private static final int HEADER_BYTES = 4;
    private static final int NESTED = 0x8000;
    private static final int TYPE_MASK = 0x3fff;

    public NetlinkAttribute {
        value = value.clone();
    }

    @Override
    public byte[] value() {
        return value.clone();
    }

    public static NetlinkAttribute ofBytes(int type, byte[] value) {
        return new NetlinkAttribute(type, false, value);
    }

    public static NetlinkAttribute ofByte(int type, int value) {
        return ofBytes(type, new byte[] {(byte) value});
    }

    /** A 32-bit number in host order, as rtnetlink has it. */
    public static NetlinkAttribute ofInt(int type, int value) {
        return ofBytes(
                type,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    /** A 32-bit number in network order, as nf_tables has it. */
    public static NetlinkAttribute ofNetworkInt(int type, int value) {
        return ofBytes(type, ByteBuffer.allocate(4).putInt(value).array());
    }

    /** A 64-bit number in network order, as nf_tables has it. */
    public static NetlinkAttribute ofNetworkLong(int type, long value) {
        return ofBytes(type, ByteBuffer.allocate(8).putLong(value).array());
    }

    /** A text ended by a zero byte. */
    public static NetlinkAttribute ofText(int type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return ofBytes(type, Arrays.copyOf(bytes, bytes.length + 1));
    }

    public static NetlinkAttribute ofNested(int type, NetlinkAttribute... inner) {
        return new NetlinkAttribute(type, true, encodeAll(List.of(inner)));
    }

    /** Attributes one after the other, each padded. */
    public static byte[] encodeAll(List<NetlinkAttribute> attributes) {
        int total = 0;
        for (NetlinkAttribute a : attributes) {
            total += NetlinkMessage.align(HEADER_BYTES + a.value.length);
        }
        ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.nativeOrder());
        for (NetlinkAttribute a : attributes) {
            int start = out.position();
            out.putShort((short) (HEADER_BYTES + a.value.length))
                    .putShort((short) (a.type | (a.isNested ? NESTED : 0)))
                    .put(a.value)
                    .position(start + NetlinkMessage.align(HEADER_BYTES + a.value.length));
        }
        return out.array();
    }

    /**
     * Reads attributes up to the end of {@code bytes}.
     *
     * @throws MalformedMessageException if a length field points outside
     */
    public static List<NetlinkAttribute> decodeAll(byte[] bytes, int from) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        List<NetlinkAttribute> attributes = new ArrayList<>();
        int start = from;
        while (start < bytes.length) {
            int left = bytes.length - start;
            if (left < HEADER_BYTES) {
                throw new MalformedMessageException(start, "attribute header cut off after " + left + " bytes");
            }
            int size = in.getShort(start) & 0xffff;
            if (size < HEADER_BYTES || size > left) {
                throw new MalformedMessageException(
                        start, "attribute length " + size + " with " + left + " bytes left");
            }
            int type = in.getShort(start + 2) & 0xffff;
            attributes.add(new NetlinkAttribute(
                    type & TYPE_MASK,
                    (type & NESTED) != 0,
                    Arrays.copyOfRange(bytes, start + HEADER_BYTES, start + size)));
            start += NetlinkMessage.align(size);
        }
        return List.copyOf(attributes);
    }

    /** The first attribute of a type. */
    public static Optional<NetlinkAttribute> find(List<NetlinkAttribute> attributes, int type) {
        for (NetlinkAttribute a : attributes) {
            if (a.type == type) {
                return Optional.of(a);
            }
        }
        return Optional.empty();
    }

    /** The value as a list of attributes. */
    public List<NetlinkAttribute> nested() {
        return decodeAll(value, 0);
    }

    /** The value as one unsigned byte. */
    public int asByte() {
        return buffer(1).get() & 0xff;
    }

    /** The value as a 32-bit number in host order. */
    public int asInt() {
        return buffer(4).order(ByteOrder.nativeOrder()).getInt();
    }

    /** The value as a 32-bit number in network order. */
    public int asNetworkInt() {
        return buffer(4).getInt();
    }

    /** The value as a 64-bit number in network order. */
    public long asNetworkLong() {
        return buffer(8).getLong();
    }

    /** The value as text up to its first zero byte. */
    public String asText() {
        int end = 0;
        while (end < value.length && value[end] != 0) {
            end++;
        }
        return new String(value, 0, end, StandardCharsets.US_ASCII);
    }

    private ByteBuffer buffer(int expected) {
        if (value.length < expected) {
            throw new MalformedMessageException(
                    0, "attribute " + type + " has " + value.length + " bytes, expected " + expected);
        }
        return ByteBuffer.wrap(value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NetlinkAttribute that
                && type == that.type
                && isNested == that.isNested
                && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(value);
    }
}
