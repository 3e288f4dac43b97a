package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.linux.ServiceLinks;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/** One stay of a service's hardware address on an interface of this host, and what its two resources have in common. */
final class LinkTenure implements AutoCloseable {
    private final ServiceLinks links;
    private final int index;
    private final String name;
    private final MacAddress mac;
    private final int besideIndex;
    private final String besideName;

    LinkTenure(ServiceLinks links, int index, String name, MacAddress mac, LinkControl.Entry beside) {
        this.links = links;
        this.index = index;
        this.name = name;
        this.mac = mac;
        this.besideIndex = beside.index();
        this.besideName = beside.name();
    }

    Health health() {
        try {
            Optional<LinkControl.Entry> now = links.byIndex(index);
            if (now.isEmpty()) {
                return Health.failed(Severity.SOFT, "interface " + name + " is gone");
            }
            String wrong = wrong(now.get());
            if (!wrong.isEmpty()) {
                return Health.failed(Severity.SOFT, wrong);
            }
            if (!now.get().hasCarrier()) {
                return Health.failed(Severity.HARD, "carrier of " + name + " is gone");
            }
            // A macvlan learns of its parent's carrier late.
            Optional<LinkControl.Entry> beside = links.byIndex(besideIndex);
            boolean isReachable =
                    beside.isPresent() && beside.get().isUp() && beside.get().hasCarrier();
            return isReachable
                    ? Health.healthy()
                    : Health.failed(Severity.HARD, "interface " + besideName + " is gone, down or without carrier");
        } catch (PlatformException e) {
            return Health.degraded("cannot look after " + name + ": " + e.getMessage());
        }
    }

    private String wrong(LinkControl.Entry now) {
        if (!now.name().equals(name)) {
            return "interface " + name + " was renamed to " + now.name();
        }
        if (!now.mac().equals(Optional.of(mac))) {
            return "the hardware address of " + name + " was changed to "
                    + now.mac().map(MacAddress::toString).orElse("something else");
        }
        return now.isUp() ? "" : "interface " + name + " was put down";
    }

    /** The sockets that made or changed the interface, which alone may undo all of it while they are open. */
    ServiceLinks links() {
        return links;
    }

    /** See {@link ServiceLinks#awaitCarrier}. */
    boolean awaitCarrier(long millis) throws InterruptedException {
        return links.awaitCarrier(index, millis);
    }

    @Override
    public void close() {
        links.close();
    }

    /** Why an interface cannot be the one by which this host reaches the clients; empty if it can. */
    static String unusable(Optional<LinkControl.Entry> found, String name, boolean isWireless) {
        if (found.isEmpty()) {
            return "there is no interface " + name + " on this host: name one of `ip link`";
        }
        LinkControl.Entry link = found.get();
        if (link.isLoopback() || !link.speaksArp() || link.mac().isEmpty()) {
            return "interface " + name + " does not speak ARP" + (link.isLoopback() ? " (it is the loopback)" : "")
                    + ": another hardware address needs an Ethernet interface";
        }
        if (isWireless) {
            return "interface " + name
                    + " is Wi-Fi, where only the hardware address known to the access point can be used: use a"
                    + " cable, or a floating address without a MAC of its own";
        }
        if (!link.isUp()) {
            return "interface " + name + " is down: `ip link set " + name + " up`";
        }
        return link.hasCarrier() ? "" : "interface " + name + " has no carrier: check its cable";
    }

    /** The other interfaces of this host with that address, named; empty if there is none. */
    static String bearers(List<LinkControl.Entry> all, MacAddress mac) {
        List<String> names = all.stream()
                .filter(e -> e.mac().equals(Optional.of(mac)))
                .map(LinkControl.Entry::name)
                .toList();
        return String.join(", ", names);
    }
}
