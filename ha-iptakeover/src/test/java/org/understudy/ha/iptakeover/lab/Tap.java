package org.understudy.ha.iptakeover.lab;

import java.util.Arrays;
import java.util.function.Predicate;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.PacketPort;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** Hears every frame that comes in on an interface of this process's network namespace. */
public final class Tap implements AutoCloseable {
    private final PacketPort port;

    public Tap(String name) {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            port = new PacketPort(links.byName(name).orElseThrow().index());
        }
    }

    /** Forgets what has come. */
    public void drain() {
        while (port.receive(0).length > 0) {
            // Next.
        }
    }

    /** Whether such a frame comes within the time. */
    public boolean hears(int millis, Predicate<byte[]> frame) {
        long start = System.nanoTime();
        long left = millis;
        while (left > 0) {
            byte[] one = port.receive((int) left);
            if (one.length > PacketPort.HEADER_BYTES + 40
                    && frame.test(Arrays.copyOfRange(one, PacketPort.HEADER_BYTES, one.length))) {
                return true;
            }
            left = millis - (System.nanoTime() - start) / 1_000_000;
        }
        return false;
    }

    /** Whether the bytes of an address stand anywhere in a frame. */
    public static boolean has(byte[] frame, String address) {
        byte[] wanted = IpAddress.parse(address).orElseThrow().toBytes();
        for (int at = 0; at + wanted.length <= frame.length; at++) {
            if (Arrays.equals(frame, at, at + wanted.length, wanted, 0, wanted.length)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        port.close();
    }
}
