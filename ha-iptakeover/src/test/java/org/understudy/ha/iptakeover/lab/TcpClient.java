package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/** A client that was greeted and waits for more. */
public final class TcpClient implements AutoCloseable {
    private final Socket socket = new Socket();

    private TcpClient() {}

    /** Connects and waits for the greeting. */
    public static TcpClient to(String address, int port) {
        TcpClient client = new TcpClient();
        try {
            client.socket.connect(new InetSocketAddress(InetAddress.getByName(address), port), 5_000);
            client.socket.setSoTimeout(5_000);
            if (client.socket.getInputStream().read() != '!') {
                throw new AssertionError("no greeting from " + address);
            }
            return client;
        } catch (IOException e) {
            client.close();
            throw new AssertionError("no connection to " + address + ": " + e.getMessage(), e);
        }
    }

    /** What comes within the time: {@code nothing}, {@code end}, {@code byte}, or how the connection broke. */
    public String next(int millis) {
        try {
            socket.setSoTimeout(millis);
            return socket.getInputStream().read() < 0 ? "end" : "byte";
        } catch (SocketTimeoutException e) {
            return "nothing";
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    /** Says that nothing more will come from here. */
    public void finish() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError("half a close", e);
        }
    }

    public int port() {
        return socket.getLocalPort();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError("close", e);
        }
    }
}
