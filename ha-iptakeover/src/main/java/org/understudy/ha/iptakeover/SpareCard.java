package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
import org.understudy.ha.iptakeover.linux.CardUse;
import org.understudy.ha.iptakeover.linux.LinkRites;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkControl;
import org.understudy.ha.iptakeover.linux.ServiceLinks;
import org.understudy.ha.iptakeover.linux.WirelessCards;
import org.understudy.ha.iptakeover.netlink.LinkChange;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * A second network card that stands by, down and with its own hardware address, and takes the service's while its group runs here: the
 * way of the first Linux clusters, for networks where a card may have one hardware address only ({@link VirtualMac} shares a card).
 *
 * <pre>
 * SpareCard card = SpareCard.on("eth1").beside("eth0").macFrom("files/192.0.2.10").build();
 * Group.named("files")
 *         .resourceBehindAddress("card", card)
 *         .resource("address", card.address("192.0.2.10"))
 * </pre>
 *
 * <p>A start writes on the card whose it is and what it was (its alias in {@code ip link}, hardware address and settings), then changes
 * the address and puts it up. The note lives exactly as long as the change, in the kernel, so a crash loses neither: the guardian's last
 * rites or the next start read it. A stop puts the card down, gives it its own address and alias back and takes the note away.
 *
 * <p><b>What ends it without us: nothing</b>, as with {@link VirtualMac}: silent by itself, muted by the gate of the floating address in
 * front. List it before that one with {@code resourceBehindAddress}.
 *
 * <p><b>Starting takes as long as the card needs for its link:</b> a real one negotiates for one to three seconds after it was put up, and
 * a switch without edge port then learns for up to 30 more. Give the group a start budget for that.
 *
 * <p><b>What it needs.</b> Linux, {@code CAP_NET_ADMIN}, a writable {@code /proc/sys/net} if IPv6 is on, a card that nothing else
 * manages (tell NetworkManager and systemd-networkd that it is unmanaged) and another one with this host's address on the same
 * network, by which replies leave; that one has {@code arp_announce=2} meanwhile. For IPv6 addresses also nf_tables (Linux 5.16 or later),
 * a writable {@code /proc/sys/net} in any case, and an IPv6 address of the host on the card beside. The card does not report the groups of
 * its IPv6 addresses, see {@link VirtualMac}, and the one beside cannot do so for another port: on a switch that forwards groups to their
 * members only (MLD snooping) let it forward {@code ff02::1:ff00:0/104} to the port of the spare card.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time; it has no thread of its own.
 *
 * @since 0.1.0
 */
public final class SpareCard implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(SpareCard.class);
    private static final long CARRIER_MILLIS_MAX = 15_000;
    /** Of a {@link LinkMark} without the former alias. */
    private static final int NOTE_LENGTH_MAX = 120;

    private final String card;
    private final String beside;
    private final MacAddress mac;

    private final Ipv6OnLink ipv6 = new Ipv6OnLink(ServiceLinks::tryOutIpv6);

    private volatile @Nullable LinkTenure tenure;

    private SpareCard(String card, String beside, MacAddress mac) {
        this.card = card;
        this.beside = beside;
        this.mac = mac;
    }

    /** A builder for the card that stands by, for example {@code eth1}. */
    public static Builder on(String cardInterface) {
        return builder().on(cardInterface);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link SpareCard}. Not thread-safe. */
    public static final class Builder {
        private @Nullable String card;
        private @Nullable String beside;
        private @Nullable String mac;
        private @Nullable String macFrom;

        private Builder() {}

        /** The card that stands by. Required; once. It need not exist yet. */
        public Builder on(String cardInterface) {
            BuilderRules.requireUnset("on", card, cardInterface);
            card = cardInterface;
            return this;
        }

        /** The card with this host's own address on the same network. Required; once. */
        public Builder beside(String cardInterface) {
            BuilderRules.requireUnset("beside", beside, cardInterface);
            beside = cardInterface;
            return this;
        }

        /** The service's hardware address, the same on every node, in six pairs with colons. This or {@link #macFrom}; once. */
        public Builder mac(String value) {
            BuilderRules.requireUnset("mac", mac, value);
            mac = value;
            return this;
        }

        /** As {@link VirtualMac.Builder#macFrom}. This or {@link #mac}; once. */
        public Builder macFrom(String value) {
            BuilderRules.requireUnset("macFrom", macFrom, value);
            macFrom = value;
            return this;
        }

        /**
         * @throws ConfigurationException listing everything that is wrong
         */
        public SpareCard build() {
            List<Problem> problems = new ArrayList<>();
            String on = card == null ? "" : card;
            String by = beside == null ? "" : beside;
            BuilderRules.requireInterfaceName(problems, "on", on);
            BuilderRules.requireInterfaceName(problems, "beside", by);
            if (on.equals(by) && !on.isEmpty()) {
                problems.add(
                        new Problem("beside", by, "is the spare card itself: name the one with the host's address"));
            }
            MacAddress address = BuilderRules.mac(problems, mac == null ? "" : mac, macFrom == null ? "" : macFrom);
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            return new SpareCard(on, by, address);
        }
    }

    /** The card: where the floating address has to stand. */
    public String networkInterface() {
        return card;
    }

    /** The service's hardware address. */
    public String mac() {
        return mac.toString();
    }

    /**
     * A {@link FloatingAddress} on this card, IPv4 or IPv6, to be listed after it; one for each address. Unlike one that is built by itself it
     * can be a candidate while the card is down: until it is up the one beside is asked. The first of IPv6 has the card carry that from its
     * next start on.
     *
     * @throws ConfigurationException as {@link FloatingAddress#of}
     */
    public ManagedResource address(String address) {
        ManagedResource made = new AddressOnLink(address, card, beside, "");
        ipv6.carry(address);
        return made;
    }

    /**
     * Finds out whether this host can carry it, before anything depends on it. Changes nothing.
     *
     * @throws ConfigurationException saying what is missing: operating system, native code, privilege, card, or a card in use
     */
    public void check() {
        String obstacle = obstacle();
        if (!obstacle.isEmpty()) {
            throw new ConfigurationException("spare card", card, obstacle);
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        LinkTenure earlier = tenure;
        if (earlier != null) {
            end();
        }
        ServiceLinks links = null;
        boolean isStarted = false;
        try {
            links = new ServiceLinks();
            List<LinkControl.Entry> all = links.list();
            String obstacle = obstacle(all);
            if (!obstacle.isEmpty()) {
                throw new ResourceException(Severity.HARD, this + " cannot start: " + obstacle);
            }
            LinkControl.Entry spare = ServiceLinks.named(all, card).orElseThrow();
            LinkControl.Entry by = ServiceLinks.named(all, beside).orElseThrow();
            remains().forEach(context.claims()::claim);
            LinkMark mark = new LinkMark(
                    context.claims().tag(),
                    Optional.of(own(spare)),
                    Optional.of(ServiceLinks.announceBefore(all, by)),
                    six(spare));
            links.lend(spare, by, mac, mark);
            LinkTenure started = new LinkTenure(links, spare.index(), card, mac, by);
            links = null;
            tenure = started;
            if (!started.awaitCarrier(CARRIER_MILLIS_MAX)) {
                throw new ResourceException(
                        Severity.HARD, this + " cannot start: card " + card + " has no carrier: check its cable");
            }
            isStarted = true;
        } catch (PlatformException e) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + e.getMessage(), e);
        } finally {
            if (links != null) {
                links.close();
            }
            if (!isStarted) {
                undo();
            }
        }
    }

    /** After a failed start nothing may stay; if that fails too, the stop that follows tries again and reports. */
    private void undo() {
        try {
            end();
        } catch (ResourceException e) {
            LOG.warn("{}: clean-up after a failed start: {}", this, e.getMessage());
        }
    }

    /** What a dead process of ours wrote on it knows better than the card. */
    private LinkMark.Own own(LinkControl.Entry spare) {
        Optional<LinkMark.Own> noted = lent(spare).flatMap(LinkMark::own);
        if (noted.isPresent()) {
            return noted.get();
        }
        // A card with the service's address and no note: somebody took the note away, the driver still knows.
        MacAddress own = spare.mac().equals(Optional.of(mac))
                ? spare.permanentMac().orElse(mac)
                : spare.mac().orElse(mac);
        return new LinkMark.Own(
                own,
                spare.arpIgnore(),
                spare.reversePathFilter(),
                spare.isIpv6Off().orElse(true),
                spare.alias());
    }

    /** The same of IPv6: what a dead process noted goes on to be put back, also where the present one carries none. */
    private Optional<LinkMark.Six> six(LinkControl.Entry spare) {
        return lent(spare).flatMap(LinkMark::six).or(() -> ipv6.noteOf(spare));
    }

    /** Lent to this service, or noted and not changed yet when its process died. */
    private boolean isOurs(LinkControl.Entry link, LinkMark mark) {
        return link.mac().equals(Optional.of(mac))
                || link.name().equals(card) && link.mac().equals(mark.own().map(LinkMark.Own::mac));
    }

    private static Optional<LinkMark> lent(LinkControl.Entry link) {
        return LinkMark.parse(link.alias()).filter(mark -> mark.own().isPresent());
    }

    @Override
    public void stop(StopContext context) throws ResourceException {
        if (tenure != null || new LinuxHostPort().unavailableBecause().isEmpty()) {
            end();
        }
    }

    /** Whoever starts or stops was granted the group, so what is noted on the card is a dead process's or our own. */
    private void end() throws ResourceException {
        LinkTenure current = tenure;
        try (ServiceLinks any = new ServiceLinks()) {
            ServiceLinks links = current == null ? any : current.links();
            for (LinkControl.Entry link : links.list()) {
                Optional<LinkMark> mark = lent(link);
                if (mark.isPresent() && isOurs(link, mark.get())) {
                    links.giveBack(link, mark.get());
                }
            }
            String bearers = LinkTenure.bearers(links.list(), mac);
            if (current != null && !bearers.isEmpty()) {
                throw new PlatformException(
                        "RTM_SETLINK", 0, mac + " is on " + bearers + ", and somebody took our note from it");
            }
        } catch (PlatformException e) {
            throw new ResourceException(
                    Severity.SOFT,
                    this + " may still be up: " + e.getMessage() + "; `ip link set " + card
                            + " down` silences it, `ip link" + " set " + card
                            + " address` with its own gives that back",
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
     * <p>Any interface with this hardware address counts, and a card that is lent already, also by a dead process: nobody can tell here
     * that it is dead. A start that was granted takes it over.
     */
    @Override
    public Presence probe() {
        try (ServiceLinks links = new ServiceLinks()) {
            List<LinkControl.Entry> all = links.list();
            boolean isLent =
                    ServiceLinks.named(all, card).flatMap(SpareCard::lent).isPresent();
            boolean isHere = isLent || !LinkTenure.bearers(all, mac).isEmpty();
            if (isHere && tenure == null) {
                LOG.warn(
                        "{} is lent already: if no process of this host uses it, put it down and take its alias and its"
                                + " address {} away",
                        this,
                        mac);
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
        Optional<LinkControl.Entry> by = ServiceLinks.named(all, beside);
        String wrong =
                LinkTenure.unusable(by, beside, by.filter(SpareCard::isWireless).isPresent());
        if (!wrong.isEmpty()) {
            return wrong;
        }
        Optional<LinkControl.Entry> found = ServiceLinks.named(all, card);
        if (found.isEmpty() || found.get().isLoopback() || !found.get().speaksArp() || isWireless(found.get())) {
            return "there is no Ethernet card " + card
                    + " on this host (a loopback or Wi-Fi cannot be one): name one of" + " `ip link`";
        }
        LinkControl.Entry spare = found.get();
        List<LinkControl.Entry> others =
                all.stream().filter(e -> e.index() != spare.index()).toList();
        String bearers = LinkTenure.bearers(others, mac);
        if (!bearers.isEmpty()) {
            return "the hardware address " + mac + " is already on " + bearers + ": give another";
        }
        String noIpv6 = ipv6.obstacle(by.get());
        if (!noIpv6.isEmpty()) {
            return noIpv6;
        }
        Optional<LinkMark> lent = lent(spare);
        if (lent.isPresent()) {
            return isOurs(spare, lent.get())
                    ? ""
                    : "card " + card + " is lent to another service, with "
                            + spare.mac().orElse(MacAddress.ZERO) + ": name another card";
        }
        String use = CardUse.of(spare);
        if (!use.isEmpty()) {
            return "card " + card + " is no spare one, it " + use + ": name a card that this host does not use";
        }
        if (spare.mac().equals(Optional.of(mac))
                && spare.permanentMac().orElse(mac).equals(mac)) {
            return "card " + card + " has the hardware address " + mac
                    + " as its own, so a stand-by could not be told from the owner: give another, best one that begins with 02";
        }
        int room = LinkChange.ALIAS_BYTES_MAX - NOTE_LENGTH_MAX;
        return spare.alias().length() <= room
                ? ""
                : "the alias of " + card + " leaves no room for a note: shorten it to " + room
                        + " characters (`ip link set " + card + " alias …`)";
    }

    private static boolean isWireless(LinkControl.Entry link) {
        return new WirelessCards().contains(link.name(), link.index());
    }

    /** {@link Scope#NODE}: a card keeps its address when the process dies. */
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
     * @return {@link Enforcement#COOPERATIVE}: nothing gives the card back while this process is paused, see the class
     */
    @Override
    public Set<Enforcement> enforcements() {
        return Set.of(Enforcement.COOPERATIVE);
    }

    /** The card and the hardware address, as {@link LinkRites} names them. */
    @Override
    public List<String> remains() {
        return List.of(LinkRites.cardClaim(card), LinkRites.macClaim(mac));
    }

    @Override
    public String toString() {
        return "spare card " + card + " with " + mac;
    }
}
