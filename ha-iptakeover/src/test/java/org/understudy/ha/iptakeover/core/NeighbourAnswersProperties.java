package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

@Tag("property")
class NeighbourAnswersProperties {
    private static final long PREFIX = 0x20010db8L << 32;
    private static final AddressSet OURS =
            new AddressSet(List.of(new Ipv6Address(PREFIX, 1), new Ipv6Address(PREFIX, 2)));
    private static final List<MacAddress> MACS = List.of(
            new MacAddress(0x020000000001L),
            new MacAddress(0x020000000002L),
            MacAddress.ZERO,
            MacAddress.BROADCAST,
            new Ipv6Address(PREFIX, 1).solicitedNode().multicastMac());

    /** Of few addresses, so that they often meet. */
    @Property(tries = 3000)
    void every_answer_is_asked_for_truthful_and_valid(
            @ForAll Form form,
            @ForAll @IntRange(max = 4) int senderMac,
            @ForAll @IntRange(max = 4) int sender,
            @ForAll @IntRange(max = 4) int targetMac,
            @ForAll @IntRange(max = 4) int target,
            @ForAll boolean isRouter) {
        MacAddress own = MACS.get(0);
        Sighting heard = new Sighting(
                form,
                MACS.get(senderMac),
                form == Form.PROBE ? Ipv6Address.ANY : new Ipv6Address(PREFIX, sender),
                MACS.get(targetMac),
                new Ipv6Address(PREFIX, target),
                new byte[0]);
        new NeighbourAnswers(OURS, own, isRouter).to(heard).ifPresent(frame -> {
            assertThat(form).isIn(Form.QUESTION, Form.PROBE);
            assertThat(OURS.contains(heard.target())).isTrue();
            assertThat(OURS.contains(heard.sender())).isFalse();
            assertThat(frame.source()).isEqualTo(own);
            assertThat(frame.destination()).isNotEqualTo(own).isNotEqualTo(MacAddress.ZERO);
            byte[] bytes = frame.encode();
            NeighbourMessage answer = NeighbourMessage.decode(
                    EthernetFrame.decode(bytes, bytes.length).payload());
            assertThat(answer.type()).isEqualTo(NeighbourMessage.ADVERTISEMENT);
            assertThat(answer.target()).isEqualTo(heard.target()).isEqualTo(answer.source());
            assertThat(answer.linkAddress()).contains(own);
            boolean isToEverybody = form == Form.PROBE;
            assertThat(frame.destination().isGroup()).isEqualTo(isToEverybody);
            assertThat(answer.destination()).isEqualTo(isToEverybody ? Ipv6Address.ALL_NODES : heard.sender());
            assertThat(answer.flags() & NeighbourMessage.SOLICITED)
                    .isEqualTo(isToEverybody ? 0 : NeighbourMessage.SOLICITED);
            assertThat((answer.flags() & NeighbourMessage.ROUTER) != 0).isEqualTo(isRouter);
            assertThat(Sighting.of(frame).orElseThrow().sender()).isEqualTo(heard.target());
        });
    }
}
