package org.understudy.ha.membership;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports on the loopback address that nobody uses, neither for TCP nor for UDP: a node needs both. A node is started later, closed and started
 * again, so its port must stay free meanwhile: no port is chosen twice, and none that the kernel gives to whoever connects or
 * wants just any port (ip(7), ip_local_port_range: from 32768 on where nobody has changed it).
 */
public final class FreePorts {

    private static final int FIRST = 10_000;
    private static final int COUNT = 20_000;

    /** Another process begins elsewhere. */
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 61 % COUNT));

    private FreePorts() {}

    public static List<Integer> choose(int count) throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (int tries = 0; ports.size() < count; tries++) {
            if (tries > COUNT) {
                throw new IOException("no port is free for both TCP and UDP");
            }
            int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
            if (isFree(port)) {
                ports.add(port);
            }
        }
        return ports;
    }

    private static boolean isFree(int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try (ServerSocket streams = new ServerSocket();
                DatagramSocket datagrams = new DatagramSocket(null)) {
            streams.bind(address);
            datagrams.bind(address);
            return true;
        } catch (BindException e) {
            return false;
        }
    }
}
