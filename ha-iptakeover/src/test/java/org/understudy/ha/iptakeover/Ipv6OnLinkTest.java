package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.LinkMark;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

class Ipv6OnLinkTest {
    private final AtomicInteger tries = new AtomicInteger();

    @Test
    void ipv4_asks_for_nothing() {
        Ipv6OnLink link = new Ipv6OnLink(this::refuse);
        link.carry("192.0.2.50");
        assertThat(link.obstacle(card(Optional.of(true)))).isEmpty();
        assertThat(link.noteOf(card(Optional.of(true)))).isEmpty();
        assertThat(link.noteOfOurs()).isEmpty();
        assertThat(tries).hasValue(0);
    }

    @Test
    void ipv6_needs_it_on_beside_and_what_mutes_the_kernel() {
        Ipv6OnLink link = new Ipv6OnLink(this::refuse);
        link.carry("192.0.2.50");
        link.carry("2001:db8::50");
        link.carry("192.0.2.51");
        assertThat(link.obstacle(card(Optional.empty()))).contains("IPv6 is off on eth0");
        assertThat(link.obstacle(card(Optional.of(true)))).contains("net.ipv6.conf.eth0.disable_ipv6=0");
        assertThat(link.obstacle(card(Optional.of(false))))
                .contains("needs nf_tables")
                .endsWith("no such thing");
        assertThat(link.obstacle(card(Optional.of(false)))).isNotEmpty();
        assertThat(tries).as("found out once").hasValue(1);
        assertThat(link.noteOf(card(Optional.of(false)))).contains(new LinkMark.Six(2, 3));
        assertThat(link.noteOfOurs()).contains(LinkMark.Six.OF_OURS);
    }

    @Test
    void ipv6_is_carried_where_both_are_there() {
        Ipv6OnLink link = new Ipv6OnLink(tries::incrementAndGet);
        link.carry("2001:db8::50");
        assertThat(link.obstacle(card(Optional.of(false)))).isEmpty();
    }

    private void refuse() {
        tries.incrementAndGet();
        throw new PlatformException("NFT_MSG_NEWTABLE", 2, "no such thing");
    }

    private static LinkControl.Entry card(Optional<Boolean> isIpv6Off) {
        Optional<MacAddress> mac = Optional.of(new MacAddress(2));
        return new LinkControl.Entry(
                "eth0", 3, "", 0, 0, mac, mac, "", true, true, false, true, 0, 0, 0, isIpv6Off, 2, 3);
    }
}
