package org.understudy.ha.iptakeover.lab;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** A card on the segment with an ear on it, in this process. The kernel speaks no ARP and no IPv6 on it: it says what the test says. */
public final class Card implements AutoCloseable {
    /** One sighting and when it came. */
    public record Heard(long nanos, Sighting sighting) {}

    private final String name;
    private final int index;
    private final MacAddress mac;
    private final LinuxSegmentEar ear;
    private final LinkedBlockingQueue<Heard> heard = new LinkedBlockingQueue<>();

    private Card(String name, List<? extends IpAddress> addresses) {
        this.name = name;
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            LinkTable.Link link = links.byName(name).orElseThrow();
            index = link.index();
            mac = link.mac().orElseThrow();
        }
        ear = new LinuxSegmentEar(
                index, addresses, (nanos, s) -> heard.add(new Heard(nanos, s)), Thread::new, "ear-" + name);
    }

    /** A new card on the bridge. */
    public static Card plug(String name, List<? extends IpAddress> addresses) {
        Segment.run("ip", "link", "add", name, "arp", "off", "type", "veth", "peer", "name", "to-" + name);
        Segment.run("ip", "link", "set", name, "addrgenmode", "none");
        Segment.run("ip", "link", "set", "to-" + name, "master", "br0", "up");
        Segment.run("ip", "link", "set", name, "up");
        // The bridge learns of the carrier a moment later.
        until(
                "the bridge forwards to " + name,
                () -> Segment.run("ip", "-d", "link", "show", "to-" + name).contains("state forwarding"));
        return new Card(name, addresses);
    }

    /** Waits for a condition, ten seconds at most. */
    public static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 10_000_000_000L) {
                throw new AssertionError("not within 10 s: " + what);
            }
        }
    }

    /** An ear on a card that is there already. */
    public static Card existing(String name, List<? extends IpAddress> addresses) {
        return new Card(name, addresses);
    }

    public String name() {
        return name;
    }

    public int index() {
        return index;
    }

    public MacAddress mac() {
        return mac;
    }

    public LinuxSegmentEar ear() {
        return ear;
    }

    /** Sends, or the test ends. */
    public void send(EthernetFrame frame) {
        if (!ear.send(frame)) {
            throw new AssertionError(name + " dropped a frame");
        }
    }

    /** The next sighting. */
    public Heard next() {
        return next(10_000).orElseThrow(() -> new AssertionError(name + " heard nothing within 10 s"));
    }

    /** The next sighting within the time. */
    public Optional<Heard> next(long millis) {
        try {
            return Optional.ofNullable(heard.poll(millis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        ear.close();
    }
}
