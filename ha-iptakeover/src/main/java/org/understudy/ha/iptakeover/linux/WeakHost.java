package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * Whether a card serves the addresses of another device of this host, which is what Linux does unless it is told otherwise (the weak host model, RFC
 * 1122, 3.3.4.2).
 *
 * <p>Of the settings under {@code net.ipv4.conf} (Documentation/networking/ip-sysctl.rst) one stands in the way: {@code arp_ignore}, of which the
 * kernel takes the larger of the card's and that of {@code all}. 0 answers for every address of the host and 3 for every one that is not of
 * scope host; with 1, 2 and 8 the card is silent. {@code rp_filter} judges the way back to the client, and that leads over the card
 * wherever the address stands. {@code arp_filter} does the same for ARP. Neither is looked at.
 *
 * <p>A card in a VRF does not know the addresses of devices outside it.
 */
public final class WeakHost {
    private static final Path ALL = Path.of("/proc/sys/net/ipv4/conf/all/arp_ignore");
    private static final List<Integer> ANSWERING = List.of(0, 3);
    private static final String VRF = "vrf";

    private WeakHost() {}

    /**
     * Why the card would not serve such addresses, with the remedy; empty if it does, or is gone.
     *
     * @throws org.understudy.ha.api.PlatformException if the kernel cannot be asked
     */
    public static Optional<String> problem(int cardIndex, boolean hasV4) {
        try (LinuxLinkControl control = new LinuxLinkControl()) {
            Optional<LinkControl.Entry> card = control.byIndex(cardIndex);
            if (card.isEmpty()) {
                return Optional.empty();
            }
            Optional<String> vrf = card.map(LinkControl.Entry::masterIndex)
                    .filter(master -> master != 0)
                    .flatMap(control::byIndex)
                    .filter(master -> master.kind().equals(VRF))
                    .map(master -> card.get().name() + " is in the VRF " + master.name()
                            + ", where addresses of a device outside are not known: leave diesWithProcess() out");
            return vrf.isPresent() || !hasV4 ? vrf : silence(card.get());
        }
    }

    private static Optional<String> silence(LinkControl.Entry card) {
        List<String> remedies = new ArrayList<>();
        int all = forAll();
        int effective = Math.max(all, card.arpIgnore());
        if (ANSWERING.contains(effective)) {
            return Optional.empty();
        }
        if (!ANSWERING.contains(all)) {
            remedies.add("net.ipv4.conf.all.arp_ignore=0");
        }
        if (!ANSWERING.contains(card.arpIgnore())) {
            remedies.add("net.ipv4.conf." + card.name() + ".arp_ignore=0");
        }
        return Optional.of(card.name() + " does not answer ARP for addresses of another device (arp_ignore " + effective
                + "): `sysctl -w " + String.join(" ", remedies) + "`, or leave diesWithProcess() out");
    }

    /** Netlink does not tell it; where {@code /proc/sys} is not there nobody has set it by it either. */
    private static int forAll() {
        try {
            return Integer.parseInt(Files.readString(ALL).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }
}
