package org.understudy.ha.membership.guardian;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The frames on the pipes between a node and its guardian: type (1 byte), length (2), payload.
 *
 * <p>A frame is written by one write(2) of at most {@value #WINDOW} bytes, which a pipe takes as a whole or not at all
 * (pipe(7), PIPE_BUF): when the node dies the guardian never sees half a claim. The node keeps at most that many bytes
 * unacknowledged, which fit even the smallest pipe the kernel hands out (two pages), so writing never blocks.
 */
final class GuardianWire {
    /** The most a node may have written and the guardian not yet read. */
    static final int WINDOW = 4096;

    static final int HEADER_LENGTH = 3;
    static final int PAYLOAD_MAX = WINDOW - HEADER_LENGTH;

    /** The longest claim, in bytes of UTF-8. */
    static final int CLAIM_LENGTH_MAX = 512;

    /** The most claims a guardian keeps. */
    static final int CLAIMS_MAX = 2048;

    /** The most tags a guardian keeps; the oldest lives give way. */
    static final int TAGS_MAX = 256;

    /** Node to guardian: local and peer addresses; the first frame. */
    static final byte HELLO = 1;

    /** Node to guardian: incarnation (8), tag (4). */
    static final byte LIVE = 2;

    /** Node to guardian: text. */
    static final byte CLAIM = 3;

    /** Node to guardian: end without a will. */
    static final byte CLOSE = 4;

    /** Node to guardian: number of the order (8), incarnation (8), instant of the boot clock to kill the node at (8). */
    static final byte ARM = 5;

    /** Node to guardian: incarnation (8), of which nothing runs any more. */
    static final byte DISARM = 6;

    /** Guardian to node: the X.509 encoded public key; the guardian watches. */
    static final byte READY = 65;

    /** Guardian to node: text, why it cannot serve; it ends. */
    static final byte REFUSED = 66;

    /** Guardian to node: bytes read since the last one (4). */
    static final byte ACKNOWLEDGED = 67;

    /** Guardian to node, before {@link #READY}: text, why it cannot kill the node; empty if it can. */
    static final byte KILLER = 68;

    /** Guardian to node: number of the order in force (8), its own worst lateness since the last one in nanoseconds (8). */
    static final byte ARMED = 69;

    private GuardianWire() {}

    /** One frame. */
    record Frame(byte type, byte[] payload) {
        int length() {
            return HEADER_LENGTH + payload.length;
        }

        byte[] bytes() {
            return ByteBuffer.allocate(length())
                    .put(type)
                    .putShort((short) payload.length)
                    .put(payload)
                    .array();
        }
    }

    /** Addresses as the first frame carries them. */
    record Addresses(List<InetAddress> locals, List<InetSocketAddress> peers) {}

    /**
     * @throws EOFException at the end of the stream, also in the middle of a frame
     * @throws ProtocolException if the length is beyond the limit
     */
    static Frame read(DataInputStream in) throws IOException {
        byte type = in.readByte();
        int length = in.readUnsignedShort();
        if (length > PAYLOAD_MAX) {
            throw new ProtocolException(
                    "a frame of type " + type + " announces " + length + " bytes, at most " + PAYLOAD_MAX);
        }
        byte[] payload = new byte[length];
        in.readFully(payload);
        return new Frame(type, payload);
    }

    static Frame hello(Addresses addresses) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        try {
            out.writeByte(addresses.locals().size());
            for (InetAddress local : addresses.locals()) {
                write(out, local);
            }
            out.writeByte(addresses.peers().size());
            for (InetSocketAddress peer : addresses.peers()) {
                write(out, peer.getAddress());
                out.writeShort(peer.getPort());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Frame(HELLO, bytes.toByteArray());
    }

    /**
     * @throws EOFException if it ends early
     * @throws ProtocolException unless these are exactly the bytes {@link #hello} would write
     */
    static Addresses addresses(Frame hello) throws IOException {
        DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(hello.payload()));
        List<InetAddress> locals = new ArrayList<>();
        for (int left = in.readUnsignedByte(); left > 0; left--) {
            locals.add(readAddress(in));
        }
        List<InetSocketAddress> peers = new ArrayList<>();
        for (int left = in.readUnsignedByte(); left > 0; left--) {
            InetAddress address = readAddress(in);
            peers.add(new InetSocketAddress(address, in.readUnsignedShort()));
        }
        Addresses addresses = new Addresses(locals, peers);
        if (!Arrays.equals(hello(addresses).payload(), hello.payload())) {
            throw new ProtocolException("the first frame is not as this version writes it");
        }
        return addresses;
    }

    private static void write(DataOutputStream out, InetAddress address) throws IOException {
        byte[] raw = address.getAddress();
        out.writeByte(raw.length);
        out.write(raw);
        out.writeInt(address instanceof java.net.Inet6Address six ? six.getScopeId() : 0);
    }

    private static InetAddress readAddress(DataInputStream in) throws IOException {
        byte[] raw = new byte[in.readUnsignedByte()];
        in.readFully(raw);
        int scope = in.readInt();
        return raw.length == 16 && scope != 0
                ? java.net.Inet6Address.getByAddress(null, raw, scope)
                : InetAddress.getByAddress(raw);
    }
}
