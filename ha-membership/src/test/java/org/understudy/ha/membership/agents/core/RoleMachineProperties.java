package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.membership.agents.core.RoleMachine.Step;

class RoleMachineProperties {

    /** What an agent does when it is called, whatever it was before: it answers with any status and is then in any role. */
    @Property
    void whatever_an_agent_answers_stopping_ends_and_done_means_that_both_stop_and_a_look_after_it_said_so(
            @ForAll boolean isPromotable,
            @ForAll @Size(max = 4) List<OcfExit> before,
            @ForAll @Size(12) List<OcfExit> answers) {
        RoleMachine machine = new RoleMachine(isPromotable);
        for (OcfExit exit : before) {
            machine.began();
            machine.ended(exit.ordinal() % 2 == 0 ? OcfAction.START : OcfAction.PROMOTE, exit);
        }
        machine.stopping();
        int asked = 0;
        int demotes = 0;
        int stops = 0;
        boolean isStopSaid = false;
        boolean isSeen = false;
        Step step = machine.next();
        while (step != Step.DONE && step != Step.DOUBT) {
            OcfExit exit = answers.get(asked++);
            switch (step) {
                case LOOK -> {
                    machine.found(exit.finding("told"));
                    isSeen = exit == OcfExit.NOT_RUNNING;
                }
                case DEMOTE -> {
                    demotes++;
                    machine.began();
                    machine.ended(OcfAction.DEMOTE, exit);
                    isSeen = false;
                }
                default -> {
                    stops++;
                    machine.began();
                    machine.ended(OcfAction.STOP, exit);
                    isStopSaid = exit == OcfExit.SUCCESS || exit == OcfExit.NOT_RUNNING;
                    isSeen = false;
                }
            }
            step = machine.next();
        }
        assertThat(stops).isBetween(1, 2);
        assertThat(demotes).isLessThanOrEqualTo(isPromotable ? 1 : 0);
        assertThat(asked).isLessThanOrEqualTo(6);
        assertThat(step == Step.DONE).isEqualTo(isStopSaid && isSeen);
    }

    /** An agent as the API wants it, in any role, which nobody told the machine. */
    @Property
    void a_good_agent_is_stopped_from_every_role_without_a_wrong_call(
            @ForAll @IntRange(min = 0, max = 2) int role, @ForAll boolean isKnown) {
        int[] is = {role};
        RoleMachine machine = new RoleMachine(true);
        if (isKnown) {
            machine.found(look(is[0]).finding("told"));
        }
        machine.stopping();
        for (Step step = machine.next(); step != Step.DONE; step = machine.next()) {
            switch (step) {
                case LOOK -> machine.found(look(is[0]).finding("told"));
                case DEMOTE -> {
                    assertThat(is[0]).isEqualTo(2);
                    is[0] = 1;
                    machine.began();
                    machine.ended(OcfAction.DEMOTE, OcfExit.SUCCESS);
                }
                case STOP -> {
                    assertThat(is[0])
                            .as("a stop of a promoted one is refused by some")
                            .isNotEqualTo(2);
                    is[0] = 0;
                    machine.began();
                    machine.ended(OcfAction.STOP, OcfExit.SUCCESS);
                }
                default -> throw new AssertionError(step);
            }
        }
        assertThat(is[0]).isZero();
    }

    private static OcfExit look(int role) {
        return List.of(OcfExit.NOT_RUNNING, OcfExit.SUCCESS, OcfExit.RUNNING_PROMOTED)
                .get(role);
    }
}
