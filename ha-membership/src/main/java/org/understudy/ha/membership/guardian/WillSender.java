package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.membership.codec.LastWillCodec;

/** One UDP socket for each link, opened long before it is needed. Sends never block; one that fails costs only itself. */
final class WillSender {
    private final List<DatagramChannel> sockets = new ArrayList<>();
    private final List<InetSocketAddress> peers;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LastWillCodec.DATAGRAM_MAX);

    private WillSender(List<InetSocketAddress> peers) {
        this.peers = peers;
    }

    static WillSender open(List<InetAddress> locals, List<InetSocketAddress> peers) {
        WillSender sender = new WillSender(peers);
        for (InetAddress local : locals) {
            try {
                DatagramChannel socket = DatagramChannel.open(WillSender.family(local));
                socket.configureBlocking(false);
                socket.bind(new InetSocketAddress(local, 0));
                sender.sockets.add(socket);
            } catch (IOException e) {
                GuardianMain.say("no last will can leave from " + local.getHostAddress() + ": " + e.getMessage());
            }
        }
        return sender;
    }

    private static java.net.StandardProtocolFamily family(InetAddress address) {
        return address instanceof java.net.Inet4Address
                ? java.net.StandardProtocolFamily.INET
                : java.net.StandardProtocolFamily.INET6;
    }

    boolean hasSockets() {
        return !sockets.isEmpty();
    }

    /** Sends one empty datagram from each socket to itself. */
    void rehearse() throws IOException {
        for (DatagramChannel socket : sockets) {
            send(socket, new byte[0], (InetSocketAddress) socket.getLocalAddress());
        }
    }

    /** From every link to every peer of the same address family. */
    void send(byte[] datagram) {
        for (DatagramChannel socket : sockets) {
            for (InetSocketAddress peer : peers) {
                send(socket, datagram, peer);
            }
        }
    }

    private void send(DatagramChannel socket, byte[] datagram, InetSocketAddress peer) {
        try {
            InetSocketAddress local = (InetSocketAddress) socket.getLocalAddress();
            if (family(local.getAddress()) == family(peer.getAddress())) {
                buffer.clear().put(datagram).flip();
                socket.send(buffer, peer);
            }
        } catch (IOException e) {
            GuardianMain.say("not sent to " + peer + ": " + e.getMessage());
        }
    }
}
