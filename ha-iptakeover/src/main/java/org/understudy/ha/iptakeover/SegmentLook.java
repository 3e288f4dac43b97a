package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.OutsideView;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.spi.LinkTable;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/** Asks the segment who answers for addresses, and hears everybody who does. */
final class SegmentLook {
    private static final int TRIES = 2;

    private SegmentLook() {}

    /** For each address the hardware addresses that answered within the time. */
    static Map<String, List<String>> answering(
            AddressSet addresses, LinkTable.Link link, ThreadFactory threads, Duration time)
            throws InterruptedException {
        MacAddress own = link.mac().orElse(MacAddress.ZERO);
        Map<IpAddress, OutsideView> views = new LinkedHashMap<>();
        addresses.all().forEach(address -> views.put(address, new OutsideView(address, own)));
        SegmentEar.Listener listener = (nanos, sighting) -> {
            synchronized (views) {
                views.values().forEach(view -> view.hear(sighting));
            }
        };
        try (LinuxSegmentEar ear =
                new LinuxSegmentEar(link.index(), addresses.all(), listener, threads, "ha-look-" + link.name())) {
            for (int i = 0; i < TRIES; i++) {
                addresses.all().forEach(address -> ear.send(probe(own, address)));
                // Nobody ends the wait before its time: there may be one more.
                new CountDownLatch(1).await(time.toNanos() / TRIES, TimeUnit.NANOSECONDS);
            }
        }
        Map<String, List<String>> found = new LinkedHashMap<>();
        synchronized (views) {
            views.forEach((address, view) -> found.put(
                    address.toString(),
                    view.verdict().macs().stream().map(MacAddress::toString).toList()));
        }
        return found;
    }

    private static EthernetFrame probe(MacAddress own, IpAddress address) {
        return address instanceof Ipv6Address six
                ? NeighbourMessage.probe(six).frameFrom(own)
                : ArpPacket.probe(own, (Ipv4Address) address).frameTo(MacAddress.BROADCAST);
    }
}
