package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.understudy.ha.api.MalformedMessageException;

/**
 * An untagged Ethernet II frame without its checksum.
 *
 * <pre>
 *  0  6  destination
 *  6  6  source
 * 12  2  type, 0x0806 for ARP (RFC 826), 0x86dd for IPv6 (RFC 2464)
 * 14  n  payload; the card pads the frame to 60 bytes
 * </pre>
 */
public record EthernetFrame(MacAddress destination, MacAddress source, int type, byte[] payload) {
    /** The type of ARP, {@code ETH_P_ARP}. */
    public static final int TYPE_ARP = 0x0806;
    /** The type of IPv6, {@code ETH_P_IPV6}. */
    public static final int TYPE_IPV6 = 0x86dd;

    static final int HEADER_BYTES = 14;

    /** Longest payload taken, the usual Ethernet MTU. */
    static final int PAYLOAD_MAX = 1500;

    public EthernetFrame {
        payload = payload.clone();
    }

    @Override
    public byte[] payload() {
        return payload.clone();
    }

    /** The bytes to hand to a packet socket. */
    public byte[] encode() {
        return ByteBuffer.allocate(HEADER_BYTES + payload.length)
                .put(destination.toBytes())
                .put(source.toBytes())
                .putShort((short) type)
                .put(payload)
                .array();
    }

    /**
     * Reads one frame.
     *
     * @param length how many bytes of {@code bytes} are the frame
     * @throws MalformedMessageException if it is too short or too long
     */
    public static EthernetFrame decode(byte[] bytes, int length) {
        if (length < HEADER_BYTES || length > bytes.length || length > HEADER_BYTES + PAYLOAD_MAX) {
            throw new MalformedMessageException(
                    0, "an Ethernet frame has 14 to " + (HEADER_BYTES + PAYLOAD_MAX) + " bytes, not " + length);
        }
        int type = (bytes[12] & 0xff) << 8 | bytes[13] & 0xff;
        return new EthernetFrame(
                MacAddress.of(Arrays.copyOfRange(bytes, 0, 6)),
                MacAddress.of(Arrays.copyOfRange(bytes, 6, 12)),
                type,
                Arrays.copyOfRange(bytes, HEADER_BYTES, length));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EthernetFrame that
                && destination.equals(that.destination)
                && source.equals(that.source)
                && type == that.type
                && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * destination.hashCode() + source.hashCode()) + Arrays.hashCode(payload);
    }
}
