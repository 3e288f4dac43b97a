package org.understudy.ha.iptakeover.core;

import java.util.Optional;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.Sighting;

/**
 * How neighbour solicitations for IPv6 addresses are answered that stand on another interface than the one the segment is on, where the
 * kernel does not answer (RFC 4861, 7.2.4; RFC 4862, 5.4.3):
 *
 * <pre>
 * asked                                  answered
 * by a neighbour, everybody              to it: solicited, override
 * by a neighbour, this host alone        the same: it finds out whether this host is still there (RFC 4861, 7.3.3)
 * in nobody's name (address detection)   to everybody: override
 * </pre>
 *
 * <p>The answer goes to the hardware address that the solicitation gives, else to that of its frame, and always carries ours. Not
 * answered: what is about other addresses; frames for another host, which a card that hears everything sees; who asks in the name of one
 * of the addresses, since that is a rival and no neighbour; and hardware addresses to which nobody may answer.
 *
 * <p>Pure; safe from any thread. That nothing is answered behind a shut gate is the driver's duty.
 */
public final class NeighbourAnswers {
    private final AddressSet addresses;
    private final MacAddress mac;
    private final boolean isRouter;

    /**
     * @param addresses of which those of IPv6 are answered for
     * @param mac under which this host has the addresses
     * @param isRouter whether the interface forwards; a neighbour that is told otherwise drops this host as a router
     */
    public NeighbourAnswers(AddressSet addresses, MacAddress mac, boolean isRouter) {
        this.addresses = addresses;
        this.mac = mac;
        this.isRouter = isRouter;
    }

    /** The frame that answers what was heard; empty if nothing does. */
    public Optional<EthernetFrame> to(Sighting heard) {
        boolean isForUs = heard.targetMac().equals(mac) || heard.targetMac().isGroup();
        if (!isForUs || !addresses.contains(heard.target()) || !(heard.target() instanceof Ipv6Address target)) {
            return Optional.empty();
        }
        return switch (heard.form()) {
            case PROBE ->
                Optional.of(NeighbourMessage.announcement(mac, target, isRouter).frameFrom(mac));
            case QUESTION -> answer(heard, target);
            default -> Optional.empty();
        };
    }

    private Optional<EthernetFrame> answer(Sighting heard, Ipv6Address target) {
        MacAddress to = heard.senderMac();
        boolean isNeighbour = !to.isGroup() && !to.equals(MacAddress.ZERO) && !to.equals(mac);
        if (!isNeighbour
                || addresses.contains(heard.sender())
                || !(heard.sender() instanceof Ipv6Address sender)
                || sender.isMulticast()
                || sender.isLoopback()) {
            return Optional.empty();
        }
        NeighbourMessage answer = NeighbourMessage.answer(mac, target, sender, isRouter);
        return Optional.of(new EthernetFrame(to, mac, EthernetFrame.TYPE_IPV6, answer.encode()));
    }
}
