package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Grant;

class LocalGroupTest {

    private static final long SECOND = 1_000_000_000L;

    private final LocalGroup group = new LocalGroup(
            "election:report",
            new Candidacy(List.of(), true, true, "", Presence.ABSENT, true, List.of(), 3, false),
            Placement.NONE);

    /** A task may take its time to return: the hold must not be used up before anybody else could be granted. */
    @Test
    void after_a_resignation_others_come_first_until_the_hold_has_passed_since_the_stop() {
        group.starting(0, 7);
        group.running(0);
        group.resign(5 * SECOND);
        group.stopping(Optional.empty(), "resigned");
        assertThat(group.isAway(100 * SECOND)).isTrue();

        group.idle();
        group.hasStopped(100 * SECOND);

        assertThat(group.candidacy(105 * SECOND - 1).isEligible()).isFalse();
        assertThat(group.candidacy(105 * SECOND - 1).whyNot()).contains("resigned");
        assertThat(group.candidacy(105 * SECOND).isEligible()).isTrue();
        assertThat(group.candidacy(105 * SECOND).priority()).isEqualTo(3);
    }

    @Test
    void an_end_without_a_resignation_keeps_nobody_away() {
        group.starting(0, 7);
        group.running(0);
        group.stopping(Optional.empty(), "asked to move");
        group.idle();
        group.hasStopped(100 * SECOND);

        assertThat(group.isAway(100 * SECOND)).isFalse();
        assertThat(group.candidacy(100 * SECOND).isEligible()).isTrue();
    }

    @Test
    void goes_on_without_a_majority_only_under_a_grant_that_no_lease_ends() {
        LocalGroup kept = new LocalGroup(
                "volume",
                new Candidacy(List.of(), false, true, "", Presence.ABSENT, false, List.of(), 0, true),
                Placement.NONE);

        assertThat(kept.keepsRunning(grant(false))).isTrue();
        assertThat(kept.keepsRunning(grant(true)))
                .as("made when the node offered more: others may take it over after the lease")
                .isFalse();
        assertThat(kept.keepsRunning(Optional.empty())).isFalse();
        assertThat(group.keepsRunning(grant(false))).isFalse();
    }

    private static Optional<Grant> grant(boolean isExpirable) {
        return Records.granted(Records.A1, 1, isExpirable).grant();
    }
}
