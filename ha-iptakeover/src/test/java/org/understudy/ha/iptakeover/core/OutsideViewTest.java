package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.OutsideView.Kind;
import org.understudy.ha.iptakeover.core.OutsideView.Verdict;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

class OutsideViewTest {
    private static final IpAddress VIP = ip("192.0.2.50");
    private static final MacAddress ASKER = new MacAddress(0x020000000001L);
    private static final MacAddress FIRST = new MacAddress(0x020000000002L);
    private static final MacAddress SECOND = new MacAddress(0x020000000003L);

    private final OutsideView view = new OutsideView(VIP, ASKER);

    @Test
    void nobody_one_and_several() {
        assertThat(view.verdict()).isEqualTo(new Verdict(Kind.NONE, List.of()));
        view.hear(answer(FIRST, VIP, ASKER));
        view.hear(answer(FIRST, VIP, ASKER));
        assertThat(view.verdict()).isEqualTo(new Verdict(Kind.ONE, List.of(FIRST)));
        view.hear(answer(SECOND, VIP, ASKER));
        assertThat(view.verdict()).isEqualTo(new Verdict(Kind.SEVERAL, List.of(FIRST, SECOND)));
    }

    @Test
    void what_is_no_answer_to_this_probe_does_not_count() {
        view.hear(answer(FIRST, ip("192.0.2.51"), ASKER));
        view.hear(answer(FIRST, VIP, SECOND));
        view.hear(new Sighting(Form.ANNOUNCEMENT, FIRST, VIP, FIRST, VIP, new byte[0]));
        view.hear(new Sighting(Form.PROBE, FIRST, ip("0.0.0.0"), MacAddress.ZERO, VIP, new byte[0]));
        assertThat(view.verdict().kind()).isEqualTo(Kind.NONE);
    }

    @Test
    void a_probe_for_an_ipv6_address_is_answered_to_everybody() {
        IpAddress vip6 = ip("2001:db8::50");
        OutsideView view6 = new OutsideView(vip6, ASKER);
        MacAddress everybody = Ipv6Address.ALL_NODES.multicastMac();
        view6.hear(new Sighting(Form.ANNOUNCEMENT, FIRST, vip6, everybody, vip6, new byte[0]));
        assertThat(view6.verdict()).isEqualTo(new Verdict(Kind.ONE, List.of(FIRST)));
    }

    @Test
    void a_flood_of_answers_is_several_and_takes_no_room() {
        for (int i = 0; i < 1_000; i++) {
            view.hear(answer(new MacAddress(i), VIP, ASKER));
        }
        assertThat(view.verdict().kind()).isEqualTo(Kind.SEVERAL);
        assertThat(view.verdict().macs()).hasSize(OutsideView.MACS_MAX);
    }

    private static Sighting answer(MacAddress who, IpAddress address, MacAddress to) {
        return new Sighting(Form.ANSWER, who, address, to, ip("0.0.0.0"), new byte[0]);
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
