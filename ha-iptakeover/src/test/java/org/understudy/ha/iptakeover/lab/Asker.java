package org.understudy.ha.iptakeover.lab;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** Asks the segment by ARP probe or neighbour solicitation, from the bridge. */
public final class Asker implements AutoCloseable {
    /** After this the silent are asked again. */
    private static final long ROUND_NANOS = 250_000_000;

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

    /**
     * Who answers for which address within the time. The silent are asked again: of a thousand questions at once a busy host drops some
     * before the kernel has seen them.
     */
    public Map<String, String> whoHas(Collection<String> addresses, int millis) {
        Map<String, String> answers = new TreeMap<>();
        Set<String> silent = new LinkedHashSet<>(addresses);
        long until = System.nanoTime() + millis * 1_000_000L;
        long left = until - System.nanoTime();
        while (left > 0 && !silent.isEmpty()) {
            ask(silent, Math.min(left, ROUND_NANOS)).forEach((address, who) -> {
                answers.put(address, who);
                silent.remove(address);
            });
            left = until - System.nanoTime();
        }
        return answers;
    }

    private Map<String, String> ask(Collection<String> addresses, long nanos) {
        try {
            Map<String, String> answers = new TreeMap<>();
            socket.probe(
                            mac,
                            addresses.stream()
                                    .map(address -> IpAddress.parse(address).orElseThrow())
                                    .toList(),
                            1,
                            Duration.ofNanos(nanos))
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
     * @return milliseconds from now until the last question within {@code millis} that was answered, -1 if there was none
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
                last = (now - start) / 1_000_000;
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
