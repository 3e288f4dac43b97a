package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StayProgramTest {
    private static final long NOW = 1_000_000;
    private static final byte[] ANYTHING = {};

    private final SimulatedMaps maps = new SimulatedMaps();

    @Test
    void a_stay_speaks_until_its_deadline_and_not_at_it() {
        for (long stay : new long[] {
            GuardMaps.stay(4711, 1), GuardMaps.stay(0x80004711, -2), GuardMaps.stay(-1, -1), GuardMaps.stay(0, 1)
        }) {
            assertThat(says(stay)).as("one that is not there").isEqualTo(StayProgram.MUTE);
            maps.extend(stay, NOW + 1);
            assertThat(says(stay)).isEqualTo(StayProgram.SPEAKS);
            maps.extend(stay, NOW);
            assertThat(says(stay)).isEqualTo(StayProgram.MUTE);
            maps.extend(stay, 0);
            assertThat(says(stay)).isEqualTo(StayProgram.MUTE);
            maps.extend(stay, Long.MAX_VALUE);
            assertThat(says(stay)).isEqualTo(StayProgram.SPEAKS);
        }
    }

    @Test
    void it_follows_its_own_stay_alone() {
        maps.extend(GuardMaps.stay(4711, 1), NOW + 1);
        assertThat(says(GuardMaps.stay(4711, 2))).isEqualTo(StayProgram.MUTE);
        assertThat(says(GuardMaps.stay(4712, 1))).isEqualTo(StayProgram.MUTE);
    }

    @Test
    void an_element_that_is_used_anew_while_it_is_read_lets_nobody_speak() {
        long stay = GuardMaps.stay(4711, 1);
        maps.mix(stay, GuardMaps.until(GuardMaps.stay(4711, 2), NOW + 1));
        assertThat(says(stay)).isEqualTo(StayProgram.MUTE);
    }

    private int says(long stay) {
        return new Interpreter(StayProgram.of(stay), maps).run(ANYTHING, NOW);
    }
}
