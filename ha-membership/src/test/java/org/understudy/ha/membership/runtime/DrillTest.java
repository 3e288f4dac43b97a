package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DrillTest {

    @Test
    void the_group_changes_hands_in_every_round_by_a_move_or_by_a_death() throws Exception {
        assertThat(Drill.drilled(30)).isEqualTo(30);
    }
}
