package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

/**
 * What load alone must not cost: five seconds of a hung or slow disk, of a slow peer, of a busy owner end no lease and move no group. On a
 * network and disks with constant times, so that nothing else can.
 */
@Tag("simulated")
class UnderLoadTest {

    private static final int GROUPS = 4;
    private static final int SEEDS = 5;

    @ParameterizedTest
    @CsvSource({
        "HUNG_DISK, 0",
        "HUNG_DISK, 1",
        "HUNG_DISK, 2",
        "SLOW_DISK, 0",
        "SLOW_DISK, 1",
        "SLOW_DISK, 2",
        "SLOW_OUTBOUND, 2",
        "SLOW_INBOUND, 2",
        "BUSY, 0",
        "BUSY, 1",
        "BUSY, 2"
    })
    void a_loaded_node_keeps_what_it_runs(Kind kind, int node) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            RunReport report = play(seed, List.of(fault(kind, node, 5_000, seed)));

            assertThat(report.counts().get("starts")).as("seed %d", seed).isEqualTo(GROUPS);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "2, 1"})
    void a_hung_disk_does_not_delay_what_the_other_two_decide(int hung, int leaver) {
        assertThat(gapsAfter(Kind.LEAVE, Kind.HUNG_DISK, List.of(hung), leaver))
                .allMatch(gap -> gap < 10 * World.MILLI);
    }

    /** Node 0 is the controller: whoever is next waits a while before it takes its place. */
    @Test
    void a_hung_disk_of_the_controller_delays_a_takeover_until_another_node_leads() {
        assertThat(gapsAfter(Kind.LEAVE, Kind.HUNG_DISK, List.of(0), 1)).allMatch(gap -> gap < 2_500 * World.MILLI);
    }

    /** A write on all disks takes longer than a round has at first, for longer than the owner is away. */
    @Test
    void slow_disks_everywhere_delay_a_takeover_and_do_not_prevent_it() {
        List<Integer> everywhere = List.of(0, 1, 2);

        assertThat(gapsAfter(Kind.POWER_OFF, Kind.LAME_DISK, everywhere, 1)).allMatch(gap -> gap < 5_000 * World.MILLI);
    }

    private static List<Long> gapsAfter(Kind end, Kind load, List<Integer> loaded, int victim) {
        List<Long> gaps = new ArrayList<>();
        for (int seed = 1; seed <= SEEDS; seed++) {
            List<Fault> faults = new ArrayList<>();
            for (int node : loaded) {
                faults.add(fault(load, node, 35_000, seed));
            }
            faults.add(new Fault(5_500 * World.MILLI, end, victim, 2, 0, 30_000 * World.MILLI, seed));
            gaps.addAll(play(seed, faults).gapsNanos());
        }
        assertThat(gaps).as("nobody acted for a moment").isNotEmpty();
        return gaps;
    }

    private static Fault fault(Kind kind, int node, long millis, long luck) {
        return new Fault(5_000 * World.MILLI, kind, node, (node + 1) % 3, 0, millis * World.MILLI, luck * 1_237);
    }

    private static RunReport play(long seed, List<Fault> faults) {
        RunReport report =
                new World(seed, WorldOptions.standard().with(Traits.PLAIN).scripted(faults)).run();
        assertThat(report.violation()).isEmpty();
        return report;
    }
}
