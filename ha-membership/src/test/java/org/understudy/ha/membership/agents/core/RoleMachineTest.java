package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.agents.core.RoleMachine.Step;

class RoleMachineTest {
    private final RoleMachine machine = new RoleMachine(true);

    @Test
    void of_an_unknown_role_it_is_asked_first() {
        machine.stopping();
        assertThat(machine.next()).isEqualTo(Step.LOOK);
        machine.found(Finding.running());
        assertThat(machine.next()).isEqualTo(Step.STOP);
        stopped(OcfExit.SUCCESS);
        assertThat(machine.next()).isEqualTo(Step.LOOK);
        machine.found(Finding.stopped(""));
        assertThat(machine.next()).isEqualTo(Step.DONE);
        assertThat(machine.role()).isEqualTo(Role.STOPPED);
    }

    @Test
    void what_is_promoted_is_demoted_before_it_is_stopped() {
        done(OcfAction.START, OcfExit.SUCCESS);
        done(OcfAction.PROMOTE, OcfExit.SUCCESS);
        machine.stopping();
        assertThat(machine.next()).isEqualTo(Step.DEMOTE);
        done(OcfAction.DEMOTE, OcfExit.SUCCESS);
        assertThat(machine.role()).isEqualTo(Role.UNPROMOTED);
        assertThat(machine.next()).isEqualTo(Step.STOP);
    }

    @Test
    void a_demote_that_fails_is_no_reason_not_to_stop_and_is_not_repeated() {
        done(OcfAction.PROMOTE, OcfExit.SUCCESS);
        machine.stopping();
        assertThat(machine.next()).isEqualTo(Step.DEMOTE);
        done(OcfAction.DEMOTE, OcfExit.FAILED_PROMOTED);
        assertThat(machine.role()).isEqualTo(Role.PROMOTED);
        assertThat(machine.next()).isEqualTo(Step.STOP);
    }

    @Test
    void a_stop_that_finds_it_promoted_is_followed_by_a_demote_and_one_more_stop() {
        done(OcfAction.START, OcfExit.SUCCESS);
        machine.stopping();
        assertThat(machine.next()).isEqualTo(Step.STOP);
        stopped(OcfExit.RUNNING_PROMOTED);
        assertThat(machine.next()).isEqualTo(Step.DEMOTE);
        done(OcfAction.DEMOTE, OcfExit.SUCCESS);
        assertThat(machine.next()).isEqualTo(Step.STOP);
        stopped(OcfExit.RUNNING_PROMOTED);
        assertThat(machine.next()).isEqualTo(Step.DOUBT);
    }

    @Test
    void a_stop_that_lies_is_in_doubt() {
        RoleMachine simple = new RoleMachine(false);
        simple.stopping();
        assertThat(simple.next()).isEqualTo(Step.STOP);
        simple.began();
        simple.ended(OcfAction.STOP, OcfExit.SUCCESS);
        assertThat(simple.next()).isEqualTo(Step.LOOK);
        simple.found(Finding.running());
        assertThat(simple.next()).isEqualTo(Step.DOUBT);
    }

    @Test
    void a_stop_that_fails_is_in_doubt_although_nothing_was_seen() {
        RoleMachine simple = new RoleMachine(false);
        simple.stopping();
        assertThat(simple.next()).isEqualTo(Step.STOP);
        simple.began();
        simple.ended(OcfAction.STOP, OcfExit.GENERIC);
        assertThat(simple.next()).isEqualTo(Step.DOUBT);
    }

    @Test
    void what_has_begun_and_not_ended_may_be_anything() {
        done(OcfAction.START, OcfExit.SUCCESS);
        machine.began();
        assertThat(machine.role()).isEqualTo(Role.UNKNOWN);
    }

    private void done(OcfAction action, OcfExit exit) {
        machine.began();
        machine.ended(action, exit);
    }

    private void stopped(OcfExit exit) {
        done(OcfAction.STOP, exit);
    }
}
