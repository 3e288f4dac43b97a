package org.understudy.ha.iptakeover.lab;

import java.time.Duration;
import java.util.Optional;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** Asks the segment by ARP probe, from the bridge. */
public final class Asker implements AutoCloseable {
    private final MacAddress mac;
    private final RawSocketAnnouncer socket;

    public Asker() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            LinkTable.Link link = links.byName("br0").orElseThrow();
            mac = link.mac().orElseThrow();
            socket = new RawSocketAnnouncer(link.index());
        }
    }

    /** Who answers for the address within the time. */
    public Optional<String> whoHas(String address, int millis) {
        try {
            return socket.probe(mac, Ipv4Address.parse(address).orElseThrow(), 1, Duration.ofMillis(millis))
                    .map(MacAddress::toString);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /**
     * Asks on and on.
     *
     * @return milliseconds from now until the last answer within {@code millis}, -1 if there was none
     */
    public long lastAnswerMillis(String address, int millis) {
        long start = System.nanoTime();
        long last = -1;
        long now = start;
        while (now - start < millis * 1_000_000L) {
            if (whoHas(address, 5).isPresent()) {
                last = (System.nanoTime() - start) / 1_000_000;
            }
            now = System.nanoTime();
        }
        return last;
    }

    @Override
    public void close() {
        socket.close();
    }
}
