package org.understudy.ha.membership.checks;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;

/**
 * A TCP socket whose connecting and reads all end at one deadline, that an interrupt closes, and that takes in a bounded number of bytes.
 *
 * <p>The adaptor of a channel does the work, because only channels end at an interrupt. What a client sets as time-out is ignored. Writes have no
 * time-out: what checks send fits into the kernel's buffer of a fresh connection.
 */
final class CheckSocket extends Socket {
    private final Socket socket;
    private final Deadline deadline;
    private final Allowance allowance;

    /** Bytes that may still be read, by all connections of a check together. One thread at a time. */
    static final class Allowance {
        private final int max;
        private int left;

        Allowance(int max) {
            this.max = max;
            this.left = max;
        }

        int max() {
            return max;
        }

        private int take(int wanted) throws IOException {
            if (left == 0) {
                throw new TooMuchException("more than " + max + " bytes came");
            }
            return Math.min(wanted, left);
        }

        private void taken(int count) {
            left -= Math.max(0, count);
        }
    }

    /** The other side does not stop. */
    static final class TooMuchException extends IOException {
        private static final long serialVersionUID = 1L;

        TooMuchException(String message) {
            super(message);
        }
    }

    private CheckSocket(Socket socket, Deadline deadline, Allowance allowance) throws SocketException {
        super((SocketImpl) null);
        this.socket = socket;
        this.deadline = deadline;
        this.allowance = allowance;
    }

    static CheckSocket open(Deadline deadline, Allowance allowance) throws IOException {
        SocketChannel channel = SocketChannel.open();
        return new CheckSocket(channel.socket(), deadline, allowance);
    }

    @Override
    public void connect(SocketAddress remote) throws IOException {
        socket.connect(remote, deadline.nextMillis());
    }

    @Override
    public void connect(SocketAddress remote, int timeout) throws IOException {
        connect(remote);
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(socket.getInputStream()) {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                int wanted = allowance.take(length);
                socket.setSoTimeout(deadline.nextMillis());
                int count = super.read(bytes, offset, wanted);
                allowance.taken(count);
                return count;
            }

            @Override
            public long skip(long count) throws IOException {
                return count <= 0 ? 0 : Math.max(0, read(new byte[(int) Math.min(count, 1024)]));
            }

            @Override
            public void close() throws IOException {
                socket.close();
            }
        };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return socket.getOutputStream();
    }

    @Override
    public void bind(SocketAddress local) throws IOException {
        socket.bind(local);
    }

    @Override
    public InetAddress getInetAddress() {
        return socket.getInetAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        return socket.getLocalAddress();
    }

    @Override
    public int getPort() {
        return socket.getPort();
    }

    @Override
    public int getLocalPort() {
        return socket.getLocalPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return socket.getRemoteSocketAddress();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return socket.getLocalSocketAddress();
    }

    @Override
    public SocketChannel getChannel() {
        // Whoever reads from the channel would pass by the deadline.
        return null;
    }

    @Override
    public void setTcpNoDelay(boolean on) throws SocketException {
        socket.setTcpNoDelay(on);
    }

    @Override
    public boolean getTcpNoDelay() throws SocketException {
        return socket.getTcpNoDelay();
    }

    @Override
    public void setSoLinger(boolean on, int seconds) throws SocketException {
        socket.setSoLinger(on, seconds);
    }

    @Override
    public int getSoLinger() throws SocketException {
        return socket.getSoLinger();
    }

    @Override
    public void setSoTimeout(int millis) {
        // The deadline is the time-out.
    }

    @Override
    public int getSoTimeout() throws SocketException {
        try {
            return deadline.nextMillis();
        } catch (SocketTimeoutException e) {
            // 0 would mean for ever.
            return 1;
        }
    }

    @Override
    public void setKeepAlive(boolean on) throws SocketException {
        socket.setKeepAlive(on);
    }

    @Override
    public boolean getKeepAlive() throws SocketException {
        return socket.getKeepAlive();
    }

    @Override
    public void setSendBufferSize(int size) throws SocketException {
        socket.setSendBufferSize(size);
    }

    @Override
    public int getSendBufferSize() throws SocketException {
        return socket.getSendBufferSize();
    }

    @Override
    public void setReceiveBufferSize(int size) throws SocketException {
        socket.setReceiveBufferSize(size);
    }

    @Override
    public int getReceiveBufferSize() throws SocketException {
        return socket.getReceiveBufferSize();
    }

    @Override
    public void setReuseAddress(boolean on) throws SocketException {
        socket.setReuseAddress(on);
    }

    @Override
    public boolean getReuseAddress() throws SocketException {
        return socket.getReuseAddress();
    }

    @Override
    public void shutdownInput() throws IOException {
        socket.shutdownInput();
    }

    @Override
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public boolean isConnected() {
        return socket.isConnected();
    }

    @Override
    public boolean isBound() {
        return socket.isBound();
    }

    @Override
    public boolean isClosed() {
        return socket.isClosed();
    }

    @Override
    public boolean isInputShutdown() {
        return socket.isInputShutdown();
    }

    @Override
    public boolean isOutputShutdown() {
        return socket.isOutputShutdown();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    @Override
    public String toString() {
        return socket.toString();
    }
}
