package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.DeadlineMachine.Action;
import org.understudy.ha.iptakeover.core.DeadlineMachine.Decision;

class DeadlineMachineTest {
    private static final long LENGTH = 1000;

    private final DeadlineMachine machine = new DeadlineMachine(LENGTH);

    @Test
    void a_confirmation_is_written_once_as_the_end_of_its_lease() {
        Decision first = machine.decide(5000, true, 5100);
        assertThat(first).isEqualTo(new Decision(Action.WRITE, 6000));
        machine.done(first, true, 5101);
        assertThat(machine.decide(5000, true, 5150).action()).isEqualTo(Action.WAIT);
        assertThat(machine.decide(5120, true, 5150)).isEqualTo(new Decision(Action.WRITE, 6120));
        assertThat(machine.isOpen(5999)).isTrue();
        assertThat(machine.isOpen(6000)).isFalse();
    }

    @Test
    void what_was_decided_and_not_written_is_decided_again() {
        machine.decide(5000, true, 5100);
        assertThat(machine.decide(5000, true, 5100).action()).isEqualTo(Action.WRITE);
    }

    @Test
    void in_doubt_and_with_a_confirmation_from_the_future_nothing_is_written() {
        assertThat(machine.decide(5000, false, 5100).action()).isEqualTo(Action.WAIT);
        assertThat(machine.decide(5000, true, 4999).action()).isEqualTo(Action.WAIT);
        assertThat(machine.isOpen(5000)).isFalse();
    }

    @Test
    void the_end_of_the_lease_is_final() {
        assertThat(machine.decide(5000, true, 6000).action()).isEqualTo(Action.LET_GO);
        assertThat(machine.loss()).isEqualTo(GateMachine.Loss.LEASE_OVER);
        assertThat(machine.decide(6000, true, 6001).action()).isEqualTo(Action.LET_GO);
    }

    @Test
    void a_refusal_means_that_the_gate_is_gone() {
        Decision decision = machine.decide(5000, true, 5100);
        machine.done(decision, false, 5100);
        assertThat(machine.loss()).isEqualTo(GateMachine.Loss.GATE_GONE);
        assertThat(machine.decide(5050, true, 5100).action()).isEqualTo(Action.LET_GO);
        assertThat(machine.isOpen(5100)).isFalse();
    }

    @Test
    void a_deadline_that_comes_after_the_one_before_has_passed_is_a_reopening() {
        machine.done(machine.decide(5000, true, 5000), true, 5000);
        machine.done(machine.decide(5500, true, 5999), true, 5999);
        assertThat(machine.reopenings()).isZero();
        machine.done(machine.decide(6400, true, 6490), true, 6500);
        assertThat(machine.reopenings()).isEqualTo(1);
        assertThat(machine.isOpen(6501)).isTrue();
    }
}
