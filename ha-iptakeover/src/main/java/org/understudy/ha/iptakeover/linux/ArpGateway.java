package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.GatewayPort;

/**
 * The gateway by ARP over a packet socket (packet(7)), as {@code arping -I IF GATEWAY} asks. What it says is on the wire, whatever
 * the neighbour table of this host believes.
 *
 * <p>Closing a packet socket takes the kernel about 8 ms, also at the end of a killed process.
 */
public final class ArpGateway implements GatewayPort {
    private static final int FRAME_BYTES_MAX = 1514;
    /** Frames taken in one look; on a segment with more of them the rest waits. */
    private static final int FRAMES_MAX = 500;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final MacAddress mac;
    private final Ipv4Address own;
    private final Ipv4Address gateway;
    private final byte[] everybody;
    private final byte[] buffer = new byte[FRAME_BYTES_MAX];
    private final Fd fd;

    /**
     * @param mac of the interface
     * @param own this host's address there
     * @throws PlatformException EPERM without CAP_NET_RAW, ENODEV if there is no such interface
     */
    public ArpGateway(int interfaceIndex, MacAddress mac, Ipv4Address own, Ipv4Address gateway) {
        NativeAccess.require();
        this.mac = mac;
        this.own = own;
        this.gateway = gateway;
        this.everybody = everybody(interfaceIndex);
        this.fd = open();
        boolean isOpen = false;
        try {
            Libc.bind(fd, everybody);
            isOpen = true;
        } finally {
            if (!isOpen) {
                fd.close();
            }
        }
    }

    private static Fd open() {
        try {
            // Bound to a protocol only together with its interface, so that nothing of another one is heard.
            return Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW, 0);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM || e.errno() == Libc.EACCES) {
                throw new PlatformException(
                        "socket",
                        e.errno(),
                        "a packet socket was refused: " + Libc.errnoName(e.errno()) + ". "
                                + Capabilities.NET_RAW_REMEDY,
                        e);
            }
            throw e;
        }
    }

    @Override
    public boolean ask() {
        try {
            Libc.sendTo(
                    fd,
                    ArpPacket.whoHas(mac, own, gateway)
                            .frameTo(MacAddress.BROADCAST)
                            .encode(),
                    everybody);
            return true;
        } catch (PlatformException e) {
            boolean isDown = e.errno() == Libc.ENETDOWN || e.errno() == Libc.ENXIO || e.errno() == Libc.ENODEV;
            if (isDown || e.errno() == Libc.ENOBUFS || e.errno() == Libc.EPERM) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public Heard hear(int waitMillis) {
        List<MacAddress> gateways = new ArrayList<>();
        List<MacAddress> rivals = new ArrayList<>();
        long start = System.nanoTime();
        take(gateways, rivals);
        long left = waitMillis * NANOS_PER_MILLI;
        while (gateways.isEmpty() && left > 0) {
            if (Libc.awaitReadable(fd, (int) (left / NANOS_PER_MILLI + 1))) {
                take(gateways, rivals);
            }
            left = start + waitMillis * NANOS_PER_MILLI - System.nanoTime();
        }
        return new Heard(List.copyOf(gateways), List.copyOf(rivals));
    }

    private void take(List<MacAddress> gateways, List<MacAddress> rivals) {
        int frames = 0;
        int length = receive();
        while (length >= 0 && frames < FRAMES_MAX) {
            read(length, gateways, rivals);
            frames++;
            length = receive();
        }
    }

    /** A packet socket tells once that its interface went down; what it hears then is nothing. */
    private int receive() {
        try {
            return Libc.receive(fd, buffer, Libc.MSG_DONTWAIT);
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENETDOWN) {
                return -1;
            }
            throw e;
        }
    }

    private void read(int length, List<MacAddress> gateways, List<MacAddress> rivals) {
        try {
            ArpPacket packet =
                    ArpPacket.decode(EthernetFrame.decode(buffer, length).payload());
            boolean isForeign = !packet.senderMac().equals(mac);
            // Only what answers us shows that the way there is open as well as the way back.
            boolean isToUs =
                    packet.operation() == ArpPacket.REPLY && packet.targetMac().equals(mac);
            if (isForeign && isToUs && packet.claims(gateway)) {
                gateways.add(packet.senderMac());
            } else if (isForeign && packet.claims(own)) {
                rivals.add(packet.senderMac());
            }
        } catch (MalformedMessageException e) {
            // Anybody on the segment can send nonsense; it is no answer.
        }
    }

    /** {@code struct sockaddr_ll}: family, protocol in network order, index, type, packet type, length, address. */
    private static byte[] everybody(int interfaceIndex) {
        short arp = (short) EthernetFrame.TYPE_ARP;
        return ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_PACKET)
                .putShort(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Short.reverseBytes(arp) : arp)
                .putInt(interfaceIndex)
                .putShort((short) 0)
                .put((byte) 0)
                .put((byte) MacAddress.BYTES)
                .put(MacAddress.BROADCAST.toBytes())
                .array();
    }

    @Override
    public void close() {
        fd.close();
    }
}
