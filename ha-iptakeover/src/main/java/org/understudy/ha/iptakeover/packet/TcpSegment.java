package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;

/**
 * The one TCP segment this library sends by itself: the <em>tickle</em>, known from CTDB.
 *
 * <p>It is an acknowledgement of nothing, in the name of the local end of a connection. Its sequence number 0 is outside the
 * window of the remote end, which therefore answers with an acknowledgement that carries its real numbers (RFC 9293, 3.10.7.4). If
 * the local end is gone, the kernel that gets this answer resets the connection with exactly these numbers. If it is
 * alive, nothing happens.
 *
 * <pre>
 *  IPv4 (RFC 791)                          IPv6 (RFC 8200)
 *  0  1  0x45: version 4, five words       0  4  0x60000000: version 6
 *  1  1  0                                 4  2  payload length, 20
 *  2  2  total length, 40                  6  1  next header, 6 = TCP
 *  4  2  identification, 0                 7  1  hop limit, 64
 *  6  2  0x4000: do not fragment           8 16  source
 *  8  1  time to live, 64                 24 16  destination
 *  9  1  protocol, 6 = TCP
 * 10  2  checksum of this header
 * 12  4  source
 * 16  4  destination
 *
 *  TCP (RFC 9293, 3.1)
 *  0  2  source port
 *  2  2  destination port
 *  4  4  sequence number, 0
 *  8  4  acknowledgement number, 0
 * 12  2  0x5010: five words, ACK
 * 14  2  window, 1234
 * 16  2  checksum of pseudo header and segment
 * 18  2  urgent pointer, 0
 * </pre>
 */
public final class TcpSegment {
    static final int BYTES = 20;
    static final int IPV4_BYTES = 20;
    static final int IPV6_BYTES = 40;

    private static final int PROTOCOL_TCP = 6;
    private static final int HOPS = 64;
    private static final int DO_NOT_FRAGMENT = 0x4000;
    private static final int FIVE_WORDS_ACK = 0x5010;
    /** As CTDB has it: whoever looks at a trace knows what this is. */
    private static final int WINDOW = 1234;

    private static final int IPV4_CHECKSUM_AT = 10;
    private static final int CHECKSUM_AT = 16;

    private TcpSegment() {}

    /** The IP packet that asks the remote end of a connection for its numbers, in the name of the local end. */
    public static byte[] tickle(TcpConnection connection) {
        int header = connection.local().isV6() ? IPV6_BYTES : IPV4_BYTES;
        ByteBuffer out = ByteBuffer.allocate(header + BYTES);
        if (connection.local().isV6()) {
            out.putInt(6 << 28).putShort((short) BYTES).put((byte) PROTOCOL_TCP).put((byte) HOPS);
        } else {
            out.putShort((short) 0x4500)
                    .putShort((short) (IPV4_BYTES + BYTES))
                    .putShort((short) 0)
                    .putShort((short) DO_NOT_FRAGMENT)
                    .put((byte) HOPS)
                    .put((byte) PROTOCOL_TCP)
                    .putShort((short) 0);
        }
        byte[] source = connection.local().toBytes();
        byte[] destination = connection.remote().toBytes();
        out.put(source)
                .put(destination)
                .putShort((short) connection.localPort())
                .putShort((short) connection.remotePort())
                .putInt(0)
                .putInt(0)
                .putShort((short) FIVE_WORDS_ACK)
                .putShort((short) WINDOW)
                .putInt(0);
        if (!connection.local().isV6()) {
            out.putShort(IPV4_CHECKSUM_AT, checksum(sum(out, 0, IPV4_BYTES)));
        }
        // The pseudo header: both addresses, the length and the protocol, each of the latter in a word of its own.
        int pseudo = sum(ByteBuffer.wrap(source), 0, source.length)
                + sum(ByteBuffer.wrap(destination), 0, destination.length)
                + BYTES
                + PROTOCOL_TCP;
        out.putShort(header + CHECKSUM_AT, checksum(pseudo + sum(out, header, BYTES)));
        return out.array();
    }

    /** The sum of 16-bit words (RFC 1071), carries still in the upper half: fewer than 65536 words cannot overflow it. */
    private static int sum(ByteBuffer bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i += 2) {
            sum += bytes.getShort(i) & 0xffff;
        }
        return sum;
    }

    private static short checksum(int sum) {
        int folded = (sum >>> 16) + (sum & 0xffff);
        return (short) ~((folded >>> 16) + folded);
    }
}
