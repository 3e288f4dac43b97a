package org.understudy.ha.iptakeover.linux;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.LinkMark;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.LinkChange;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * Interfaces that carry a service's hardware address: making and removing a macvlan, lending and giving back a card. Each way of
 * undoing is here once, for the resources and for last rites.
 *
 * <p><b>What is set, and why</b>, tried one by one against Linux 6.18 with 192.0.2.2/24 on the card beside:
 *
 * <ul>
 *   <li>{@code arp_ignore=1} on the interface: with 0 it answers for every address of the host, with the service's hardware address.
 *   <li>{@code rp_filter=2} on the interface: the way back to a client leads over the card beside it, so a strict filter drops everything
 *       a client sends. The kernel takes the larger of this and {@code all}, so 2 is loose wherever 1 is set for all.
 *   <li>{@code arp_announce=2} on the card beside it, by which replies leave: with 0 it asks for the client in the name of the
 *       floating address, and the client believes that this is the card's hardware address.
 *   <li>IPv6 off, unless an address of the service needs it: {@code addrgenmode none} alone is not enough, because one router advertisement
 *       still gives an address made of the service's hardware address and a default route over it, and because a router answers for
 *       {@code ff02::2}. It is set as well, for the day somebody switches IPv6 on for all.
 *   <li>Where an address needs it, IPv6 is on with {@code addrgenmode none} and {@code accept_ra=0}: no link-local address, so no
 *       duplicate address detection, and nothing from routers, so nobody asks for them. What is left are the reports of multicast
 *       listeners, and {@link NftMute} stops those. The kernel answers neighbour solicitations for an address on the address's own interface
 *       only, and asks for clients in the name of the card beside, so nothing else is needed.
 *   <li>No {@code IFF_MULTICAST} on a macvlan: programs that join groups on every interface (mDNS, JGroups) pass it over.
 *   <li>Not needed: {@code arp_filter}, {@code accept_local}, {@code promote_secondaries}.
 * </ul>
 */
public final class ServiceLinks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceLinks.class);

    private static final int ONLY_ITS_OWN_ADDRESSES = 1;
    private static final int LOOSE = 2;
    /** Of the addresses of the interface that asks. */
    private static final int BEST_SENDER = 2;

    private static final long CARRIER_LOOK_MILLIS = 5;

    private final LinkControl control;
    /** Of the interface that this one has made or was lent. */
    private @Nullable NftMute mute;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public ServiceLinks() {
        control = new LinuxLinkControl();
    }

    public List<LinkControl.Entry> list() {
        return control.list();
    }

    public Optional<LinkControl.Entry> byIndex(int index) {
        return control.byIndex(index);
    }

    /**
     * Whether interfaces with a service's hardware address can carry IPv6 on this host.
     *
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    public static void tryOutIpv6() {
        NftMute.tryOut();
    }

    /** One of a list. */
    public static Optional<LinkControl.Entry> named(List<LinkControl.Entry> all, String name) {
        return all.stream().filter(e -> e.name().equals(name)).findFirst();
    }

    /**
     * Makes a macvlan and puts it up, silent. Nothing stays if that fails.
     *
     * @param mark to write on it
     * @return its index
     * @throws PlatformException if the kernel refuses; EEXIST if the name was taken meanwhile
     */
    public int addMacvlan(LinkControl.Entry parent, String name, MacAddress mac, LinkMark mark) {
        String unmarked = LinkMark.nameUntilMarked(mark.tag(), mac);
        control.addPrivateMacvlan(parent.index(), unmarked, mac);
        LinkControl.Entry made = named(control.list(), unmarked)
                .orElseThrow(() -> new PlatformException("RTM_NEWLINK", 0, "somebody took " + unmarked + " away"));
        boolean isComplete = false;
        try {
            control.setAlias(made.index(), mark.text());
            control.setIpv6AddressMode(made, LinkChange.NO_ADDRESS_OF_ITS_OWN);
            control.rename(made.index(), name);
            quieten(made.index(), parent, mark);
            control.setUp(made.index(), true);
            isComplete = true;
            return made.index();
        } finally {
            if (!isComplete) {
                undo(made.index(), mark);
            }
        }
    }

    private void undo(int index, LinkMark mark) {
        try {
            removeMacvlan(index, mark);
        } catch (PlatformException e) {
            LOG.warn("clean-up after a failed start: {}", e.getMessage());
        }
    }

    /**
     * Takes one away, and puts back what was changed for it unless another one needs it.
     *
     * @param mark what was written on it when it was made, whatever somebody did to it since
     * @throws PlatformException if it may still be there
     */
    public void removeMacvlan(int index, LinkMark mark) {
        control.remove(index);
        if (control.byIndex(index).isPresent()) {
            throw new PlatformException(
                    "RTM_DELLINK", 0, "interface " + index + " is still there after it was removed");
        }
        if (mark.six().isPresent()) {
            unmute(index);
        }
        restoreAnnounce(mark);
    }

    /**
     * The same for one that another process left behind.
     *
     * @throws PlatformException if it may still be there
     */
    public void removeMacvlan(LinkControl.Entry link) {
        // One without a mark was never put to use.
        removeMacvlan(link.index(), LinkMark.parse(link.alias()).orElse(LinkMark.NONE));
    }

    /**
     * Gives a card the service's hardware address and puts it up. What it was is written on it first.
     *
     * @param mark with everything to put back
     * @param beside the card by which this host reaches the same network
     * @throws PlatformException if the kernel refuses; then {@link #giveBack} has to follow
     */
    public void lend(LinkControl.Entry card, LinkControl.Entry beside, MacAddress mac, LinkMark mark) {
        control.setAlias(card.index(), mark.text());
        quieten(card.index(), beside, mark);
        if (!card.mac().equals(Optional.of(mac))) {
            try {
                control.setMac(card.index(), mac);
            } catch (PlatformException e) {
                if (e.errno() != Libc.EBUSY) {
                    throw e;
                }
                control.setUp(card.index(), false);
                control.setMac(card.index(), mac);
            }
        }
        control.setUp(card.index(), true);
    }

    /**
     * Puts a lent card down, gives it its own hardware address and settings, and clears the mark.
     *
     * @throws PlatformException if it may still be up or have the service's address
     */
    public void giveBack(LinkControl.Entry card, LinkMark mark) {
        LinkMark.Own own = mark.own().orElseThrow();
        Optional<LinkControl.Entry> there = control.byIndex(card.index());
        if (there.isEmpty()) {
            // Pulled out: there is nothing left to give back.
            if (mark.six().isPresent()) {
                unmute(card.index());
            }
            restoreAnnounce(mark);
            return;
        }
        int index = card.index();
        control.setUp(index, false);
        control.setMac(index, own.mac());
        control.setArpIgnore(index, own.arpIgnore());
        control.setReversePathFilter(index, own.reversePathFilter());
        if (mark.six().isPresent()) {
            LinkMark.Six before = mark.six().get();
            control.setAcceptRouterAdvertisements(there.get(), before.acceptRouterAdvertisements());
            control.setIpv6AddressMode(there.get(), before.addressMode());
            unmute(index);
        }
        control.setIpv6Off(there.get(), own.isIpv6Off());
        Optional<LinkControl.Entry> after = control.byIndex(index);
        if (after.isPresent() && (after.get().isUp() || !after.get().mac().equals(Optional.of(own.mac())))) {
            throw new PlatformException(
                    "RTM_SETLINK",
                    0,
                    card.name() + " did not go back to its own hardware address " + own.mac() + ": somebody else"
                            + " changes it");
        }
        control.setAlias(index, own.alias());
        restoreAnnounce(mark);
    }

    /** What {@link LinkMark.Announce} has to remember; what another one of ours remembers is older than what stands there now. */
    public static LinkMark.Announce announceBefore(List<LinkControl.Entry> all, LinkControl.Entry beside) {
        return all.stream()
                .flatMap(e -> LinkMark.parse(e.alias()).stream())
                .flatMap(mark -> mark.announce().stream())
                .filter(a -> a.card().equals(beside.name()))
                .findFirst()
                .orElse(new LinkMark.Announce(beside.name(), beside.arpAnnounce()));
    }

    private void quieten(int index, LinkControl.Entry beside, LinkMark mark) {
        control.setArpIgnore(index, ONLY_ITS_OWN_ADDRESSES);
        control.setReversePathFilter(index, LOOSE);
        switchIpv6(index, true);
        if (mark.six().isPresent()) {
            // Off first: addresses that it had go.
            LinkControl.Entry off = present(index);
            control.setIpv6AddressMode(off, LinkChange.NO_ADDRESS_OF_ITS_OWN);
            control.setAcceptRouterAdvertisements(off, 0);
            mute(off);
            switchIpv6(index, false);
        }
        if (beside.arpAnnounce() != BEST_SENDER) {
            control.setArpAnnounce(beside.index(), BEST_SENDER);
        }
    }

    private void switchIpv6(int index, boolean isOff) {
        // By its present name, which may be a new one.
        control.setIpv6Off(present(index), isOff);
        if (present(index).isIpv6Off().equals(Optional.of(!isOff))) {
            throw new PlatformException(
                    "write",
                    0,
                    "IPv6 on interface " + index + " stays " + (isOff ? "on" : "off") + ": somebody else switches it "
                            + (isOff ? "on" : "off"));
        }
    }

    private LinkControl.Entry present(int index) {
        return control.byIndex(index)
                .orElseThrow(() ->
                        new PlatformException("RTM_GETLINK", 0, "somebody took interface " + index + " away at once"));
    }

    private void mute(LinkControl.Entry link) {
        NftMute made = new NftMute(link.index());
        mute = made;
        made.create(link.name());
    }

    /** What stays is in nobody's way once the interface is gone, and must not hold anybody up. */
    private void unmute(int index) {
        NftMute own = mute;
        try (NftMute any = own == null ? new NftMute(index) : own) {
            any.remove();
        } catch (PlatformException e) {
            LOG.warn(
                    "interface {} stays without reports of multicast listeners: {}; `nft delete table netdev {}` lets it"
                            + " speak again",
                    index,
                    e.getMessage(),
                    NftMute.nameOf(index));
        }
        mute = null;
    }

    private void restoreAnnounce(LinkMark gone) {
        if (gone.announce().isEmpty()) {
            return;
        }
        LinkMark.Announce before = gone.announce().get();
        List<LinkControl.Entry> all = control.list();
        boolean isNeeded = all.stream()
                .flatMap(e -> LinkMark.parse(e.alias()).stream())
                .flatMap(mark -> mark.announce().stream())
                .anyMatch(a -> a.card().equals(before.card()));
        Optional<LinkControl.Entry> card = named(all, before.card());
        if (!isNeeded && card.isPresent() && card.get().arpAnnounce() == BEST_SENDER) {
            control.setArpAnnounce(card.get().index(), before.before());
        }
    }

    /**
     * Waits until the cable is there: a card that was just put up negotiates first.
     *
     * @return false if it is not within the time, or the interface is gone
     */
    public boolean awaitCarrier(int index, long millis) throws InterruptedException {
        long start = System.nanoTime();
        while (!control.byIndex(index).map(LinkControl.Entry::hasCarrier).orElse(false)) {
            if (System.nanoTime() - start > millis * 1_000_000) {
                return false;
            }
            new CountDownLatch(1).await(CARRIER_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
        return true;
    }

    @Override
    public void close() {
        control.close();
        NftMute own = mute;
        if (own != null) {
            own.close();
        }
    }
}
