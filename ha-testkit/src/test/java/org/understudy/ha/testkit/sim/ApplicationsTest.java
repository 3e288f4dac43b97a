package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Names, barriers and the ladder in worlds where much else goes wrong. */
class ApplicationsTest {

    private static final int SEEDS = Integer.getInteger("sim.applications", 40);

    @Test
    void names_have_one_owner_and_barriers_and_the_ladder_hold_whatever_goes_wrong() {
        WorldOptions options = WorldOptions.standard()
                .only(
                        Fault.Kind.NAME,
                        Fault.Kind.NAME,
                        Fault.Kind.BARRIER,
                        Fault.Kind.BARRIER,
                        Fault.Kind.BARRIER,
                        Fault.Kind.LADDER,
                        Fault.Kind.CRASH,
                        Fault.Kind.CRASH_UNSEEN,
                        Fault.Kind.PAUSE,
                        Fault.Kind.ISOLATE,
                        Fault.Kind.SLOW_NETWORK,
                        Fault.Kind.LOSS,
                        Fault.Kind.MAJORITY_LOST,
                        Fault.Kind.LEAVE);
        TreeMap<String, Long> counts = new TreeMap<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            RunReport report = new World(seed, options).run();
            assertThat(report.violation()).as("seed " + seed).isEmpty();
            report.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
        }
        System.out.println(counts);
        assertThat(counts)
                .containsKeys(
                        "names held",
                        "names refused",
                        "phases PASSED",
                        "phases ABORTED",
                        "rungs climbed",
                        "rungs left",
                        "phases of unknown end");
    }
}
