package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which interfaces are Wi-Fi. An access point takes frames only from the hardware address that was authenticated with it (IEEE 802.11),
 * so no other can be used there.
 *
 * <p>The one look into {@code /sys}, which may show another namespace: an interface counts only if name and number agree. Netlink
 * tells it only to who loads the family {@code nl80211}.
 */
public final class WirelessCards {
    private final Path directory;

    public WirelessCards() {
        this(Path.of("/sys/class/net"));
    }

    WirelessCards(Path directory) {
        this.directory = directory;
    }

    public boolean contains(String name, int index) {
        Path card = directory.resolve(name);
        try {
            return Files.readString(card.resolve("ifindex")).strip().equals(Integer.toString(index))
                    && (Files.exists(card.resolve("wireless")) || Files.exists(card.resolve("phy80211")));
        } catch (IOException e) {
            // No /sys here: Wi-Fi cannot be told from a cable, and what then fails is the carrier, visibly.
            return false;
        }
    }
}
