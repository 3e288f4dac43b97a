package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.checks.core.RiseFall.Rules;
import org.understudy.ha.membership.checks.core.RiseFall.State;

class RiseFallTest {
    private static final Rules PLAIN = new Rules(2, 3, true, 0, 0);
    private static final Rules PATIENT = new Rules(2, 3, false, 0, 0);
    private static final Rules DAMPED = new Rules(1, 1, true, 10, 40);

    @Test
    void the_first_clear_result_decides() {
        assertThat(new RiseFall(PLAIN).good(0)).isEqualTo(State.UP);
        assertThat(new RiseFall(PLAIN).bad(0)).isEqualTo(State.DOWN);
        assertThat(new RiseFall(PLAIN).unclear()).isEqualTo(State.UNDECIDED);
    }

    @Test
    void without_that_nothing_is_decided_before_a_count_is_reached() {
        RiseFall counts = new RiseFall(PATIENT);
        assertThat(counts.bad(0)).isEqualTo(State.UNDECIDED);
        assertThat(counts.bad(1)).isEqualTo(State.UNDECIDED);
        assertThat(counts.good(2)).isEqualTo(State.UNDECIDED);
        assertThat(counts.good(3)).isEqualTo(State.UP);
    }

    @Test
    void failures_in_a_row_bring_it_down_and_successes_in_a_row_up() {
        RiseFall counts = new RiseFall(PLAIN);
        counts.good(0);
        counts.bad(1);
        counts.bad(2);
        assertThat(counts.good(3)).isEqualTo(State.UP);
        counts.bad(4);
        counts.bad(5);
        assertThat(counts.bad(6)).isEqualTo(State.DOWN);
        assertThat(counts.good(7)).isEqualTo(State.DOWN);
        assertThat(counts.bad(8)).isEqualTo(State.DOWN);
        assertThat(counts.good(9)).isEqualTo(State.DOWN);
        assertThat(counts.good(10)).isEqualTo(State.UP);
    }

    @Test
    void what_is_unclear_takes_no_failure_back_and_interrupts_a_rise() {
        RiseFall counts = new RiseFall(PLAIN);
        counts.good(0);
        counts.bad(1);
        counts.bad(2);
        counts.unclear();
        assertThat(counts.bad(3)).isEqualTo(State.DOWN);
        counts.good(4);
        counts.unclear();
        assertThat(counts.good(5)).isEqualTo(State.DOWN);
        assertThat(counts.good(6)).isEqualTo(State.UP);
    }

    @Test
    void as_many_unclear_results_as_bring_down_make_it_doubtful_and_leave_it_up() {
        RiseFall counts = new RiseFall(PLAIN);
        counts.good(0);
        counts.unclear();
        counts.unclear();
        assertThat(counts.isDoubtful()).isFalse();
        assertThat(counts.unclear()).isEqualTo(State.UP);
        assertThat(counts.isDoubtful()).isTrue();
        counts.good(1);
        assertThat(counts.isDoubtful()).isFalse();
    }

    @Test
    void after_a_fall_it_must_be_good_for_a_while_and_after_each_further_one_for_twice_as_long() {
        RiseFall counts = new RiseFall(DAMPED);
        counts.good(0);
        counts.bad(1);
        counts.good(2);
        assertThat(counts.good(11)).isEqualTo(State.DOWN);
        assertThat(counts.good(12)).isEqualTo(State.UP);
        counts.bad(13);
        assertThat(counts.holdNanos()).isEqualTo(20);
        counts.good(14);
        assertThat(counts.good(33)).isEqualTo(State.DOWN);
        assertThat(counts.good(34)).isEqualTo(State.UP);
        counts.bad(35);
        counts.good(36);
        counts.good(76);
        counts.bad(77);
        assertThat(counts.holdNanos()).isEqualTo(40);
    }

    @Test
    void what_was_up_for_ten_times_the_longest_is_forgiven() {
        RiseFall counts = new RiseFall(DAMPED);
        counts.good(0);
        counts.bad(1);
        counts.good(2);
        counts.good(12);
        counts.bad(12 + 399);
        assertThat(counts.holdNanos()).isEqualTo(20);
        counts.good(500);
        counts.good(520);
        counts.bad(520 + 400);
        assertThat(counts.holdNanos()).isEqualTo(10);
    }

    @Test
    void a_bad_start_is_no_fall() {
        RiseFall counts = new RiseFall(DAMPED);
        counts.bad(0);
        assertThat(counts.good(1)).isEqualTo(State.UP);
    }
}
