package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.LinkMark;
import org.understudy.ha.iptakeover.linux.LinkRites;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkControl;
import org.understudy.ha.iptakeover.linux.ServiceLinks;
import org.understudy.ha.iptakeover.linux.WirelessCards;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * A hardware address that moves with the service, on a card that keeps its own: a macvlan in private mode, which exists on the node
 * that owns the group and on no other.
 *
 * <pre>
 * VirtualMac mac = VirtualMac.on("eth0").macFrom("files/192.0.2.10").build();
 * Group.named("files")
 *         .resourceBehindAddress("mac", mac)
 *         .resource("address", mac.address("192.0.2.10"))
 * </pre>
 *
 * <p>For clients and routers that do not heed gratuitous ARP: their entry for the address stays as it is over a takeover. Where they
 * heed it a plain {@link FloatingAddress} is as fast and asks less of the network: switches with port security, hypervisors that refuse
 * forged transmits and fabrics that learn addresses by other means block a second hardware address on a port, and Wi-Fi has no room for
 * one (refused here).
 *
 * <p><b>What ends it without us: nothing.</b> If the process is paused the macvlan stands, {@link Enforcement#COOPERATIVE}. But it says
 * nothing by itself: it has no address of its own, and IPv6 is off on it unless {@link #address} was given one of IPv6, so it answers only for
 * the floating address, and the gate of that one mutes it with the lease. With IPv6 it takes nothing from routers, and an nf_tables rule drops
 * what the kernel would say of itself (multicast listener reports, router solicitations). A switch that forwards groups to their members
 * only (MLD snooping) hears of the address's group from the card below, in that card's own name. The address is what is enforced; list this before it, with {@code resourceBehindAddress}, so that it is no reason
 * to wait. A program of this host that sends over the interface on purpose is not held back.
 *
 * <p><b>What it changes on the card below:</b> {@code arp_announce=2} while it stands, put back afterwards, or else replies, which leave by
 * that card, would teach clients the card's own address. On a host without nf_tables set {@code arp_ignore=1} there, because
 * nothing else keeps the card from answering for the floating address.
 *
 * <p><b>What it needs.</b> Linux with macvlan, {@code CAP_NET_ADMIN}, and a writable {@code /proc/sys/net} if IPv6 is on by
 * default; for IPv6 addresses also nf_tables (Linux 5.16 or later) and an IPv6 address of the host on the card below. {@link #check()} says
 * what is missing.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time; it has no thread of its own. {@code start} and
 * {@code stop} take about 20 ms.
 *
 * @since 0.1.0
 */
public final class VirtualMac implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualMac.class);
    private static final long CARRIER_MILLIS_MAX = 1_000;

    private final String parent;
    private final String name;
    private final MacAddress mac;

    private final Ipv6OnLink ipv6 = new Ipv6OnLink(ServiceLinks::tryOutIpv6);

    private final List<AddressOnLink> addresses = new CopyOnWriteArrayList<>();

    private volatile @Nullable LinkTenure tenure;
    private volatile int index;
    private volatile LinkMark mark = LinkMark.NONE;

    private VirtualMac(String parent, String name, MacAddress mac) {
        this.parent = parent;
        this.name = name;
        this.mac = mac;
    }

    /** A builder for a virtual MAC on the card that faces the clients, for example {@code eth0}. */
    public static Builder on(String parentInterface) {
        return builder().on(parentInterface);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link VirtualMac}. Not thread-safe. */
    public static final class Builder {
        private @Nullable String parent;
        private @Nullable String name;
        private @Nullable String mac;
        private @Nullable String macFrom;

        private Builder() {}

        /** The card that faces the clients. Required; once. It need not exist yet. */
        public Builder on(String parentInterface) {
            BuilderRules.requireUnset("on", parent, parentInterface);
            parent = parentInterface;
            return this;
        }

        /** The name of the new interface, 1 to 15 characters. Default: {@code vip} and the digits of the address; once. */
        public Builder named(String value) {
            BuilderRules.requireUnset("named", name, value);
            name = value;
            return this;
        }

        /** The hardware address, the same on every node, in six pairs with colons. This or {@link #macFrom}; once. */
        public Builder mac(String value) {
            BuilderRules.requireUnset("mac", mac, value);
            mac = value;
            return this;
        }

        /**
         * A hardware address made of a name, for example the cluster's and the floating address: 02 and five bytes of its SHA-256. The same
         * name gives the same address on every node and in every version. This or {@link #mac}; once.
         */
        public Builder macFrom(String value) {
            BuilderRules.requireUnset("macFrom", macFrom, value);
            macFrom = value;
            return this;
        }

        /**
         * @throws ConfigurationException listing everything that is wrong
         */
        public VirtualMac build() {
            List<Problem> problems = new ArrayList<>();
            String on = parent == null ? "" : parent;
            BuilderRules.requireInterfaceName(problems, "on", on);
            MacAddress address = BuilderRules.mac(problems, mac == null ? "" : mac, macFrom == null ? "" : macFrom);
            String named = name == null ? "vip" + address.toString().replace(":", "") : name;
            BuilderRules.requireInterfaceName(problems, "named", named);
            if (named.equals(on) && !on.isEmpty()) {
                problems.add(new Problem("named", named, "is the card itself: the new interface needs another name"));
            }
            if (LinkMark.tagInName(named).isPresent()) {
                problems.add(new Problem("named", named, "is a name that the library uses itself: choose another"));
            }
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            return new VirtualMac(on, named, address);
        }
    }

    /** The interface it makes: where the floating address has to stand. */
    public String networkInterface() {
        return name;
    }

    /** The hardware address. */
    public String mac() {
        return mac.toString();
    }

    /**
     * A {@link FloatingAddress} on this interface, IPv4 or IPv6, to be listed after it; one for each address. Unlike one that is built by itself
     * it can be a candidate before the interface exists: until then the card below is asked. The first of IPv6 has the interface carry that
     * from its next start on.
     *
     * @throws ConfigurationException as {@link FloatingAddress#of}
     */
    public ManagedResource address(String address) {
        AddressOnLink made = new AddressOnLink(address, name, parent, parent);
        ipv6.carry(address);
        addresses.add(made);
        return made;
    }

    /** Who has noticed that its {@linkplain #address addresses} are here now, as {@link FloatingAddress#takeovers()}. */
    public List<Takeover> takeovers() {
        return addresses.stream().flatMap(one -> one.takeovers().stream()).toList();
    }

    /**
     * Finds out whether this host can carry it, before anything depends on it. Changes nothing.
     *
     * @throws ConfigurationException saying what is missing: operating system, native code, privilege, card, or a foreign interface
     */
    public void check() {
        String obstacle = obstacle();
        if (!obstacle.isEmpty()) {
            throw new ConfigurationException("virtual MAC", name, obstacle);
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        end();
        ServiceLinks links = null;
        try {
            links = new ServiceLinks();
            String obstacle = obstacle(links.list());
            if (!obstacle.isEmpty()) {
                throw new ResourceException(Severity.HARD, this + " cannot start: " + obstacle);
            }
            remains().forEach(context.claims()::claim);
            removeOurs(links);
            List<LinkControl.Entry> all = links.list();
            LinkControl.Entry below = ServiceLinks.named(all, parent)
                    .orElseThrow(
                            () -> new ResourceException(Severity.HARD, this + " cannot start: " + parent + " is gone"));
            LinkMark next = new LinkMark(
                    context.claims().tag(),
                    Optional.empty(),
                    Optional.of(ServiceLinks.announceBefore(all, below)),
                    ipv6.noteOfOurs());
            index = links.addMacvlan(below, name, mac, next);
            mark = next;
            LinkTenure started = new LinkTenure(links, index, name, mac, below);
            links = null;
            tenure = started;
            requireCarrier(started);
        } catch (PlatformException e) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + e.getMessage(), e);
        } finally {
            if (links != null) {
                links.close();
            }
        }
    }

    private void requireCarrier(LinkTenure started) throws ResourceException, InterruptedException {
        boolean isUsable = false;
        try {
            isUsable = started.awaitCarrier(CARRIER_MILLIS_MAX);
        } finally {
            if (!isUsable) {
                end();
            }
        }
        if (!isUsable) {
            throw new ResourceException(Severity.HARD, this + " cannot start: it has no carrier");
        }
    }

    /** Whoever starts or stops was granted the group, so what stands here of this address is a dead process's or its own. */
    private void removeOurs(ServiceLinks links) {
        for (LinkControl.Entry link : links.list()) {
            if (isOurs(link)) {
                links.removeMacvlan(link);
            }
        }
    }

    private boolean isOurs(LinkControl.Entry link) {
        boolean isMarked =
                LinkMark.parse(link.alias()).filter(m -> m.own().isEmpty()).isPresent()
                        || link.alias().isEmpty()
                                && LinkMark.tagInName(link.name()).isPresent();
        return link.isMacvlan() && isMarked && link.mac().equals(Optional.of(mac));
    }

    @Override
    public void stop(StopContext context) throws ResourceException {
        if (tenure != null || new LinuxHostPort().unavailableBecause().isEmpty()) {
            end();
        }
    }

    private void end() throws ResourceException {
        LinkTenure current = tenure;
        try (ServiceLinks any = new ServiceLinks()) {
            ServiceLinks links = current == null ? any : current.links();
            if (current != null) {
                // By number, which no other interface gets, whatever somebody made of its name and mark.
                links.removeMacvlan(index, mark);
            }
            removeOurs(links);
        } catch (PlatformException e) {
            throw new ResourceException(
                    Severity.SOFT,
                    this + " may still stand: " + e.getMessage() + "; `ip link del " + name + "` takes it away",
                    e);
        }
        if (current != null) {
            tenure = null;
            current.close();
        }
    }

    /** {@inheritDoc} Microseconds: two questions to the kernel. */
    @Override
    public Health monitor() {
        LinkTenure current = tenure;
        return current == null ? Health.notRunning() : current.health();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Any interface of this name or with this hardware address counts, also what a dead process of ours left: nobody can tell here that
     * it is dead. A start that was granted removes it.
     */
    @Override
    public Presence probe() {
        try (ServiceLinks links = new ServiceLinks()) {
            List<LinkControl.Entry> all = links.list();
            boolean isHere = ServiceLinks.named(all, name).isPresent()
                    || !LinkTenure.bearers(all, mac).isEmpty();
            if (isHere && tenure == null) {
                LOG.warn("{} stands here already: `ip link del {}` if no process of this host uses it", this, name);
            }
            return isHere ? Presence.HERE : Presence.ABSENT;
        } catch (PlatformException e) {
            LOG.warn("{}: probe: {}", this, e.getMessage());
            return Presence.UNKNOWN;
        }
    }

    @Override
    public Eligibility eligibility() {
        String obstacle = obstacle();
        return obstacle.isEmpty() ? Eligibility.eligible() : Eligibility.veto(obstacle);
    }

    private String obstacle() {
        try (ServiceLinks links = new ServiceLinks()) {
            LinuxLinkControl.tryOut();
            return obstacle(links.list());
        } catch (PlatformException e) {
            return e.getMessage();
        }
    }

    private String obstacle(List<LinkControl.Entry> all) {
        Optional<LinkControl.Entry> below = ServiceLinks.named(all, parent);
        boolean isWireless = below.filter(e -> new WirelessCards().contains(e.name(), e.index()))
                .isPresent();
        String wrong = LinkTenure.unusable(below, parent, isWireless);
        if (!wrong.isEmpty()) {
            return wrong;
        }
        if (below.get().isMacvlan()) {
            return "interface " + parent + " is a macvlan itself: name the card below it";
        }
        if (below.get().masterIndex() != 0) {
            return "interface " + parent
                    + " is a port of a bridge or bond, which takes all its frames: name the bridge or" + " bond";
        }
        List<LinkControl.Entry> others = all.stream().filter(e -> !isOurs(e)).toList();
        if (ServiceLinks.named(others, name).isPresent()) {
            return "there is an interface " + name
                    + " that this resource did not make: give it another name with named()," + " or remove it";
        }
        String bearers = LinkTenure.bearers(others, mac);
        return bearers.isEmpty()
                ? ipv6.obstacle(below.get())
                : "the hardware address " + mac + " is already on " + bearers + ": give another";
    }

    /** {@link Scope#NODE}: an interface outlives its process. */
    @Override
    public Scope scope() {
        return Scope.NODE;
    }

    @Override
    public boolean endsWithItsThreads() {
        return true;
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Enforcement#COOPERATIVE}: nothing removes it while this process is paused, see the class
     */
    @Override
    public Set<Enforcement> enforcements() {
        return Set.of(Enforcement.COOPERATIVE);
    }

    /** The interface and the hardware address, as {@link LinkRites} names them. */
    @Override
    public List<String> remains() {
        return List.of(LinkRites.linkClaim(name), LinkRites.macClaim(mac));
    }

    @Override
    public String toString() {
        return "virtual MAC " + mac + " as " + name + " on " + parent;
    }
}
