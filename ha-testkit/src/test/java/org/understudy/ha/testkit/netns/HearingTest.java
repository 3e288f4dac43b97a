package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HearingTest {
    private static final Host ONE = new Host(new Host.Plan("serv1", Side.A, 1, true), false);
    private static final Host TWO = new Host(new Host.Plan("serv2", Side.B, 2, true), false);
    private static final Sighting OLD = new Sighting("files", "serv1", 1, 2);
    private static final Sighting NEW = new Sighting("files", "serv2", 20, 21);
    private static final Sighting CONTROL_ONE = new Sighting(ONE.lanAddress(), "serv1", 55, 56);
    private static final Sighting CONTROL_TWO = new Sighting(TWO.lanAddress(), "serv2", 57, 58);
    private static final List<Sighting> ALL = List.of(OLD, NEW, CONTROL_ONE, CONTROL_TWO);

    private static List<String> complaints(List<Sighting> sightings) {
        return Hearing.complaints(
                List.of(new Observation(0, 60, List.of(), ALL), new Observation(0, 60, List.of(), sightings)),
                "files",
                ONE,
                TWO,
                10,
                50);
    }

    @Test
    void ears_that_heard_everything_are_trusted() {
        assertThat(complaints(ALL)).isEmpty();
    }

    @Test
    void each_thing_one_observer_did_not_hear_is_a_sentence() {
        for (Sighting missed : ALL) {
            List<Sighting> rest = new ArrayList<>(ALL);
            rest.remove(missed);
            assertThat(complaints(rest))
                    .singleElement()
                    .asString()
                    .contains(missed.host() + " answer for '" + missed.address());
        }
        assertThat(complaints(List.of())).hasSize(4);
    }

    @Test
    void answers_at_the_wrong_time_do_not_count() {
        assertThat(complaints(List.of(
                        new Sighting("files", "serv1", 9, 11),
                        new Sighting("files", "serv2", 9, 11),
                        new Sighting(ONE.lanAddress(), "serv1", 40, 41),
                        new Sighting(TWO.lanAddress(), "serv2", 55, 0))))
                .hasSize(4);
    }
}
