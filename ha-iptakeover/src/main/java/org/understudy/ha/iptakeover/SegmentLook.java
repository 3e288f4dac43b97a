package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
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
            OutsideView view = views.get(sighting.sender());
            if (view != null) {
                synchronized (views) {
                    view.hear(sighting);
                }
            }
        };
        try (LinuxSegmentEar ear =
                new LinuxSegmentEar(link.index(), addresses.all(), listener, threads, "ha-look-" + link.name())) {
            for (int i = 0; i < TRIES; i++) {
                for (int from = 0; from < addresses.size(); from += AnnouncementSchedule.BURST_MAX) {
                    int to = Math.min(addresses.size(), from + AnnouncementSchedule.BURST_MAX);
                    addresses.all().subList(from, to).forEach(address -> ear.send(probe(own, address)));
                    pause(AnnouncementSchedule.BURST_NANOS);
                }
                pause(time.toNanos() / TRIES);
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

    /** Nobody ends it before its time: there may be one more answer. */
    private static void pause(long nanos) throws InterruptedException {
        new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS);
    }

    private static EthernetFrame probe(MacAddress own, IpAddress address) {
        return address instanceof Ipv6Address six
                ? NeighbourMessage.probe(six).frameFrom(own)
                : ArpPacket.probe(own, (Ipv4Address) address).frameTo(MacAddress.BROADCAST);
    }
}
