package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.record.Candidacy;

class LocalGroupTest {

    private static final long SECOND = 1_000_000_000L;

    private final LocalGroup group = new LocalGroup(
            "election:report", new Candidacy(List.of(), true, true, "", Presence.ABSENT, true, List.of(), 3, false));

    /** A task may take its time to return: the hold must not be used up before anybody else could be granted. */
    @Test
    void after_a_resignation_others_come_first_until_the_hold_has_passed_since_the_stop() {
        group.starting(7);
        group.running();
        group.resign(5 * SECOND);
        group.stopping(Optional.empty(), "resigned");
        assertThat(group.isAway(100 * SECOND)).isTrue();

        group.idle();
        group.countAway(100 * SECOND);

        assertThat(group.candidacy(105 * SECOND - 1).isEligible()).isFalse();
        assertThat(group.candidacy(105 * SECOND - 1).whyNot()).contains("resigned");
        assertThat(group.candidacy(105 * SECOND).isEligible()).isTrue();
        assertThat(group.candidacy(105 * SECOND).priority()).isEqualTo(3);
    }

    @Test
    void an_end_without_a_resignation_keeps_nobody_away() {
        group.starting(7);
        group.running();
        group.stopping(Optional.empty(), "asked to move");
        group.idle();
        group.countAway(100 * SECOND);

        assertThat(group.isAway(100 * SECOND)).isFalse();
        assertThat(group.candidacy(100 * SECOND).isEligible()).isTrue();
    }
}
