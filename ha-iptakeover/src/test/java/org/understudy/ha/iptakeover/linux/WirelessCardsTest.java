package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WirelessCardsTest {

    @Test
    void knows_wifi_by_its_directory_and_only_in_its_own_namespace(@TempDir Path sys) throws IOException {
        card(sys, "wlan0", 3, "wireless");
        card(sys, "wlp2s0", 4, "phy80211");
        card(sys, "eth0", 2, "queues");
        WirelessCards cards = new WirelessCards(sys);

        assertThat(cards.contains("wlan0", 3)).isTrue();
        assertThat(cards.contains("wlp2s0", 4)).isTrue();
        assertThat(cards.contains("eth0", 2)).isFalse();
        assertThat(cards.contains("wlan0", 7)).as("another one of that name").isFalse();
        assertThat(cards.contains("eth9", 9)).isFalse();
    }

    private static void card(Path sys, String name, int index, String directory) throws IOException {
        Files.createDirectories(sys.resolve(name).resolve(directory));
        Files.writeString(sys.resolve(name).resolve("ifindex"), index + "\n");
    }
}
