package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwardingTest {
    @TempDir
    Path root;

    @Test
    void a_host_without_the_switches_passes_on_nothing() {
        assertThat(Forwarding.isOn(root)).isFalse();
    }

    @Test
    void one_card_is_enough_whatever_the_switch_of_the_host_says() throws IOException {
        write("ipv4/ip_forward", "0");
        for (String card : List.of("all", "va")) {
            write("ipv4/conf/" + card + "/forwarding", "0");
            write("ipv6/conf/" + card + "/forwarding", "0");
            write("ipv6/conf/" + card + "/force_forwarding", "0");
        }
        assertThat(Forwarding.isOn(root)).isFalse();
        for (String one : List.of(
                "ipv4/ip_forward",
                "ipv4/conf/va/forwarding",
                "ipv6/conf/all/forwarding",
                "ipv6/conf/va/forwarding",
                "ipv6/conf/va/force_forwarding")) {
            write(one, "1");
            assertThat(Forwarding.isOn(root)).as(one).isTrue();
            write(one, "0");
        }
    }

    @Test
    void what_a_card_that_comes_will_have_is_no_cards() throws IOException {
        write("ipv4/conf/default/forwarding", "1");
        assertThat(Forwarding.isOn(root)).isFalse();
    }

    private void write(String which, String value) throws IOException {
        Path file = root.resolve(which);
        Files.createDirectories(file.getParent());
        Files.writeString(file, value + "\n");
    }
}
