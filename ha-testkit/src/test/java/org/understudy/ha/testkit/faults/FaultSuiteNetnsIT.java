package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.testkit.netns.InNamespaces;

/** A slice of the fault suite for every build; {@code ./check faults --count 1000} is the long run. */
@InNamespaces
@Timeout(400)
class FaultSuiteNetnsIT {

    @Test
    void three_nodes_stay_one_owner_under_real_faults() {
        play(3, 20, 33);
    }

    @Test
    void five_nodes_stay_one_owner_under_real_faults() {
        play(5, 5, 175);
    }

    private static void play(int nodes, int count, long seed) {
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        Arguments arguments = new Arguments(count, nodes, seed, 0, false, Path.of("target", "faults"));
        Director director = new Director(arguments, scratch, System.out);
        director.play();
        System.out.println(director.tally().table());
        assertThat(director.failures()).isEmpty();
        assertThat(director.tally().vacuous()).isEmpty();
        assertThat(director.tally().failed()).isZero();
        assertThat(director.tally().injected()).isGreaterThanOrEqualTo(count);
    }
}
