package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;

/**
 * ARP over a packet socket (packet(7)) on one interface.
 *
 * <p>The frames pass the egress hook of the interface like any other, so a closed gate holds them back too.
 */
public final class RawSocketAnnouncer implements AddressAnnouncer {
    private static final int FRAME_BYTES_MAX = 1514;

    private final int interfaceIndex;
    /** Bound to no protocol: it only sends, so the kernel queues nothing on it. */
    private final Fd sender;

    /**
     * @throws PlatformException EPERM without CAP_NET_RAW
     */
    public RawSocketAnnouncer(int interfaceIndex) {
        this.interfaceIndex = interfaceIndex;
        this.sender = open(0);
    }

    private static Fd open(int protocol) {
        NativeAccess.require();
        try {
            return Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW, protocol);
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
    public boolean announce(MacAddress mac, Ipv4Address address) {
        boolean request = send(sender, ArpPacket.gratuitousRequest(mac, address));
        return send(sender, ArpPacket.gratuitousReply(mac, address)) && request;
    }

    private boolean send(Fd fd, ArpPacket packet) {
        try {
            Libc.sendTo(fd, packet.frameTo(MacAddress.BROADCAST).encode(), linkAddress(EthernetFrame.TYPE_ARP));
            return true;
        } catch (PlatformException e) {
            boolean dropped = e.errno() == Libc.ENOBUFS || e.errno() == Libc.EPERM;
            if (dropped || e.errno() == Libc.ENETDOWN || e.errno() == Libc.ENXIO || e.errno() == Libc.ENODEV) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public Optional<MacAddress> probe(MacAddress mac, Ipv4Address address, int probes, Duration time)
            throws InterruptedException {
        try (Fd ear = open(networkOrder(EthernetFrame.TYPE_ARP))) {
            Libc.bind(ear, linkAddress(EthernetFrame.TYPE_ARP));
            byte[] buffer = new byte[FRAME_BYTES_MAX];
            long start = System.nanoTime();
            for (int i = 1; i <= probes; i++) {
                send(sender, ArpPacket.probe(mac, address));
                long until = start + time.toNanos() * i / probes;
                long left = until - System.nanoTime();
                while (left > 0) {
                    if (Thread.interrupted()) {
                        throw new InterruptedException("interrupted while probing for " + address);
                    }
                    if (Libc.awaitReadable(ear, (int) Math.min(10, left / 1_000_000 + 1))) {
                        int length = Libc.receive(ear, buffer, Libc.MSG_DONTWAIT);
                        Optional<MacAddress> rival =
                                length < 0 ? Optional.empty() : rival(buffer, length, mac, address);
                        if (rival.isPresent()) {
                            return rival;
                        }
                    }
                    left = until - System.nanoTime();
                }
            }
            return Optional.empty();
        }
    }

    private static Optional<MacAddress> rival(byte[] buffer, int length, MacAddress own, Ipv4Address address) {
        try {
            ArpPacket packet =
                    ArpPacket.decode(EthernetFrame.decode(buffer, length).payload());
            boolean claims = packet.claims(address) && !packet.senderMac().equals(own);
            return claims ? Optional.of(packet.senderMac()) : Optional.empty();
        } catch (MalformedMessageException e) {
            // Anybody on the segment can send nonsense; it is no answer.
            return Optional.empty();
        }
    }

    /** {@code struct sockaddr_ll}: family, protocol in network order, index, type, packet type, length, address. */
    private byte[] linkAddress(int protocol) {
        return ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_PACKET)
                .putShort((short) networkOrder(protocol))
                .putInt(interfaceIndex)
                .putShort((short) 0)
                .put((byte) 0)
                .put((byte) MacAddress.BYTES)
                .put(MacAddress.BROADCAST.toBytes())
                .array();
    }

    private static int networkOrder(int value) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Short.reverseBytes((short) value) & 0xffff : value;
    }

    @Override
    public void close() {
        sender.close();
    }
}
