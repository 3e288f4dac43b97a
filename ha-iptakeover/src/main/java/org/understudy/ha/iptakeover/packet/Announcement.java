package org.understudy.ha.iptakeover.packet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.FencingToken;

/**
 * The frames in which the owner of addresses speaks on the segment: a gratuitous ARP request and reply for each IPv4 address, an
 * unsolicited neighbour advertisement for each IPv6 address, and questions to one neighbour in the name of an address. Marked with
 * the owner's token where there is a key.
 */
public final class Announcement {
    private final MacAddress mac;
    private final boolean isRouter;
    private final Optional<TokenMark> marks;
    private final FencingToken token;

    /**
     * @param mac under which this host answers for the addresses
     * @param isRouter whether the interface forwards IPv6, which its advertisements must say
     * @param marks empty: nothing is marked
     * @param token of the grant
     */
    public Announcement(MacAddress mac, boolean isRouter, Optional<TokenMark> marks, FencingToken token) {
        this.mac = mac;
        this.isRouter = isRouter;
        this.marks = marks;
        this.token = token;
    }

    /** To everybody. */
    public List<EthernetFrame> of(List<IpAddress> addresses) {
        List<EthernetFrame> frames = new ArrayList<>(2 * addresses.size());
        for (IpAddress address : addresses) {
            if (address instanceof Ipv6Address six) {
                frames.add(discovery(
                        NeighbourMessage.announcement(mac, six, isRouter), six, Ipv6Address.ALL_NODES.multicastMac()));
            } else if (address instanceof Ipv4Address four) {
                frames.add(arp(ArpPacket.gratuitousRequest(mac, four), MacAddress.BROADCAST));
                frames.add(arp(ArpPacket.gratuitousReply(mac, four), MacAddress.BROADCAST));
            }
        }
        return frames;
    }

    /**
     * Asks a neighbour for its address in the name of one of ours.
     *
     * @param destination of the frame: the neighbour's, or a group that it is in
     * @throws IllegalArgumentException if the two are of different versions
     */
    public EthernetFrame question(IpAddress from, IpAddress neighbour, MacAddress destination) {
        if (from instanceof Ipv6Address six && neighbour instanceof Ipv6Address other) {
            return discovery(NeighbourMessage.question(mac, six, other, !destination.isGroup()), six, destination);
        }
        if (from instanceof Ipv4Address four && neighbour instanceof Ipv4Address other) {
            return arp(ArpPacket.whoHas(mac, four, other), destination);
        }
        throw new IllegalArgumentException(neighbour + " cannot be asked in the name of " + from);
    }

    private EthernetFrame arp(ArpPacket packet, MacAddress destination) {
        return marks.map(m -> m.frame(packet, token, destination)).orElseGet(() -> packet.frameTo(destination));
    }

    private EthernetFrame discovery(NeighbourMessage message, Ipv6Address address, MacAddress destination) {
        byte[] option = marks.map(m -> m.encodeOption(token, mac, address)).orElse(new byte[0]);
        return new EthernetFrame(destination, mac, EthernetFrame.TYPE_IPV6, message.encode(option));
    }
}
