package org.understudy.ha.iptakeover.core;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * What is written on an interface of ours ({@code ip link} shows it as the alias): whose it is, and what has to be put back when it
 * goes. It is the only memory of that, and as durable as the change itself: both live in the kernel.
 *
 * <pre>
 * understudy tag 1267 announce=0@eth0
 * understudy tag 1267 own=52:54:00:12:34:56 before=0,1,0 announce=0@eth0 six=1,0 was=uplink to floor 2
 * </pre>
 *
 * <p>{@code IFLA_IFALIAS} rather than {@code IFLA_GROUP}: a group is a bare number that any administrator may use and that firewalls
 * match on, it cannot say who gave it, and it has no room for an address.
 *
 * @param tag of the incarnation
 * @param own of a card that is not ours but was lent; empty on an interface that we made
 * @param announce what was changed on the card beside it
 * @param six of an interface that carries IPv6 for the service, and is muted for it
 */
public record LinkMark(int tag, Optional<Own> own, Optional<Announce> announce, Optional<Six> six) {
    /** Of an interface that is gone, or was never put to use. */
    public static final LinkMark NONE = new LinkMark(0, Optional.empty(), Optional.empty(), Optional.empty());

    private static final String PREFIX = "understudy tag ";
    private static final Pattern FORM = Pattern.compile(
            PREFIX
                    + "([0-9a-f]{1,8})(?: own=([0-9a-f:]{17}) before=(-?[0-9]{1,9}),(-?[0-9]{1,9}),([01]))?(?: announce=(-?[0-9]{1,9})@(\\S+))?(?: six=(-?[0-9]{1,9}),([0-9]{1,3}))?(?: was=(.*))?",
            Pattern.DOTALL);

    /** A new interface has this name until it is marked, because the kernel takes no mark in the request that makes it. */
    private static final Pattern UNMARKED = Pattern.compile("us([0-9a-f]{8})-[0-9a-f]{4}");

    /**
     * What a card was before.
     *
     * @param mac its own hardware address
     * @param arpIgnore {@code net.ipv4.conf.CARD.arp_ignore}
     * @param reversePathFilter {@code net.ipv4.conf.CARD.rp_filter}
     * @param isIpv6Off {@code net.ipv6.conf.CARD.disable_ipv6}
     * @param alias what was written on it, empty if nothing
     */
    public record Own(MacAddress mac, int arpIgnore, int reversePathFilter, boolean isIpv6Off, String alias) {}

    /**
     * {@code net.ipv4.conf.CARD.arp_announce} before it was changed.
     *
     * @param card its name, without blanks as all of them
     */
    public record Announce(String card, int before) {}

    /**
     * What IPv6 on it was before.
     *
     * @param acceptRouterAdvertisements {@code net.ipv6.conf.CARD.accept_ra}
     * @param addressMode {@code addrgenmode}
     */
    public record Six(int acceptRouterAdvertisements, int addressMode) {
        /** Of an interface that we made: nothing is put back. */
        public static final Six OF_OURS = new Six(0, 0);
    }

    /** The text, one character for each byte of it. */
    public String text() {
        StringBuilder text = new StringBuilder(PREFIX).append(Integer.toHexString(tag));
        own.ifPresent(o -> text.append(" own=")
                .append(o.mac())
                .append(" before=")
                .append(o.arpIgnore())
                .append(',')
                .append(o.reversePathFilter())
                .append(',')
                .append(o.isIpv6Off() ? 1 : 0));
        announce.ifPresent(
                a -> text.append(" announce=").append(a.before()).append('@').append(a.card()));
        six.ifPresent(s -> text.append(" six=")
                .append(s.acceptRouterAdvertisements())
                .append(',')
                .append(s.addressMode()));
        own.filter(o -> !o.alias().isEmpty())
                .ifPresent(o -> text.append(" was=").append(o.alias()));
        return text.toString();
    }

    /** Empty if it is not a mark of ours, or one that somebody changed. */
    public static Optional<LinkMark> parse(String alias) {
        Matcher m = FORM.matcher(alias);
        if (!m.matches()) {
            return Optional.empty();
        }
        Optional<MacAddress> mac = Optional.ofNullable(m.group(2)).flatMap(ServiceMac::parse);
        if (mac.isEmpty() && (m.group(2) != null || m.group(10) != null)) {
            return Optional.empty();
        }
        return Optional.of(new LinkMark(
                Integer.parseUnsignedInt(m.group(1), 16),
                mac.map(own -> new Own(
                        own,
                        Integer.parseInt(m.group(3)),
                        Integer.parseInt(m.group(4)),
                        m.group(5).equals("1"),
                        m.group(10) == null ? "" : m.group(10))),
                m.group(7) == null
                        ? Optional.empty()
                        : Optional.of(new Announce(m.group(7), Integer.parseInt(m.group(6)))),
                m.group(8) == null
                        ? Optional.empty()
                        : Optional.of(new Six(Integer.parseInt(m.group(8)), Integer.parseInt(m.group(9))))));
    }

    /** Whether a text is a mark of ours, or was one before somebody changed it. */
    public static boolean isLike(String alias) {
        return alias.startsWith(PREFIX);
    }

    /** The name of a new interface until it is marked; 15 characters, and no two of one incarnation with the same address. */
    public static String nameUntilMarked(int tag, MacAddress mac) {
        String digits = Integer.toHexString(tag);
        String end = Long.toHexString(mac.bits() & 0xffff);
        return "us" + "0".repeat(8 - digits.length()) + digits + "-" + "0".repeat(4 - end.length()) + end;
    }

    /** The tag in such a name. */
    public static Optional<Integer> tagInName(String name) {
        Matcher m = UNMARKED.matcher(name);
        return m.matches() ? Optional.of(Integer.parseUnsignedInt(m.group(1), 16)) : Optional.empty();
    }
}
