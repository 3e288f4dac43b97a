package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.Confirmation.Confirmed;
import org.understudy.ha.iptakeover.core.Confirmation.Neighbour;
import org.understudy.ha.iptakeover.core.Confirmation.Outcome;
import org.understudy.ha.iptakeover.core.Confirmation.Question;
import org.understudy.ha.iptakeover.core.Confirmation.Role;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

class ConfirmationTest {
    private static final long MILLI = 1_000_000;
    private static final long START = 5_000 * MILLI;
    private static final IpAddress VIP = ip("192.0.2.50");
    private static final MacAddress OWN = new MacAddress(0x020000000002L);
    private static final MacAddress THEIRS = new MacAddress(0x020000000003L);
    private static final Neighbour GATEWAY = new Neighbour(ip("192.0.2.1"), Role.GATEWAY, Optional.empty());
    private static final Neighbour CLIENT = new Neighbour(ip("192.0.2.9"), Role.CLIENT, Optional.of(THEIRS));

    @Test
    void all_are_asked_at_once_and_the_silent_again_with_growing_distances() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(GATEWAY, CLIENT), START);
        assertThat(confirmation.due(START))
                .containsExactly(new Question(GATEWAY, MacAddress.BROADCAST), new Question(CLIENT, THEIRS));
        assertThat(confirmation.delayNanos(START)).isEqualTo(2 * MILLI);
        assertThat(confirmation.due(START + MILLI)).isEmpty();
        assertThat(confirmation.hear(START + MILLI, answer(GATEWAY, VIP, OWN))).isTrue();
        assertThat(confirmation.due(START + 2 * MILLI)).containsExactly(new Question(CLIENT, THEIRS));
        // Its hardware address may be an old one.
        assertThat(confirmation.due(START + 10 * MILLI)).containsExactly(new Question(CLIENT, MacAddress.BROADCAST));
        assertThat(confirmation.delayNanos(START + 10 * MILLI)).isEqualTo(40 * MILLI);
        assertThat(confirmation.outcome(START + 10 * MILLI))
                .isEqualTo(new Outcome(List.of(new Confirmed(GATEWAY, MILLI)), List.of(CLIENT), false));
    }

    @Test
    void rounds_that_were_missed_count_as_one() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(GATEWAY), START);
        assertThat(confirmation.due(START + 300 * MILLI)).hasSize(1);
        assertThat(confirmation.due(START + 300 * MILLI)).isEmpty();
        assertThat(confirmation.delayNanos(START + 300 * MILLI)).isEqualTo(700 * MILLI);
    }

    @Test
    void it_is_over_when_all_have_confirmed() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(GATEWAY), START);
        confirmation.due(START);
        assertThat(confirmation.hear(START + 70_000, answer(GATEWAY, VIP, OWN))).isTrue();
        assertThat(confirmation.isOver(START + 70_000)).isTrue();
        assertThat(confirmation.delayNanos(START + 70_000)).isEqualTo(Long.MAX_VALUE);
        assertThat(confirmation.due(START + 50 * MILLI)).isEmpty();
        assertThat(confirmation.outcome(START + 70_000))
                .isEqualTo(new Outcome(List.of(new Confirmed(GATEWAY, 70_000)), List.of(), true));
    }

    @Test
    void the_silent_are_given_up() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(GATEWAY), START);
        int rounds = 0;
        long now = START;
        while (!confirmation.isOver(now)) {
            rounds += confirmation.due(now).size();
            long delay = confirmation.delayNanos(now);
            now += Math.min(delay, Confirmation.GIVE_UP_NANOS);
        }
        assertThat(rounds).isEqualTo(Confirmation.ROUNDS.size());
        assertThat(now).isEqualTo(START + Confirmation.GIVE_UP_NANOS);
        assertThat(confirmation.outcome(now)).isEqualTo(new Outcome(List.of(), List.of(GATEWAY), true));
        // Late is better than never.
        assertThat(confirmation.hear(now + 1, answer(GATEWAY, VIP, OWN))).isTrue();
        assertThat(confirmation.outcome(now + 1).silent()).isEmpty();
    }

    @Test
    void only_a_first_answer_of_somebody_asked_to_us_about_the_address_confirms() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(GATEWAY), START);
        Sighting right = answer(GATEWAY, VIP, OWN);
        assertThat(confirmation.hear(START, right))
                .as("before anybody was asked")
                .isFalse();
        confirmation.due(START);
        assertThat(confirmation.hear(START, answer(GATEWAY, ip("192.0.2.51"), OWN)))
                .isFalse();
        assertThat(confirmation.hear(START, answer(GATEWAY, VIP, THEIRS)))
                .as("an answer to a rival")
                .isFalse();
        assertThat(confirmation.hear(START, answer(CLIENT, VIP, OWN))).isFalse();
        for (Form form : List.of(Form.QUESTION, Form.ANNOUNCEMENT, Form.PROBE)) {
            assertThat(confirmation.hear(START, new Sighting(form, THEIRS, GATEWAY.address(), OWN, VIP, new byte[0])))
                    .isFalse();
        }
        assertThat(confirmation.hear(START, right)).isTrue();
        assertThat(confirmation.hear(START, right)).as("twice").isFalse();
    }

    @Test
    void nobody_to_ask_is_over_at_once() {
        Confirmation confirmation = new Confirmation(VIP, OWN, List.of(), START);
        assertThat(confirmation.due(START)).isEmpty();
        assertThat(confirmation.outcome(START)).isEqualTo(new Outcome(List.of(), List.of(), true));
    }

    @Test
    void an_ipv6_neighbour_is_asked_by_its_group() {
        Neighbour neighbour = new Neighbour(ip("2001:db8::1:2:3"), Role.PEER, Optional.empty());
        Confirmation confirmation = new Confirmation(ip("2001:db8::50"), OWN, List.of(neighbour), START);
        MacAddress group = ((Ipv6Address) neighbour.address()).solicitedNode().multicastMac();
        assertThat(confirmation.due(START)).containsExactly(new Question(neighbour, group));
    }

    @Test
    void gateways_are_chosen_before_peers_before_clients_each_once_and_none_that_cannot_answer() {
        Neighbour peer = new Neighbour(ip("192.0.2.3"), Role.PEER, Optional.empty());
        Neighbour again = new Neighbour(GATEWAY.address(), Role.CLIENT, Optional.of(THEIRS));
        List<Neighbour> candidates = new ArrayList<>(List.of(CLIENT, again, peer, GATEWAY));
        for (String useless : List.of("192.0.2.50", "2001:db8::1", "224.0.0.1", "127.0.0.1", "0.0.0.0")) {
            candidates.add(new Neighbour(ip(useless), Role.PEER, Optional.empty()));
        }
        assertThat(Confirmation.choose(VIP, candidates, 64)).containsExactly(GATEWAY, peer, CLIENT);
        assertThat(Confirmation.choose(VIP, candidates, 2)).containsExactly(GATEWAY, peer);
        assertThat(Confirmation.choose(VIP, candidates, 0)).isEmpty();
    }

    @Test
    void more_than_sixty_four_and_another_ip_version_are_refused() {
        List<Neighbour> many = new ArrayList<>();
        for (int i = 1; i <= 65; i++) {
            many.add(new Neighbour(ip("192.0.2." + i), Role.CLIENT, Optional.empty()));
        }
        assertThatThrownBy(() -> new Confirmation(VIP, OWN, many, START))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 64 neighbours are asked, not 65");
        assertThatThrownBy(() -> Confirmation.choose(VIP, many, 65)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Confirmation.choose(VIP, many, 64)).hasSize(64);
        assertThatThrownBy(() -> new Confirmation(ip("2001:db8::50"), OWN, List.of(GATEWAY), START))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Sighting answer(Neighbour neighbour, IpAddress to, MacAddress toMac) {
        return new Sighting(Form.ANSWER, THEIRS, neighbour.address(), toMac, to, new byte[0]);
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
