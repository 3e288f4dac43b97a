package org.understudy.ha.membership.enforcement.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.enforcement.core.KillDeadline.Answer;

class KillDeadlineTest {
    private final KillDeadline deadline = new KillDeadline();

    @Test
    void nothing_is_due_before_it_is_armed() {
        assertThat(deadline.deadline()).isEmpty();
        assertThat(deadline.act(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void it_acts_at_the_deadline_and_not_before_and_once() {
        assertThat(deadline.arm(1, 100, 0)).isEqualTo(Answer.ARMED);

        assertThat(deadline.act(99)).isFalse();
        assertThat(deadline.act(100)).isTrue();
        assertThat(deadline.act(101)).isFalse();
    }

    @Test
    void each_confirmed_renewal_moves_it_and_an_old_one_moves_nothing() {
        deadline.arm(1, 100, 0);
        assertThat(deadline.arm(1, 200, 50)).isEqualTo(Answer.ARMED);
        assertThat(deadline.arm(1, 150, 60)).isEqualTo(Answer.ARMED);

        assertThat(deadline.deadline()).hasValue(200);
    }

    @Test
    void a_stalled_writer_delivers_an_old_deadline_and_prolongs_nothing() {
        deadline.arm(1, 100, 0);

        assertThat(deadline.arm(1, 90, 120)).isEqualTo(Answer.TOO_LATE);
        assertThat(deadline.act(120)).isTrue();
    }

    @Test
    void a_first_order_in_the_past_is_not_taken() {
        assertThat(deadline.arm(1, 100, 100)).isEqualTo(Answer.TOO_LATE);
        assertThat(deadline.act(100)).isFalse();
    }

    @Test
    void a_confirmed_renewal_that_is_read_late_counts_while_its_own_deadline_is_ahead() {
        deadline.arm(1, 100, 0);

        assertThat(deadline.arm(1, 200, 150)).isEqualTo(Answer.ARMED);
        assertThat(deadline.act(150)).isFalse();
    }

    @Test
    void another_incarnation_prolongs_nothing_until_the_first_was_disarmed() {
        deadline.arm(1, 100, 0);

        assertThat(deadline.arm(2, 500, 50)).isEqualTo(Answer.OTHER_INCARNATION);
        deadline.disarm(2);
        assertThat(deadline.isDue(100)).isTrue();
        deadline.disarm(1);
        assertThat(deadline.arm(2, 500, 110)).isEqualTo(Answer.ARMED);
        assertThat(deadline.deadline()).hasValue(500);
    }

    @Test
    void disarming_counts_after_the_deadline_but_not_after_the_act_began() {
        deadline.arm(1, 100, 0);
        deadline.disarm(1);
        assertThat(deadline.act(100)).isFalse();

        deadline.arm(1, 200, 110);
        assertThat(deadline.act(200)).isTrue();
        deadline.disarm(1);
        assertThat(deadline.arm(1, 900, 210)).isEqualTo(Answer.TOO_LATE);
        assertThat(deadline.deadline()).isEmpty();
    }

    @Test
    void it_remembers_its_worst_lateness_until_it_is_told() {
        deadline.woke(100, 103);
        deadline.woke(200, 201);

        assertThat(deadline.takeWorstLateness()).isEqualTo(3);
        assertThat(deadline.takeWorstLateness()).isZero();
    }
}
