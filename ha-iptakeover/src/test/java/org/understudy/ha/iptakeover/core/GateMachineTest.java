package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.GateMachine.Action;
import org.understudy.ha.iptakeover.core.GateMachine.Loss;
import org.understudy.ha.iptakeover.core.GateMachineProperties.Turn;

class GateMachineTest {
    private static final long MILLI = 1_000_000;
    private static final GateTiming TIMING = GateTiming.forLease(960 * MILLI);
    private static final long T = TIMING.timeoutMillis() * MILLI;

    private final GateMachine machine = new GateMachine(TIMING);

    @Test
    void arms_opens_and_prolongs_when_due() {
        assertThat(act(0, 0, true)).isEqualTo(Action.ARM);
        assertThat(act(0, 0, true)).isEqualTo(Action.OPEN);
        assertThat(machine.isOpen()).isTrue();
        assertThat(machine.decide(0, true, 1, 0).nextNanos()).isEqualTo(TIMING.refreshNanos());
        assertThat(act(0, TIMING.refreshNanos() - 1, true)).isEqualTo(Action.WAIT);
        assertThat(act(0, TIMING.refreshNanos(), true)).isEqualTo(Action.PROLONG);
        assertThat(machine.reopenings()).isZero();
    }

    @Test
    void prolongs_sooner_with_others_and_no_sooner_than_allowed() {
        open(0);
        long early = TIMING.refreshNanos() / 4;
        long due = TIMING.refreshNanos() - early;
        assertThat(machine.decide(0, true, due - 1, early).action()).isEqualTo(Action.WAIT);
        assertThat(machine.decide(0, true, due - 1, early).nextNanos()).isEqualTo(TIMING.refreshNanos());
        assertThat(machine.decide(0, true, due, early).action()).isEqualTo(Action.PROLONG);
    }

    @Test
    void builds_on_no_stale_confirmation_and_on_none_from_the_future() {
        assertThat(act(0, TIMING.freshNanos(), true)).isEqualTo(Action.WAIT);
        assertThat(act(10, 9, true)).isEqualTo(Action.WAIT);
        assertThat(act(0, TIMING.freshNanos() - 1, true)).isEqualTo(Action.ARM);
        assertThat(act(0, TIMING.freshNanos(), true)).isEqualTo(Action.WAIT);
        assertThat(machine.isOpen()).isFalse();
    }

    @Test
    void a_refused_prolonging_opens_again_in_two_steps() {
        open(0);
        assertThat(act(400 * MILLI, 400 * MILLI, false)).isEqualTo(Action.PROLONG);
        assertThat(machine.isOpen()).isFalse();
        assertThat(act(400 * MILLI, 401 * MILLI, true)).isEqualTo(Action.ARM);
        assertThat(act(400 * MILLI, 401 * MILLI, false)).isEqualTo(Action.OPEN);
        assertThat(act(700 * MILLI, 700 * MILLI, true)).isEqualTo(Action.ARM);
        assertThat(act(700 * MILLI, 700 * MILLI, true)).isEqualTo(Action.OPEN);
        assertThat(machine.reopenings()).isEqualTo(1);
    }

    @Test
    void lets_go_for_good_when_the_lease_is_over() {
        open(0);
        assertThat(act(0, TIMING.lengthNanos(), true)).isEqualTo(Action.LET_GO);
        assertThat(machine.loss()).isEqualTo(Loss.LEASE_OVER);
        assertThat(act(TIMING.lengthNanos(), TIMING.lengthNanos(), true)).isEqualTo(Action.LET_GO);
        assertThat(machine.isOpen()).isFalse();
    }

    @Test
    void in_doubt_nothing_is_prolonged_and_nothing_taken_down_before_the_end() {
        open(0);
        assertThat(machine.decide(0, false, TIMING.refreshNanos(), 0).action()).isEqualTo(Action.WAIT);
        assertThat(machine.decide(0, false, TIMING.lengthNanos() - 1, 0).action())
                .isEqualTo(Action.WAIT);
        assertThat(machine.decide(0, false, TIMING.lengthNanos(), 0).action()).isEqualTo(Action.LET_GO);
    }

    @Test
    void after_a_doubt_it_goes_on_with_a_fresh_confirmation() {
        open(0);
        assertThat(machine.decide(0, false, TIMING.refreshNanos(), 0).action()).isEqualTo(Action.WAIT);
        long later = TIMING.refreshNanos() + 10 * MILLI;
        assertThat(act(later, later + MILLI, true)).isEqualTo(Action.PROLONG);
    }

    @Test
    void lets_go_when_the_gate_is_gone() {
        open(0);
        long later = TIMING.refreshNanos();
        assertThat(act(later, later, false)).isEqualTo(Action.PROLONG);
        assertThat(act(later, later, false)).isEqualTo(Action.ARM);
        assertThat(act(later, later, true)).isEqualTo(Action.LET_GO);
        assertThat(machine.loss()).isEqualTo(Loss.GATE_GONE);
    }

    /** Checked at the last fresh instant, called at the last instant that is not refused, twice in a row. */
    private static List<Turn> worstStalls() {
        long late = GateTiming.LATENESS_NANOS / 2;
        return List.of(
                new Turn(0, TIMING.freshNanos() - 1, 0, 0, late, true),
                new Turn(0, 0, T + late - 1, 0, late, false),
                new Turn(0, 0, 0, 0, late, true),
                new Turn(TIMING.refreshNanos(), 0, T + late - 1, 0, late, true),
                new Turn(0, 0, T + late, 0, late, true),
                new Turn(0, 0, T + late, 0, late, true));
    }

    @Test
    void the_worst_stalls_twice_in_a_row_stay_within_the_lease() {
        assertThat(GateMachineProperties.worstMargin(worstStalls(), false)).isNotNegative();
    }

    @Test
    void a_gate_that_renews_blindly_is_caught() {
        List<Turn> stall = List.of(
                new Turn(0, 0, 0, 0, 0, true),
                new Turn(0, 0, 0, 0, 0, true),
                new Turn(TIMING.refreshNanos(), 0, 1_000 * MILLI, 0, 0, true));
        assertThat(GateMachineProperties.worstMargin(stall, true)).isNegative();
        assertThat(GateMachineProperties.worstMargin(stall, false)).isNotNegative();
    }

    private void open(long now) {
        act(now, now, true);
        act(now, now, true);
    }

    private Action act(long confirmed, long now, boolean accepted) {
        Action action = machine.decide(confirmed, true, now, 0).action();
        if (action != Action.WAIT && action != Action.LET_GO) {
            machine.done(action, accepted);
        }
        return action;
    }
}
