package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;

import org.junit.jupiter.api.Test;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.message.Message.Succeed;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** Group web runs on node a under token 5. */
class SuccessionsTest {

    private static final long PATIENCE = 300;

    private final Successions successions = new Successions(PATIENCE);
    private final LocalGroup web = web();
    private final ClusterRecord resting = Records.withGroup(Records.empty(), "web", Records.granted(A1, 5, true));

    @Test
    void it_may_go_when_its_successor_says_that_it_is_ready() {
        assertThat(successions.mayGo(0, web, B, 10)).isFalse();
        successions.heard(1, B, word(10, false));
        assertThat(successions.mayGo(1, web, B, 10)).isFalse();
        successions.heard(2, B, word(11, true));
        assertThat(successions.mayGo(2, web, B, 11)).isTrue();
    }

    @Test
    void a_successor_may_know_the_record_first() {
        successions.heard(0, B, word(10, true));

        assertThat(successions.mayGo(1, web, B, 10)).isTrue();
        assertThat(successions.mayGo(2, web, B, 11)).isTrue();
    }

    @Test
    void a_word_about_an_earlier_wish_says_nothing_of_a_later_one() {
        successions.mayGo(0, web, B, 10);
        successions.learned(resting);
        successions.heard(1, B, word(10, true));

        assertThat(successions.mayGo(2, web, B, 12)).isFalse();
        successions.heard(3, B, word(10, true));
        assertThat(successions.mayGo(3, web, B, 12)).isFalse();
        successions.heard(4, B, word(12, true));
        assertThat(successions.mayGo(4, web, B, 12)).isTrue();
    }

    @Test
    void what_comes_late_does_not_take_back_what_was_said_since() {
        successions.mayGo(0, web, B, 10);
        successions.heard(1, B, word(11, true));
        successions.heard(2, B, word(10, false));

        assertThat(successions.mayGo(3, web, B, 11)).isTrue();
    }

    @Test
    void another_node_says_nothing_about_the_one_that_is_named() {
        successions.mayGo(0, web, B, 10);
        successions.heard(1, C, word(10, true));

        assertThat(successions.mayGo(2, web, B, 10)).isFalse();
    }

    @Test
    void a_silent_one_is_waited_for_only_so_long_after_it_spoke_last() {
        successions.mayGo(0, web, B, 10);
        successions.heard(100, B, word(10, false));

        assertThat(successions.mayGo(99 + PATIENCE, web, B, 10)).isFalse();
        assertThat(successions.mayGo(100 + PATIENCE, web, B, 10)).isTrue();
    }

    private static Succeed.Word word(long record, boolean isReady) {
        return new Succeed.Word("web", 5, record, isReady);
    }

    private LocalGroup web() {
        LocalGroup group = new LocalGroup("web", Records.candidacy(true), Placement.NONE);
        group.starting(0, 5);
        group.running(0);
        return group;
    }
}
