package org.understudy.ha.membership.admin;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Frames on the socket: {@code magic, length, payload}, big-endian. One request and one answer for a connection. */
final class AdminFrames {

    /** "UNDA". */
    static final int MAGIC = 0x554e4441;

    static final int REQUEST_MAX = 64 << 10;
    static final int ANSWER_MAX = 16 << 20;
    private static final int HEAD = 8;
    /** Memory is taken as bytes arrive, not as a length promises them. */
    private static final int CHUNK = 64 << 10;

    private AdminFrames() {}

    static void write(SocketChannel channel, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(HEAD + payload.length)
                .putInt(MAGIC)
                .putInt(payload.length)
                .put(payload)
                .flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    /**
     * @throws EOFException if the other side ended before the frame did
     * @throws IOException if it sends anything else, or more than {@code max} bytes
     */
    static byte[] read(SocketChannel channel, int max) throws IOException {
        ByteBuffer head = fill(channel, ByteBuffer.allocate(HEAD));
        int magic = head.getInt();
        int length = head.getInt();
        if (magic != MAGIC) {
            throw new IOException("what arrives is not of this protocol");
        }
        if (length < 0 || length > max) {
            throw new IOException("a frame of " + length + " bytes; " + max + " are the most");
        }
        ByteBuffer payload = ByteBuffer.allocate(Math.min(length, CHUNK));
        while (true) {
            fill(channel, payload);
            if (payload.capacity() == length) {
                return payload.array();
            }
            int next = Math.min(length, payload.capacity() * 2);
            payload = ByteBuffer.allocate(next).put(payload);
        }
    }

    private static ByteBuffer fill(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the other side ended the connection");
            }
        }
        return bytes.flip();
    }
}
