package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

class NeighbourAnswersTest {
    private static final MacAddress OURS = new MacAddress(0x020000000003L);
    private static final MacAddress THEIRS = new MacAddress(0x020000000002L);
    private static final MacAddress OTHER = new MacAddress(0x020000000009L);
    private static final Ipv6Address VIP = six("2001:db8::3");
    private static final Ipv6Address SECOND = six("2001:db8::4");
    private static final Ipv6Address CLIENT = six("2001:db8::2");
    /** What Linux 6.18 answers for an address of its own. */
    private static final String KERNEL_ANSWER =
            "02000000000202000000000386dd6000000000203aff20010db8000000000000000000000003"
                    + "20010db800000000000000000000000288008a6d6000000020010db80000000000000000000000030201020000000003";

    private final NeighbourAnswers answers =
            new NeighbourAnswers(new AddressSet(List.of(new Ipv4Address(0xc0000232), VIP, SECOND)), OURS, false);

    @Test
    void a_neighbour_is_answered_as_the_kernel_does() {
        EthernetFrame asked =
                NeighbourMessage.question(THEIRS, CLIENT, VIP, false).frameFrom(THEIRS);
        assertThat(hex(answers.to(Sighting.of(asked).orElseThrow()))).isEqualTo(KERNEL_ANSWER);
    }

    @Test
    void a_neighbour_that_asks_this_host_alone_gets_the_same() {
        EthernetFrame alone = new EthernetFrame(
                OURS,
                THEIRS,
                EthernetFrame.TYPE_IPV6,
                NeighbourMessage.question(THEIRS, CLIENT, VIP, true).encode());
        assertThat(hex(answers.to(Sighting.of(alone).orElseThrow()))).isEqualTo(KERNEL_ANSWER);
        EthernetFrame bare = new EthernetFrame(
                OURS,
                THEIRS,
                EthernetFrame.TYPE_IPV6,
                new NeighbourMessage(NeighbourMessage.SOLICITATION, CLIENT, VIP, 0, VIP, Optional.empty()).encode());
        assertThat(hex(answers.to(Sighting.of(bare).orElseThrow())))
                .as("without its own address in it")
                .isEqualTo(KERNEL_ANSWER);
    }

    @Test
    void address_detection_is_answered_to_everybody() {
        EthernetFrame probe = NeighbourMessage.probe(SECOND).frameFrom(THEIRS);
        assertThat(answers.to(Sighting.of(probe).orElseThrow()))
                .contains(NeighbourMessage.announcement(OURS, SECOND, false).frameFrom(OURS));
    }

    @Test
    void a_router_says_so_in_every_answer() {
        NeighbourAnswers router = new NeighbourAnswers(new AddressSet(List.of(VIP)), OURS, true);
        for (Sighting asked : List.of(asks(THEIRS, CLIENT, OURS, VIP), probes(group(VIP), VIP))) {
            byte[] answer = router.to(asked).orElseThrow().payload();
            assertThat(NeighbourMessage.decode(answer).flags() & NeighbourMessage.ROUTER)
                    .isNotZero();
        }
    }

    @Test
    void the_answer_goes_where_the_question_says() {
        // A bridge or an access point may have sent the frame.
        EthernetFrame relayed =
                NeighbourMessage.question(THEIRS, CLIENT, VIP, false).frameFrom(OTHER);
        assertThat(answers.to(Sighting.of(relayed).orElseThrow()).orElseThrow().destination())
                .isEqualTo(THEIRS);
    }

    @Test
    void what_is_not_for_us_is_not_answered() {
        assertSilent("another address", asks(THEIRS, CLIENT, group(VIP), six("2001:db8::5")));
        assertSilent("another host", asks(THEIRS, CLIENT, OTHER, VIP));
        assertSilent("address detection that another host is sent", probes(OTHER, VIP));
        assertSilent("an announcement", new Sighting(Form.ANNOUNCEMENT, THEIRS, VIP, group(VIP), VIP, new byte[0]));
        assertSilent("an answer", new Sighting(Form.ANSWER, THEIRS, CLIENT, OURS, VIP, new byte[0]));
        Ipv4Address four = new Ipv4Address(0xc0000232);
        assertSilent(
                "ARP, which the kernel answers",
                Sighting.of(ArpPacket.probe(THEIRS, four).frameTo(MacAddress.BROADCAST))
                        .orElseThrow());
    }

    @Test
    void a_rival_and_whoever_cannot_be_answered_get_nothing() {
        assertSilent("in the name of the address", asks(THEIRS, VIP, group(VIP), VIP));
        assertSilent("in the name of another of ours", asks(THEIRS, SECOND, group(VIP), VIP));
        assertSilent("to a group", asks(MacAddress.BROADCAST, CLIENT, group(VIP), VIP));
        assertSilent("to nobody", asks(MacAddress.ZERO, CLIENT, group(VIP), VIP));
        assertSilent("to ourselves", asks(OURS, CLIENT, group(VIP), VIP));
        assertSilent("from a group", asks(THEIRS, Ipv6Address.ALL_NODES, group(VIP), VIP));
        assertSilent("from the loopback", asks(THEIRS, six("::1"), group(VIP), VIP));
    }

    private void assertSilent(String what, Sighting heard) {
        assertThat(answers.to(heard)).as(what).isEmpty();
    }

    private static Sighting asks(MacAddress mac, IpAddress sender, MacAddress to, IpAddress target) {
        return new Sighting(Form.QUESTION, mac, sender, to, target, new byte[0]);
    }

    private static Sighting probes(MacAddress to, IpAddress target) {
        return new Sighting(Form.PROBE, THEIRS, Ipv6Address.ANY, to, target, new byte[0]);
    }

    private static MacAddress group(Ipv6Address address) {
        return address.solicitedNode().multicastMac();
    }

    private static String hex(Optional<EthernetFrame> frame) {
        return HexFormat.of().formatHex(frame.orElseThrow().encode());
    }

    private static Ipv6Address six(String text) {
        return Ipv6Address.parse(text).orElseThrow();
    }
}
