package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlanTest {

    @Test
    void the_same_seed_draws_the_same_plan_and_another_seed_another() {
        assertThat(Plan.draw(1, 5, 3, 4)).isEqualTo(Plan.draw(1, 5, 3, 4));
        assertThat(Plan.draw(1, 5, 3, 4)).isNotEqualTo(Plan.draw(2, 5, 3, 4));
        assertThat(Plan.draw(1, 5, 3, 4)).isNotEqualTo(Plan.draw(1, 6, 3, 4));
    }

    @Test
    void every_kind_and_every_shape_is_drawn() {
        Set<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
        Set<Plan.Shape> shapes = EnumSet.noneOf(Plan.Shape.class);
        for (int episode = 1; episode <= 200; episode++) {
            Plan plan = Plan.draw(1, episode, 5, 4);
            shapes.add(plan.shape());
            plan.steps().forEach(step -> kinds.add(step.kind()));
            assertThat(plan.steps()).hasSize(plan.shape() == Plan.Shape.ONE ? 1 : 2);
        }
        assertThat(kinds).containsExactlyInAnyOrder(FaultKind.values());
        assertThat(shapes).containsExactlyInAnyOrder(Plan.Shape.values());
    }

    @Test
    void a_long_pause_outlasts_a_lease_and_a_short_one_does_not() {
        for (int episode = 1; episode <= 500; episode++) {
            for (Plan.Step step : Plan.draw(3, episode, 3, 4).steps()) {
                if (step.kind() == FaultKind.PAUSE) {
                    assertThat(step.millis()).isGreaterThan(1000);
                } else if (step.kind() == FaultKind.PAUSE_SHORT) {
                    assertThat(step.millis()).isLessThan(1000);
                }
            }
        }
    }
}
