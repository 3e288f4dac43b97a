package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.iptakeover.core.LinkScore;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkEvents;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.SegmentGateway;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.GatewayPort;
import org.understudy.ha.iptakeover.spi.LinkEvents;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * The sockets of a {@link LinkMonitor}: for one look, or from a start to the stop after it.
 *
 * <p><b>Concurrency.</b> Looks come one at a time. The lock is over the score alone, which the thread of the events shares, and is never held
 * during a call that may block.
 */
final class LinkWatch implements AutoCloseable {
    private static final long ADDRESSES_NANOS = 1_000_000_000;

    private final String name;
    private final @Nullable IpAddress gateway;
    private final LinkScore score;
    private final ReentrantLock lock;

    private final LinkTable links;
    private final @Nullable AddressTable addresses;
    private @Nullable LinkEvents events;
    private @Nullable GatewayPort port;

    /** What the port was opened for. */
    private int portIndex;

    private MacAddress portMac = MacAddress.ZERO;
    private IpAddress portOwn = Ipv4Address.ANY;

    private volatile Optional<IpAddress> own = Optional.empty();
    private int ownIndex;
    private long ownNanos;
    private volatile boolean isOwnStale = true;
    /** Of the last look. */
    private volatile int index;

    /**
     * @throws PlatformException if native code is unavailable or the kernel refuses
     */
    LinkWatch(String name, @Nullable IpAddress gateway, LinkScore score, ReentrantLock lock) {
        this.name = name;
        this.gateway = gateway;
        this.score = score;
        this.lock = lock;
        this.links = new LinuxLinkTable();
        AddressTable opened = null;
        try {
            opened = gateway == null ? null : new LinuxAddressTable();
        } finally {
            if (gateway != null && opened == null) {
                links.close();
            }
        }
        this.addresses = opened;
    }

    /**
     * Hears of changes from now on.
     *
     * @return why the link cannot be started on, empty if it can
     */
    String begin(ThreadFactory threads, String threadName) {
        events = new LinuxLinkEvents(this::heard, threads, threadName);
        // What happened before the events were there is seen by this look.
        look(0);
        lock.lock();
        try {
            score.started();
            return score.problem();
        } finally {
            lock.unlock();
        }
    }

    /** What an event says is kept also if the next look finds everything as before. */
    private void heard(LinkEvents.Event event) {
        if (event instanceof LinkEvents.LinkChanged link && link.name().equals(name)) {
            sight(new LinkScore.Sight(
                    link.index(), link.isUp(), link.hasCarrier(), own.isPresent(), link.carrierLosses()));
        } else if (event instanceof LinkEvents.LinkRemoved link && link.index() == index) {
            sight(LinkScore.Sight.ABSENT);
        } else if (event instanceof LinkEvents.AddressChanged || event instanceof LinkEvents.Missed) {
            isOwnStale = true;
        }
    }

    private void sight(LinkScore.Sight sight) {
        lock.lock();
        try {
            score.sight(sight, System.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    Health health() {
        look(0);
        lock.lock();
        try {
            return score.health(System.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Looks at the interface and at what was heard from the gateway, and asks it if that is due.
     *
     * @param waitMillis how long to wait for its answer
     */
    void look(int waitMillis) {
        Optional<LinkTable.Link> link = links.byName(name);
        index = link.map(LinkTable.Link::index).orElse(0);
        Optional<IpAddress> source = link.isPresent() ? own(index) : Optional.empty();
        sight(link.map(l ->
                        new LinkScore.Sight(l.index(), l.isUp(), l.hasCarrier(), source.isPresent(), l.carrierLosses()))
                .orElse(LinkScore.Sight.ABSENT));
        if (gateway == null || link.isEmpty() || source.isEmpty()) {
            return;
        }
        GatewayPort open = port(link.get(), source.get(), gateway);
        tell(open.hear(0));
        if (isDue() && open.ask()) {
            lock.lock();
            try {
                score.asked(System.nanoTime());
            } finally {
                lock.unlock();
            }
            tell(open.hear(waitMillis));
        }
    }

    private boolean isDue() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return score.nextNanos(now) <= now;
        } finally {
            lock.unlock();
        }
    }

    private void tell(GatewayPort.Heard heard) {
        if (heard.gateways().isEmpty() && heard.rivals().isEmpty()) {
            return;
        }
        lock.lock();
        try {
            long now = System.nanoTime();
            heard.gateways().forEach(mac -> score.answered(mac, now));
            heard.rivals().forEach(mac -> score.rival(mac, now));
        } finally {
            lock.unlock();
        }
    }

    private GatewayPort port(LinkTable.Link link, IpAddress source, IpAddress target) {
        MacAddress mac = link.mac()
                .filter(m -> link.speaksArp())
                .orElseThrow(() -> new PlatformException(
                        "socket",
                        0,
                        "interface " + name
                                + " does not speak ARP, so its gateway cannot be asked: leave gateway(...) out"));
        GatewayPort present = port;
        boolean fits = portIndex == link.index() && portMac.equals(mac) && portOwn.equals(source);
        if (present != null && fits) {
            return present;
        }
        if (present != null) {
            port = null;
            present.close();
        }
        GatewayPort next = new SegmentGateway(link.index(), mac, source, target);
        port = next;
        portIndex = link.index();
        portMac = mac;
        portOwn = source;
        return next;
    }

    /** This host's address there, of the gateway's version: one of its network, else any that is not a floating one. */
    private Optional<IpAddress> own(int interfaceIndex) {
        long now = System.nanoTime();
        if (addresses == null || !isOwnStale && ownIndex == interfaceIndex && now - ownNanos < ADDRESSES_NANOS) {
            return own;
        }
        isOwnStale = false;
        ownIndex = interfaceIndex;
        ownNanos = now;
        List<AddressTable.Entry> there = addresses.list().stream()
                .filter(e -> e.interfaceIndex() == interfaceIndex && canAsk(e))
                .toList();
        own = there.stream()
                .filter(this::isGatewaysNetwork)
                .findFirst()
                .or(() -> there.stream().findFirst())
                .map(AddressTable.Entry::address);
        return own;
    }

    /** An address that may be another host's until duplicate address detection is over must not ask (RFC 4862, 5.4). */
    private boolean canAsk(AddressTable.Entry entry) {
        IpAddress wanted = gateway;
        return wanted != null && entry.address().isV6() == wanted.isV6() && !entry.isOurs() && !entry.isTentative();
    }

    private boolean isGatewaysNetwork(AddressTable.Entry entry) {
        IpAddress wanted = gateway;
        return wanted != null && new AddressTable.Network(entry.address(), entry.prefixLength()).holds(wanted);
    }

    @Override
    public void close() {
        LinkEvents open = events;
        if (open != null) {
            open.close();
        }
        links.close();
        if (addresses != null) {
            addresses.close();
        }
        GatewayPort asked = port;
        if (asked != null) {
            asked.close();
        }
    }
}
