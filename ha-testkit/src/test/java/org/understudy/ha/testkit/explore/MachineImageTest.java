package org.understudy.ha.testkit.explore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Ballot;

class MachineImageTest {

    private final MachineImage image = new MachineImage();
    private final Setup setup = Bound.TAKEOVER.setup();
    private final Local local = new LocalSteps(setup, image).begin(0).local();

    @Test
    void a_copy_is_in_the_same_state_and_lives_its_own_life() {
        NodeMachine original = local.machine();
        Words.Key before = key(original);

        NodeMachine copy = image.copy(original);
        assertThat(key(copy)).isEqualTo(before);

        Input prepare = new Input.Received(setup.nodes.get(1), new Message.Prepare(new Ballot(9, "b/1"), false));
        copy.handle(setup.nanos(0), prepare);
        assertThat(key(copy)).isNotEqualTo(before);
        assertThat(key(original)).isEqualTo(before);

        original.handle(setup.nanos(0), prepare);
        assertThat(key(original)).isEqualTo(key(copy));
    }

    @Test
    void time_alone_makes_another_state() {
        NodeMachine copy = image.copy(local.machine());
        copy.handle(setup.nanos(1), new Input.Tick());

        assertThat(key(copy)).isNotEqualTo(key(local.machine()));
    }

    @Test
    void equal_values_have_equal_numbers() {
        assertThat(image.number(List.of("a"))).isEqualTo(image.number(List.of("a")));
        assertThat(image.number(List.of("a"))).isNotEqualTo(image.number(List.of("b")));
    }

    private Words.Key key(NodeMachine machine) {
        Words words = new Words();
        image.write(machine, words);
        return words.key();
    }
}
