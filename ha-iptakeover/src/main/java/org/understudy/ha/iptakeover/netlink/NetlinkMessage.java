package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.understudy.ha.api.MalformedMessageException;

/**
 * One netlink message (RFC 3549, {@code struct nlmsghdr}).
 *
 * <pre>
 *  0  4  length with this header, without padding
 *  4  2  type
 *  6  2  flags
 *  8  4  sequence number, repeated in the answer
 * 12  4  port of the sender, 0 = kernel
 * 16  n  payload; the next message starts at the next multiple of four
 * </pre>
 */
public record NetlinkMessage(int type, int flags, int sequence, int port, byte[] payload) {
    public static final int HEADER_BYTES = 16;

    /** {@code NLMSG_ERROR}: an error or, with number 0, an acknowledgement. */
    public static final int ERROR = 2;
    /** {@code NLMSG_DONE}: the end of a dump. */
    public static final int DONE = 3;
    /** {@code NLMSG_OVERRUN}. */
    public static final int OVERRUN = 4;

    /** {@code NLM_F_REQUEST}. */
    public static final int REQUEST = 1;
    /** {@code NLM_F_MULTI}: a part of a dump. */
    public static final int MULTI = 2;
    /** {@code NLM_F_ACK}: acknowledge also success. */
    public static final int ACK = 4;
    /** {@code NLM_F_DUMP_INTR}: the table changed while it was dumped; ask again. */
    public static final int DUMP_INTERRUPTED = 0x10;
    /** {@code NLM_F_REPLACE}. */
    public static final int REPLACE = 0x100;
    /** {@code NLM_F_EXCL}. */
    public static final int EXCLUSIVE = 0x200;
    /** {@code NLM_F_DUMP}. */
    public static final int DUMP = 0x300;
    /** {@code NLM_F_CREATE}. */
    public static final int CREATE = 0x400;
    /** {@code NLM_F_APPEND}. */
    public static final int APPEND = 0x800;

    public NetlinkMessage {
        payload = payload.clone();
    }

    @Override
    public byte[] payload() {
        return payload.clone();
    }

    /** A copy with another sequence number. */
    public NetlinkMessage withSequence(int newSequence) {
        return new NetlinkMessage(type, flags, newSequence, port, payload);
    }

    /** A copy with more flags. */
    public NetlinkMessage withFlags(int more) {
        return new NetlinkMessage(type, flags | more, sequence, port, payload);
    }

    /** The bytes, padded to a multiple of four. */
    public byte[] encode() {
        return encodeAll(List.of(this));
    }

    /** Several messages one after the other, as one send takes them. */
    public static byte[] encodeAll(List<NetlinkMessage> messages) {
        int total = 0;
        for (NetlinkMessage m : messages) {
            total += align(HEADER_BYTES + m.payload.length);
        }
        ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.nativeOrder());
        for (NetlinkMessage m : messages) {
            int start = out.position();
            out.putInt(HEADER_BYTES + m.payload.length)
                    .putShort((short) m.type)
                    .putShort((short) m.flags)
                    .putInt(m.sequence)
                    .putInt(m.port)
                    .put(m.payload)
                    .position(start + align(HEADER_BYTES + m.payload.length));
        }
        return out.array();
    }

    /**
     * The same with consecutive sequence numbers.
     *
     * @param firstSequence that of the first message
     * @param lastFlags added to the last message only
     */
    public static byte[] encodeAll(List<NetlinkMessage> messages, int firstSequence, int lastFlags) {
        byte[] bytes = encodeAll(messages);
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        int start = 0;
        for (int i = 0; i < messages.size(); i++) {
            out.putInt(start + 8, firstSequence + i);
            if (i == messages.size() - 1) {
                out.putShort(start + 6, (short) (out.getShort(start + 6) | lastFlags));
            }
            start += align(out.getInt(start));
        }
        return bytes;
    }

    /**
     * Reads every message of one datagram.
     *
     * @param length how many bytes of {@code bytes} were received
     * @throws MalformedMessageException if a length field points outside
     */
    public static List<NetlinkMessage> decodeAll(byte[] bytes, int length) {
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.nativeOrder());
        List<NetlinkMessage> messages = new ArrayList<>();
        int start = 0;
        while (start < length) {
            if (length - start < HEADER_BYTES) {
                throw new MalformedMessageException(
                        start, "netlink header cut off after " + (length - start) + " bytes");
            }
            int size = in.getInt(start);
            if (size < HEADER_BYTES || size > length - start) {
                throw new MalformedMessageException(
                        start, "netlink length " + size + " with " + (length - start) + " bytes left");
            }
            messages.add(new NetlinkMessage(
                    in.getShort(start + 4) & 0xffff,
                    in.getShort(start + 6) & 0xffff,
                    in.getInt(start + 8),
                    in.getInt(start + 12),
                    Arrays.copyOfRange(bytes, start + HEADER_BYTES, start + size)));
            start += align(size);
        }
        return List.copyOf(messages);
    }

    /** {@code #define NLMSG_ALIGN(len) (((len) + 3) & ~3)}; attributes align alike. */
    static int align(int length) {
        return length + 3 & ~3;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NetlinkMessage that
                && type == that.type
                && flags == that.flags
                && sequence == that.sequence
                && port == that.port
                && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * type + sequence) + Arrays.hashCode(payload);
    }
}
