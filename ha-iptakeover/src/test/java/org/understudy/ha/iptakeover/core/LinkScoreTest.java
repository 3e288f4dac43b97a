package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.api.spi.Health.State;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.LinkScore.Sight;
import org.understudy.ha.iptakeover.packet.MacAddress;

class LinkScoreTest {
    static final long SECOND = 1_000_000_000L;
    static final Sight GOOD = new Sight(3, true, true, true, 0);
    private static final Sight CUT = new Sight(3, true, false, true, 0);
    private static final MacAddress ROUTER = new MacAddress(0x020000000001L);
    private static final MacAddress STRANGER = new MacAddress(0x020000000066L);

    private final LinkScore score = new LinkScore(rules(true));
    private long now = 1000 * SECOND;

    static LinkRules rules(boolean moves) {
        return new LinkRules("eth0", "192.0.2.1", moves, 3, 2, SECOND, 2 * SECOND, 60 * SECOND, 10 * SECOND);
    }

    @Test
    void a_cut_fails_at_once_and_vetoes_until_it_is_back_for_the_hold() {
        score.sight(GOOD, now);
        score.started();
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
        score.sight(CUT, now);
        assertThat(score.health(now).state()).isEqualTo(State.FAILED);
        assertThat(score.health(now).severity()).isEqualTo(Severity.HARD);
        assertThat(score.health(now).reason()).isEqualTo("carrier of eth0 is gone");
        assertThat(score.eligibility(now).isEligible()).isFalse();
        score.sight(GOOD, now);
        assertThat(score.health(now).state()).isEqualTo(State.DEGRADED);
        assertThat(score.eligibility(now).reason())
                .isEqualTo("eth0 is back; after 1 loss it counts when it has stayed for 2 s");
        assertThat(score.eligibility(now + 2 * SECOND).isEligible()).isTrue();
        assertThat(score.health(now + 2 * SECOND).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void a_cut_that_only_the_kernels_counter_saw_holds_and_does_not_fail() {
        score.sight(GOOD, now);
        score.started();
        score.sight(new Sight(3, true, true, true, 1), now);
        assertThat(score.health(now).state()).isEqualTo(State.DEGRADED);
        assertThat(score.eligibility(now).reason())
                .isEqualTo("eth0 is back; after 1 loss it counts when it has stayed for 2 s");
        score.sight(new Sight(3, true, true, true, 1), now + 2 * SECOND);
        assertThat(score.health(now + 2 * SECOND).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void a_node_that_starts_without_a_link_is_not_held_when_it_comes() {
        score.sight(Sight.ABSENT, now);
        assertThat(score.eligibility(now).reason()).isEqualTo("there is no interface eth0 on this host");
        assertThat(score.nextNanos(now)).isEqualTo(Long.MAX_VALUE);
        score.sight(GOOD, now);
        assertThat(score.eligibility(now).isEligible()).isTrue();
    }

    @Test
    void every_way_for_a_link_to_be_gone_has_its_sentence() {
        score.sight(new Sight(3, false, false, true, 0), now);
        assertThat(score.problem()).isEqualTo("interface eth0 is down");
        score.sight(new Sight(3, true, true, false, 0), now);
        assertThat(score.problem())
                .isEqualTo("this host has no address of its own on eth0 to reach the gateway 192.0.2.1 from");
    }

    @Test
    void an_interface_that_was_made_again_fails_though_it_is_there_at_every_look() {
        score.sight(GOOD, now);
        score.started();
        score.sight(new Sight(9, true, true, true, 0), now);
        assertThat(score.health(now).reason())
                .isEqualTo("interface eth0 was deleted and made again, or is another one under its name");
        assertThat(score.eligibility(now).isEligible()).isFalse();
        score.started();
        assertThat(score.health(now + 2 * SECOND).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void the_third_silence_in_a_row_loses_the_gateway_of_a_stay_that_had_it() {
        there();
        ask(false);
        ask(false);
        ask(false);
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
        ask(false);
        assertThat(score.health(now).state()).isEqualTo(State.FAILED);
        assertThat(score.health(now).severity()).isEqualTo(Severity.HARD);
        assertThat(score.health(now).reason()).isEqualTo("gateway 192.0.2.1 does not answer on eth0");
    }

    @Test
    void a_stay_that_never_had_the_gateway_goes_on_without_it() {
        there();
        lose();
        score.started();
        for (int i = 0; i < 20; i++) {
            ask(false);
            assertThat(score.health(now).state()).isEqualTo(State.DEGRADED);
        }
    }

    @Test
    void the_veto_of_a_lost_gateway_ends() {
        there();
        lose();
        assertThat(score.eligibility(now).isEligible()).isFalse();
        assertThat(score.eligibility(now + 10 * SECOND).isEligible()).isTrue();
    }

    @Test
    void a_gateway_that_is_back_counts_after_two_answers_and_the_hold() {
        there();
        lose();
        ask(true);
        assertThat(score.health(now).reason())
                .isEqualTo("gateway 192.0.2.1 answers on eth0 again; it counts when it has done so for 2 s");
        ask(true);
        assertThat(score.eligibility(now).isEligible()).isFalse();
        ask(true);
        assertThat(score.eligibility(now).isEligible()).isTrue();
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void one_answer_may_be_enough_but_the_hold_counts_all_the_same() {
        LinkScore quick = new LinkScore(
                new LinkRules("eth0", "192.0.2.1", true, 1, 1, SECOND, 2 * SECOND, 60 * SECOND, 10 * SECOND));
        quick.sight(GOOD, now);
        quick.asked(now);
        quick.asked(now + SECOND);
        for (int i = 2; i <= 4; i++) {
            assertThat(quick.health(now + i * SECOND).state()).isEqualTo(State.DEGRADED);
            quick.asked(now + i * SECOND);
            quick.answered(ROUTER, now + i * SECOND);
        }
        assertThat(quick.health(now + 4 * SECOND).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void a_pause_of_the_process_costs_one_question() {
        there();
        now += 3600 * SECOND;
        ask(true);
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void silence_behind_a_cut_says_nothing_of_the_gateway() {
        there();
        ask(false);
        ask(false);
        ask(false);
        score.sight(CUT, now);
        score.sight(GOOD, now);
        ask(false);
        assertThat(score.health(now).state()).isEqualTo(State.DEGRADED);
        assertThat(score.health(now).reason()).startsWith("eth0 is back");
    }

    @Test
    void told_not_to_move_it_only_shows() {
        LinkScore calm = new LinkScore(rules(false));
        calm.sight(GOOD, now);
        calm.started();
        for (int i = 0; i < 3; i++) {
            calm.asked(now);
            calm.answered(ROUTER, now);
        }
        for (int i = 0; i < 9; i++) {
            calm.asked(now);
        }
        assertThat(calm.health(now).state()).isEqualTo(State.DEGRADED);
        assertThat(calm.eligibility(now).isEligible()).isTrue();
    }

    @Test
    void two_answers_from_different_hosts_to_one_question_show_for_a_minute() {
        there();
        score.answered(STRANGER, now);
        assertThat(score.health(now).reason())
                .isEqualTo("two hosts answer for the gateway 192.0.2.1: 02:00:00:00:00:01 and 02:00:00:00:00:66");
        assertThat(score.health(now).state()).isEqualTo(State.DEGRADED);
        assertThat(score.eligibility(now).isEligible()).isTrue();
        assertThat(score.health(now + LinkScore.DUPLICATE_NANOS).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void a_gateway_that_changes_its_hardware_address_is_no_duplicate() {
        there();
        now += SECOND;
        score.asked(now);
        score.answered(STRANGER, now);
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
    }

    @Test
    void a_rival_of_the_own_address_shows() {
        there();
        score.rival(STRANGER, now);
        assertThat(score.health(now).reason()).contains("02:00:00:00:00:66").contains("own address on eth0");
    }

    private void there() {
        score.sight(GOOD, now);
        score.started();
        for (int i = 0; i < 3; i++) {
            ask(true);
        }
        assertThat(score.health(now).state()).isEqualTo(State.HEALTHY);
    }

    private void lose() {
        for (int i = 0; i < 4; i++) {
            ask(false);
        }
    }

    private void ask(boolean isAnswered) {
        now += SECOND;
        assertThat(score.nextNanos(now)).isLessThanOrEqualTo(now);
        score.asked(now);
        if (isAnswered) {
            score.answered(ROUTER, now);
        }
    }
}
