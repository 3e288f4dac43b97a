package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.testkit.sim.Fault.Kind;

/**
 * How long nobody acts after a fault, in simulated time on a network of 0.15 ms one way, disks of 1 ms, a guardian that needs
 * 1 ms, and starts and stops of 0.05 ms. These are properties of the algorithm, not of a machine.
 */
@Tag("simulated")
class TakeoverTimeTest {

    private static final double LEASE_MILLIS = Timing.standard().acceptorNanos() / 1e6;

    @ParameterizedTest
    @CsvSource({"CRASH, 0", "CRASH, 1"})
    void a_proved_death_costs_two_round_trips_and_two_writes(Kind kind, int victim) {
        List<Double> gaps = gaps(kind, victim);

        assertThat(Collections.max(gaps)).isLessThanOrEqualTo(1 + 0.15 + 2 * 0.3 + 2 + 0.1);
    }

    @ParameterizedTest
    @CsvSource({"LEAVE, 0", "LEAVE, 1"})
    void a_planned_leave_costs_a_few_milliseconds(Kind kind, int victim) {
        assertThat(Collections.max(gaps(kind, victim))).isLessThanOrEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({"PAUSE, 0", "PAUSE, 1", "POWER_OFF, 0", "POWER_OFF, 1", "ISOLATE, 0", "ISOLATE, 1"})
    void what_must_be_waited_out_costs_the_acceptors_lease_and_a_few_milliseconds(Kind kind, int victim) {
        List<Double> gaps = gaps(kind, victim);

        assertThat(Collections.max(gaps)).isLessThanOrEqualTo(LEASE_MILLIS + 5);
    }

    /** The controller is node 0. */
    private static List<Double> gaps(Kind kind, int victim) {
        List<Double> gaps = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Fault fault = new Fault(
                    5_000 * World.MILLI + i * 2_700_000L,
                    kind,
                    victim,
                    1 - victim,
                    0,
                    3_000 * World.MILLI,
                    1234 + i * 7);
            RunReport report = new World(i + 1, WorldOptions.standard().scripted(List.of(fault))).run();
            assertThat(report.violation()).isEmpty();
            report.gapsNanos().forEach(gap -> gaps.add(gap / 1e6));
        }
        assertThat(gaps).as("faults that hit an owner").hasSizeGreaterThanOrEqualTo(40);
        return gaps;
    }
}
