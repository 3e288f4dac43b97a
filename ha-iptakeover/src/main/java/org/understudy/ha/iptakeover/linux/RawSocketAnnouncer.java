package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
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
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;

/**
 * ARP and neighbour discovery over packet sockets (packet(7)) on one interface.
 *
 * <p>The frames pass the egress hook of the interface like any other, so a closed gate holds them back too.
 */
public final class RawSocketAnnouncer implements AddressAnnouncer {
    private static final int FRAME_BYTES_MAX = 1514;
    private static final int SLICE_MILLIS = 10;

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
    public boolean send(List<EthernetFrame> frames) {
        Map<Integer, List<byte[]>> byType = new LinkedHashMap<>();
        for (EthernetFrame frame : frames) {
            byType.computeIfAbsent(frame.type(), type -> new ArrayList<>(frames.size()))
                    .add(frame.encode());
        }
        boolean isSent = true;
        for (Map.Entry<Integer, List<byte[]>> each : byType.entrySet()) {
            isSent &= sendAll(each.getValue(), linkAddress(each.getKey()));
        }
        return isSent;
    }

    private boolean sendAll(List<byte[]> frames, byte[] to) {
        boolean isSent = true;
        int next = 0;
        while (next < frames.size()) {
            try {
                next += Libc.sendAllTo(sender, frames, next, to);
            } catch (PlatformException e) {
                if (!isDropped(e)) {
                    throw e;
                }
                isSent = false;
                next++;
            }
        }
        return isSent;
    }

    private boolean send(EthernetFrame frame) {
        return send(List.of(frame));
    }

    /** By this host: the gate is closed, the queue full, the interface down or gone. */
    private static boolean isDropped(PlatformException e) {
        return e.errno() == Libc.ENOBUFS
                || e.errno() == Libc.EPERM
                || e.errno() == Libc.ENETDOWN
                || e.errno() == Libc.ENXIO
                || e.errno() == Libc.ENODEV;
    }

    @Override
    public Map<IpAddress, MacAddress> probe(MacAddress mac, Collection<IpAddress> addresses, int probes, Duration time)
            throws InterruptedException {
        List<Fd> ears = new ArrayList<>();
        try {
            if (addresses.stream().anyMatch(address -> !address.isV6())) {
                ears.add(ear(EthernetFrame.TYPE_ARP));
            }
            if (addresses.stream().anyMatch(IpAddress::isV6)) {
                ears.add(ear(EthernetFrame.TYPE_IPV6));
            }
            return new Probing(mac, List.copyOf(addresses), ears).run(probes, time);
        } finally {
            ears.forEach(Fd::close);
        }
    }

    private Fd ear(int type) {
        Fd fd = open(0);
        try {
            if (type == EthernetFrame.TYPE_IPV6) {
                Libc.attachFilter(fd, SegmentFilter.discovery());
            }
            Libc.bind(fd, linkAddress(type));
            return fd;
        } catch (PlatformException e) {
            fd.close();
            throw e;
        }
    }

    /** One look at the segment for rivals. */
    private final class Probing {
        private final MacAddress own;
        private final List<IpAddress> addresses;
        private final Set<IpAddress> asked;
        private final List<Fd> ears;
        private final byte[] buffer = new byte[FRAME_BYTES_MAX];
        private final Map<IpAddress, MacAddress> rivals = new LinkedHashMap<>();

        Probing(MacAddress own, List<IpAddress> addresses, List<Fd> ears) {
            this.own = own;
            this.addresses = addresses;
            this.asked = new HashSet<>(addresses);
            this.ears = ears;
        }

        Map<IpAddress, MacAddress> run(int probes, Duration time) throws InterruptedException {
            for (int i = 0; i < probes; i++) {
                for (int from = 0; from < addresses.size(); from += AnnouncementSchedule.BURST_MAX) {
                    int to = Math.min(addresses.size(), from + AnnouncementSchedule.BURST_MAX);
                    addresses.subList(from, to).forEach(this::ask);
                    if (to < addresses.size()) {
                        listen(System.nanoTime() + AnnouncementSchedule.BURST_NANOS);
                    }
                }
                listen(System.nanoTime() + time.toNanos() / probes);
                if (!rivals.isEmpty()) {
                    break;
                }
            }
            return rivals;
        }

        private void ask(IpAddress address) {
            if (address instanceof Ipv6Address six) {
                send(NeighbourMessage.probe(six).frameFrom(own));
            } else if (address instanceof Ipv4Address four) {
                send(ArpPacket.probe(own, four).frameTo(MacAddress.BROADCAST));
            }
        }

        /** Until then; at once if the only address that is asked for has a rival. */
        private void listen(long until) throws InterruptedException {
            long left = until - System.nanoTime();
            while (left > 0 && rivals.size() < asked.size()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while probing for addresses");
                }
                // With both versions each ear is given its turn: what arrives meanwhile waits in its queue.
                for (Fd ear : ears) {
                    long share = Math.min(SLICE_MILLIS, left / 1_000_000 / ears.size() + 1);
                    if (Libc.awaitReadable(ear, (int) share)) {
                        hear(ear);
                    }
                }
                left = until - System.nanoTime();
            }
        }

        /** Everything that waits, so that a flood of it does not hold back what comes behind. */
        private void hear(Fd ear) {
            int length = Libc.receive(ear, buffer, Libc.MSG_DONTWAIT);
            for (int i = 0; length >= 0 && i < AnnouncementSchedule.BURST_MAX; i++) {
                note(length);
                length = Libc.receive(ear, buffer, Libc.MSG_DONTWAIT);
            }
        }

        private void note(int length) {
            try {
                EthernetFrame frame = EthernetFrame.decode(buffer, length);
                if (frame.type() == EthernetFrame.TYPE_ARP) {
                    ArpPacket packet = ArpPacket.decode(frame.payload());
                    note(packet.senderAddress(), packet.senderMac());
                } else if (frame.type() == EthernetFrame.TYPE_IPV6) {
                    NeighbourMessage message = NeighbourMessage.decode(frame.payload());
                    note(message.claimed(), message.linkAddress().orElse(frame.source()));
                }
            } catch (MalformedMessageException e) {
                // Anybody on the segment can send nonsense; it is no answer.
                return;
            }
        }

        private void note(IpAddress address, MacAddress mac) {
            if (asked.contains(address) && !mac.equals(own)) {
                rivals.putIfAbsent(address, mac);
            }
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
