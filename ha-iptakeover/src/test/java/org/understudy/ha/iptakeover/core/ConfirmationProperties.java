package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.iptakeover.core.Confirmation.Confirmed;
import org.understudy.ha.iptakeover.core.Confirmation.Neighbour;
import org.understudy.ha.iptakeover.core.Confirmation.Question;
import org.understudy.ha.iptakeover.core.Confirmation.Role;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;

@Tag("property")
class ConfirmationProperties {
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);
    private static final MacAddress OWN = new MacAddress(0x020000000002L);

    /** Somebody answers the round with its number, or never (at -1); the driver looks when it pleases. */
    @Property
    void whoever_answers_is_confirmed_and_nobody_is_asked_after_that_or_for_ever(
            @ForAll @Size(min = 1, max = 64) List<@IntRange(min = -1, max = 8) Integer> answersAtRound,
            @ForAll @Size(min = 1, max = 40) List<@LongRange(max = 3_000_000_000L) Long> lateness) {
        List<Neighbour> neighbours = new ArrayList<>();
        for (int i = 0; i < answersAtRound.size(); i++) {
            neighbours.add(new Neighbour(new Ipv4Address(0xc0000301 + i), Role.CLIENT, Optional.empty()));
        }
        Confirmation confirmation = new Confirmation(VIP, OWN, neighbours, 0);
        Set<Integer> answered = new TreeSet<>();
        long now = 0;
        int round = 0;
        long asked = 0;
        while (!confirmation.isOver(now)) {
            List<Question> questions = confirmation.due(now);
            asked += questions.size();
            for (Question question : questions) {
                int who = ((Ipv4Address) question.neighbour().address()).bits() - 0xc0000301;
                assertThat(answered).doesNotContain(who);
                if (answersAtRound.get(who) == round) {
                    answered.add(who);
                    confirmation.hear(now, answer(question.neighbour()));
                }
            }
            round += questions.isEmpty() ? 0 : 1;
            long delay = confirmation.delayNanos(now);
            now += delay == Long.MAX_VALUE ? 0 : delay + lateness.get(round % lateness.size());
        }
        assertThat(asked).isLessThanOrEqualTo((long) neighbours.size() * Confirmation.ROUNDS.size());
        Confirmation.Outcome outcome = confirmation.outcome(now);
        assertThat(outcome.isFinal()).isTrue();
        assertThat(outcome.confirmed()).hasSize(answered.size());
        assertThat(outcome.silent()).hasSize(neighbours.size() - answered.size());
        long last = 0;
        for (Confirmed one : outcome.confirmed()) {
            assertThat(one.afterNanos()).isGreaterThanOrEqualTo(last);
            last = one.afterNanos();
        }
    }

    private static Sighting answer(Neighbour neighbour) {
        return new Sighting(Sighting.Form.ANSWER, new MacAddress(3), neighbour.address(), OWN, VIP, new byte[0]);
    }
}
