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
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.SegmentFilter;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.spi.GatewayPort;

/**
 * The gateway by ARP, as {@code arping -I IF GATEWAY} asks, or by neighbour solicitation (RFC 4861, 7.2.2) for IPv6, as {@code ndisc6
 * GATEWAY IF} does, over a packet socket (packet(7)). What it says is on the wire, whatever the neighbour table of this host believes.
 *
 * <p>Closing a packet socket takes the kernel about 8 ms, also at the end of a killed process.
 */
public final class SegmentGateway implements GatewayPort {
    private static final int FRAME_BYTES_MAX = 1514;
    /** Frames taken in one look; on a segment with more of them the rest waits. */
    private static final int FRAMES_MAX = 500;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final MacAddress mac;
    private final IpAddress own;
    private final IpAddress gateway;
    private final byte[] question;
    private final byte[] segment;
    private final byte[] buffer = new byte[FRAME_BYTES_MAX];
    private final Fd fd;

    /**
     * @param mac of the interface
     * @param own this host's address there, to ask from
     * @param gateway of the same version
     * @throws PlatformException EPERM without CAP_NET_RAW, ENODEV if there is no such interface
     */
    public SegmentGateway(int interfaceIndex, MacAddress mac, IpAddress own, IpAddress gateway) {
        NativeAccess.require();
        this.mac = mac;
        this.own = own;
        this.gateway = gateway;
        EthernetFrame frame = question(mac, own, gateway);
        this.question = frame.encode();
        this.segment = segment(interfaceIndex, frame.type());
        this.fd = open();
        boolean isOpen = false;
        try {
            Libc.attachFilter(fd, filter(own, gateway));
            // Last: from here on it hears, and nothing that the filter had not passed.
            Libc.bind(fd, segment);
            isOpen = true;
        } finally {
            if (!isOpen) {
                fd.close();
            }
        }
    }

    private static EthernetFrame question(MacAddress mac, IpAddress own, IpAddress gateway) {
        if (own instanceof Ipv6Address from && gateway instanceof Ipv6Address target) {
            return NeighbourMessage.question(mac, from, target, false).frameFrom(mac);
        }
        if (own instanceof Ipv4Address from && gateway instanceof Ipv4Address target) {
            return ArpPacket.whoHas(mac, from, target).frameTo(MacAddress.BROADCAST);
        }
        throw new IllegalArgumentException(gateway + " cannot be asked from " + own + ": another IP version");
    }

    private static byte[] filter(IpAddress own, IpAddress gateway) {
        return own instanceof Ipv6Address from && gateway instanceof Ipv6Address target
                ? SegmentFilter.discovery(List.of(from, target))
                : SegmentFilter.arp(List.of((Ipv4Address) own, (Ipv4Address) gateway));
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
            Libc.sendTo(fd, question, segment);
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
            Sighting.of(EthernetFrame.decode(buffer, length))
                    .filter(sighting -> !sighting.senderMac().equals(mac))
                    .ifPresent(sighting -> {
                        // Only what answers us shows that the way there is open as well as the way back.
                        boolean isToUs = sighting.form() == Sighting.Form.ANSWER
                                && sighting.targetMac().equals(mac);
                        if (isToUs && sighting.sender().equals(gateway)) {
                            gateways.add(sighting.senderMac());
                        } else if (sighting.sender().equals(own)) {
                            rivals.add(sighting.senderMac());
                        }
                    });
        } catch (MalformedMessageException e) {
            // Anybody on the segment can send nonsense; it is no answer.
        }
    }

    /** {@code struct sockaddr_ll}: family, protocol in network order, index; the rest is not looked at. */
    private static byte[] segment(int interfaceIndex, int type) {
        short protocol = (short) type;
        return ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_PACKET)
                .putShort(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Short.reverseBytes(protocol) : protocol)
                .putInt(interfaceIndex)
                .putShort((short) 0)
                .put((byte) 0)
                .put((byte) MacAddress.BYTES)
                .array();
    }

    @Override
    public void close() {
        fd.close();
    }
}
