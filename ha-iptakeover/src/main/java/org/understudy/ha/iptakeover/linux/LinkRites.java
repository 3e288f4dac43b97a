package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.iptakeover.core.LinkMark;
import org.understudy.ha.iptakeover.core.ServiceMac;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * Last rites over interfaces: removes what a dead incarnation made, gives back what it was lent, and answers three kinds of claims.
 *
 * <table>
 * <caption>Claims, and when they are gone</caption>
 * <tr><th>claim</th><th>gone means</th></tr>
 * <tr><td>{@code link/vip0}</td><td>no interface has this name</td></tr>
 * <tr><td>{@code card/eth1}</td><td>the card is not there, or without our mark: it has been given back</td></tr>
 * <tr><td>{@code mac/02:00:00:00:00:01}</td><td>no interface has this hardware address</td></tr>
 * </table>
 *
 * <p>The last is what counts for the network, and it does not rest on our mark: an interface that somebody renamed, or whose mark he
 * took away, keeps the claim from being gone. What carries no tag of the dead is not touched.
 */
public final class LinkRites {
    private static final String LINK = "link/";
    private static final String CARD = "card/";
    private static final String MAC = "mac/";

    private LinkRites() {}

    /** The claim on an interface that we make. */
    public static String linkClaim(String name) {
        return LINK + name;
    }

    /** The claim on a card that we are lent. */
    public static String cardClaim(String name) {
        return CARD + name;
    }

    /** The claim on a hardware address. */
    public static String macClaim(MacAddress mac) {
        return MAC + mac;
    }

    private static boolean isKnown(String claim) {
        return claim.startsWith(LINK) || claim.startsWith(CARD) || claim.startsWith(MAC);
    }

    /** The claims that somebody else has to answer. */
    static List<String> others(List<String> claims) {
        return claims.stream().filter(claim -> !isKnown(claim)).toList();
    }

    /**
     * @param claims of which the known ones are answered; interfaces are looked at only if there is one, since whoever makes one
     *     claims it first
     */
    static List<Removal> perform(List<Integer> tags, List<String> claims) {
        List<String> known =
                claims.stream().filter(LinkRites::isKnown).distinct().toList();
        if (known.isEmpty()) {
            return List.of();
        }
        try (ServiceLinks links = new ServiceLinks()) {
            Rites rites = new Rites();
            for (LinkControl.Entry link : links.list()) {
                rites.over(links, link, tags);
            }
            List<LinkControl.Entry> after = links.list();
            Map<String, Removal> removals = new LinkedHashMap<>();
            known.forEach(claim -> removals.put(claim, rites.verdict(claim, after)));
            rites.done.forEach(claim -> removals.computeIfAbsent(claim, c -> rites.verdict(c, after)));
            rites.failed.forEach((claim, why) -> removals.put(claim, new Removal(claim, Removal.Result.FAILED, why)));
            return List.copyOf(removals.values());
        } catch (PlatformException e) {
            return known.stream()
                    .map(claim -> new Removal(claim, Removal.Result.FAILED, e.getMessage()))
                    .toList();
        }
    }

    /** What was done, by claim. */
    private static final class Rites {
        final TreeSet<String> done = new TreeSet<>();
        final Map<String, String> failed = new TreeMap<>();

        void over(ServiceLinks links, LinkControl.Entry link, List<Integer> tags) {
            Optional<LinkMark> mark = LinkMark.parse(link.alias()).filter(m -> tags.contains(m.tag()));
            Optional<LinkMark> lent = mark.filter(m -> m.own().isPresent());
            boolean isUnmarked = link.alias().isEmpty()
                    && LinkMark.tagInName(link.name()).filter(tags::contains).isPresent();
            if (lent.isPresent()) {
                attempt(cardClaim(link.name()), link, () -> links.giveBack(link, lent.get()));
            } else if (link.isMacvlan() && (mark.isPresent() || isUnmarked)) {
                attempt(linkClaim(link.name()), link, () -> links.removeMacvlan(link));
            }
        }

        private void attempt(String claim, LinkControl.Entry link, Runnable act) {
            try {
                act.run();
                done.add(claim);
                link.mac().ifPresent(mac -> done.add(macClaim(mac)));
            } catch (PlatformException e) {
                failed.put(claim, e.getMessage());
            }
        }

        Removal verdict(String claim, List<LinkControl.Entry> after) {
            String standing = standing(claim, after);
            if (!standing.isEmpty()) {
                return new Removal(claim, Removal.Result.FAILED, standing);
            }
            return new Removal(claim, done.contains(claim) ? Removal.Result.REMOVED : Removal.Result.ABSENT, "");
        }
    }

    /** Why a claim is not gone; empty if it is. */
    private static String standing(String claim, List<LinkControl.Entry> all) {
        if (claim.startsWith(MAC)) {
            Optional<MacAddress> mac = ServiceMac.parse(claim.substring(MAC.length()));
            if (mac.isEmpty()) {
                return "this is not a hardware address";
            }
            List<String> names = new ArrayList<>();
            all.stream().filter(e -> e.mac().equals(mac)).forEach(e -> names.add(e.name() + whose(e)));
            return names.isEmpty() ? "" : mac.get() + " is on " + String.join(", ", names) + "; take it off there";
        }
        boolean isLink = claim.startsWith(LINK);
        Optional<LinkControl.Entry> found =
                ServiceLinks.named(all, claim.substring(isLink ? LINK.length() : CARD.length()));
        if (found.isEmpty()) {
            return "";
        }
        LinkControl.Entry link = found.get();
        if (isLink) {
            return "interface " + link.name() + " stands" + whose(link) + "; remove it (`ip link del " + link.name()
                    + "`)";
        }
        return LinkMark.isLike(link.alias()) ? "card " + link.name() + " is lent" + whose(link) : "";
    }

    private static String whose(LinkControl.Entry link) {
        if (LinkMark.parse(link.alias()).isPresent()) {
            return " with the tag of another incarnation";
        }
        return " without the mark of this library: somebody made or changed it";
    }
}
