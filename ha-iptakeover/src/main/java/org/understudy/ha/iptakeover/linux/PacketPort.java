package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;

/**
 * One port of a switch in user space: every frame that comes in on an interface, and a way to send frames out of it
 * (packet(7)).
 *
 * <p>Frames carry the kernel's {@code struct virtio_net_hdr} in front ({@code PACKET_VNET_HDR}), because a local sender leaves
 * checksums and segmentation to the card: handed on as it came, the header lets the receiving side finish both. What this
 * side itself sends is not heard.
 *
 * <p>Needs CAP_NET_RAW. Sending is safe from any thread; one thread may receive.
 */
public final class PacketPort implements AutoCloseable {
    /** {@code sizeof(struct virtio_net_hdr)}, {@code linux/virtio_net.h}. */
    public static final int HEADER_BYTES = 10;

    /** {@code ETH_P_ALL}, {@code linux/if_ether.h}: every protocol. */
    private static final int EVERY_PROTOCOL = 3;
    /** {@code linux/if_packet.h}. */
    private static final int SOL_PACKET = 263;

    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    /** The largest segment a sender leaves whole, with its headers. */
    private static final int BYTES_MAX = HEADER_BYTES + 14 + 65_535;

    private final Fd fd;
    private final byte[] buffer = new byte[BYTES_MAX];

    /**
     * @param interfaceIndex the interface, in the network namespace of this process
     * @throws PlatformException EPERM without CAP_NET_RAW, ENODEV if there is no such interface, EINVAL before Linux 4.20
     */
    public PacketPort(int interfaceIndex) {
        NativeAccess.require();
        fd = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW, 0);
        boolean isOpen = false;
        try {
            Libc.setOption(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
            Libc.setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
            Libc.bind(
                    fd,
                    ByteBuffer.allocate(20)
                            .order(ByteOrder.nativeOrder())
                            .putShort((short) Libc.AF_PACKET)
                            .putShort(
                                    ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                                            ? Short.reverseBytes((short) EVERY_PROTOCOL)
                                            : (short) EVERY_PROTOCOL)
                            .putInt(interfaceIndex)
                            .array());
            isOpen = true;
        } finally {
            if (!isOpen) {
                fd.close();
            }
        }
    }

    /**
     * Waits for a frame.
     *
     * @return header and frame; empty if none came within the time
     * @throws PlatformException ENETDOWN when the interface went down
     */
    public byte[] receive(int waitMillis) {
        if (!Libc.awaitReadable(fd, waitMillis)) {
            return new byte[0];
        }
        int length = Libc.receive(fd, buffer, Libc.MSG_DONTWAIT);
        return length <= 0 ? new byte[0] : Arrays.copyOf(buffer, length);
    }

    /**
     * Sends a frame as {@link #receive} gave it.
     *
     * @return false if this host dropped it: a full queue, or an interface that is down
     */
    public boolean send(byte[] frame) {
        try {
            Libc.send(fd, frame);
            return true;
        } catch (PlatformException e) {
            if (e.errno() == Libc.ENOBUFS || e.errno() == Libc.ENETDOWN || e.errno() == Libc.ENXIO) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
