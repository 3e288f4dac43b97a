package org.understudy.ha.membership;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Ports on the loopback address that nobody uses, neither for TCP nor for UDP: a node needs both. */
final class FreePorts {

    private static final int TRIES_MAX = 100;

    private FreePorts() {}

    static List<Integer> choose(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int tries = 0; ports.size() < count; tries++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                held.add(socket);
                if (isFreeForDatagrams(socket.getLocalPort())) {
                    ports.add(socket.getLocalPort());
                } else if (tries > TRIES_MAX) {
                    throw new IOException("no port is free for both TCP and UDP");
                }
            }
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
        return ports;
    }

    private static boolean isFreeForDatagrams(int port) throws IOException {
        try (DatagramSocket socket =
                new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            return socket.isBound();
        } catch (BindException e) {
            return false;
        }
    }
}
