package org.understudy.ha.iptakeover.lab;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** Asks the segment by ARP probe or neighbour solicitation, from the bridge. */
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
        return whoHas(List.of(address), millis).values().stream().findFirst();
    }

    /** Who answers for which address within the time. */
    public Map<String, String> whoHas(Collection<String> addresses, int millis) {
        try {
            Map<String, String> answers = new TreeMap<>();
            socket.probe(
                            mac,
                            addresses.stream()
                                    .map(address -> IpAddress.parse(address).orElseThrow())
                                    .toList(),
                            1,
                            Duration.ofMillis(millis))
                    .forEach((address, who) -> answers.put(address.toString(), who.toString()));
            return answers;
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
        return lastAnswerMillis(List.of(address), millis);
    }

    /** The same of the last answer for any of the addresses. */
    public long lastAnswerMillis(Collection<String> addresses, int millis) {
        long start = System.nanoTime();
        long last = -1;
        long now = start;
        while (now - start < millis * 1_000_000L) {
            if (!whoHas(addresses, 5).isEmpty()) {
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
