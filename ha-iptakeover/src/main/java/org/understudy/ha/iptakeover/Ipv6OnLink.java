package org.understudy.ha.iptakeover;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.LinkMark;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * Whether an interface with a service's hardware address has to carry IPv6, because an address on it is of that version, and whether it
 * can on this host. Any thread.
 */
final class Ipv6OnLink {
    private final Runnable tryOut;
    private volatile boolean isWanted;
    /** Empty if it works; found out once. */
    private volatile @Nullable String problem;

    /**
     * @param tryOut throws {@link PlatformException} where it does not work
     */
    Ipv6OnLink(Runnable tryOut) {
        this.tryOut = tryOut;
    }

    /** From the next start on, if the address is of IPv6. */
    void carry(String address) {
        isWanted |= IpAddress.parse(address).filter(IpAddress::isV6).isPresent();
    }

    /** What to note of a card before IPv6 on it is changed; empty if IPv6 stays off. */
    Optional<LinkMark.Six> noteOf(LinkControl.Entry card) {
        return isWanted
                ? Optional.of(new LinkMark.Six(card.acceptRouterAdvertisements(), card.ipv6AddressMode()))
                : Optional.empty();
    }

    /** The same of an interface that is made for it. */
    Optional<LinkMark.Six> noteOfOurs() {
        return isWanted ? Optional.of(LinkMark.Six.OF_OURS) : Optional.empty();
    }

    /**
     * @param beside the card with this host's own address
     * @return why it cannot carry IPv6 though it has to; empty if it can or need not
     */
    String obstacle(LinkControl.Entry beside) {
        if (!isWanted) {
            return "";
        }
        if (!beside.isIpv6Off().equals(Optional.of(false))) {
            return "IPv6 is off on " + beside.name()
                    + ", and an address of the group is of IPv6: `sysctl net.ipv6.conf." + beside.name()
                    + ".disable_ipv6=0` on a kernel with IPv6";
        }
        String known = problem;
        if (known == null) {
            known = find();
            problem = known;
        }
        return known.isEmpty()
                ? ""
                : "an IPv6 address with a hardware address of its own needs nf_tables, which keeps the kernel from speaking"
                        + " with that one on a host that does not own it any more; " + known;
    }

    private String find() {
        try {
            tryOut.run();
            return "";
        } catch (PlatformException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
