package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.linux.GroupMembership;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * A floating address on an interface that an earlier resource of its group makes or puts up. Before that one has started there is
 * nothing to look at, so the card beside answers whether the address could stand here and who else uses it.
 *
 * <p>The interface does not report the group in which neighbours ask for an IPv6 address ({@code NftMute} says why). Where it stands on the
 * card beside, that card reports the group in its own name, so that a switch that forwards groups to their members only (RFC 4541) lets the
 * questions come to this port.
 */
final class AddressOnLink implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(AddressOnLink.class);

    private final FloatingAddress address;
    private final FloatingAddress beside;
    /** Of the last probe. */
    private volatile boolean isHere;

    private final Optional<Ipv6Address> group;
    private final String reporter;
    private volatile @Nullable GroupMembership membership;

    /**
     * @param reporter the card on which the group of an IPv6 address is reported; empty if on none
     */
    AddressOnLink(String address, String networkInterface, String besideInterface, String reporter) {
        this.reporter = reporter;
        this.group = IpAddress.parse(address)
                .filter(parsed -> !reporter.isEmpty() && parsed.isV6())
                .map(parsed -> ((Ipv6Address) parsed).solicitedNode());
        this.address = FloatingAddress.builder()
                .address(address)
                .networkInterface(networkInterface)
                .inNetworkOf(besideInterface)
                .build();
        this.beside = FloatingAddress.of(address, besideInterface);
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        leave();
        join();
        boolean isStarted = false;
        try {
            address.start(context);
            isStarted = true;
        } finally {
            if (!isStarted) {
                leave();
            }
        }
    }

    /** Most segments do without. */
    private void join() {
        if (group.isEmpty()) {
            return;
        }
        try (LinkTable links = new LinuxLinkTable()) {
            LinkTable.Link card = links.byName(reporter)
                    .orElseThrow(() -> new PlatformException("setsockopt", 0, reporter + " is gone"));
            membership = new GroupMembership(card.index(), group.get());
        } catch (PlatformException e) {
            LOG.warn(
                    "{}: a switch that snoops MLD may keep neighbours from asking for it: {} does not report {}: {}",
                    this,
                    reporter,
                    group.get(),
                    e.getMessage());
        }
    }

    private void leave() {
        GroupMembership current = membership;
        if (current != null) {
            membership = null;
            current.close();
        }
    }

    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        address.stop(context);
        leave();
    }

    /** As {@link FloatingAddress#takeovers()}. */
    List<Takeover> takeovers() {
        return address.takeovers();
    }

    @Override
    public Health monitor() {
        return address.monitor();
    }

    @Override
    public Presence probe() {
        isHere = address.monitor().state() != Health.State.NOT_RUNNING;
        return isHere ? Presence.HERE : beside.probe();
    }

    @Override
    public String probeDetail() {
        return isHere ? "this resource has it" : beside.probeDetail();
    }

    @Override
    public Eligibility eligibility() {
        // A lent card is there before the start; a virtual one is not.
        address.prepare();
        return beside.standable();
    }

    @Override
    public Scope scope() {
        return address.scope();
    }

    @Override
    public boolean endsWithItsThreads() {
        return true;
    }

    @Override
    public Set<Enforcement> enforcements() {
        return address.enforcements();
    }

    @Override
    public void unprepare() {
        // Nothing is made ready, and what is kept for a start stays.
    }

    @Override
    public void retire() {
        address.retire();
    }

    @Override
    public List<String> remains() {
        return address.remains();
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
