package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.Violation.Checker;

/** Each planted bug is seen by a named checker within a bounded number of seeds, and the same seeds are clean without it. */
class SabotageTest {

    private static final int SEEDS_MAX = 1000;

    static List<Arguments> bugs() {
        return List.of(
                bug(
                        Sabotage.FORGETFUL_DISK,
                        List.of(
                                Checker.ACKNOWLEDGED_IS_DURABLE,
                                Checker.PROOF_COMMITTED,
                                Checker.ONE_CHAIN,
                                Checker.ONE_RECORD_PER_BALLOT),
                        Kind.CRASH,
                        Kind.BLACKOUT,
                        Kind.MOVE),
                bug(
                        Sabotage.EFFECTS_BEFORE_DURABLE,
                        List.of(
                                Checker.ACKNOWLEDGED_IS_DURABLE,
                                Checker.PROOF_COMMITTED,
                                Checker.ONE_CHAIN,
                                Checker.ONE_RECORD_PER_BALLOT),
                        Kind.SLOW_DISK,
                        Kind.CRASH,
                        Kind.BLACKOUT,
                        Kind.MOVE,
                        Kind.LEAVE),
                bug(
                        Sabotage.LEASE_FROM_ACKNOWLEDGEMENT,
                        List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER),
                        Kind.SLOW_INBOUND,
                        Kind.MUTE),
                bug(
                        Sabotage.BLIND_RENEWAL,
                        List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER),
                        Kind.MUTE,
                        Kind.ISOLATE,
                        Kind.CUT_PAIR),
                bug(
                        Sabotage.WILL_OF_ANOTHER_LIFE,
                        List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER),
                        Kind.LATE_WILL,
                        Kind.FORGED_WILL,
                        Kind.CRASH),
                bug(Sabotage.START_AFTER_RELEASE, List.of(Checker.RELEASED_STAYS, Checker.TOKENS_GROW), Kind.MOVE),
                bug(
                        Sabotage.CLOCKS_BEYOND_BOUND,
                        List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER),
                        Kind.PAUSE,
                        Kind.ISOLATE),
                bug(Sabotage.LYING_GUARDIAN, List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER), Kind.CRASH));
    }

    private static Arguments bug(Sabotage bug, List<Checker> checkers, Kind... faults) {
        return Arguments.of(bug, checkers, faults);
    }

    @ParameterizedTest
    @MethodSource("bugs")
    @Timeout(120)
    void a_planted_bug_is_seen_and_the_same_seed_without_it_is_clean(
            Sabotage bug, List<Checker> checkers, Kind[] faults) {
        WorldOptions clean = WorldOptions.standard().only(faults);
        Optional<Violation> seen = Optional.empty();
        long seed = 0;
        while (seen.isEmpty() && seed < SEEDS_MAX) {
            seed++;
            seen = new World(seed, clean.withSabotage(bug)).run().violation();
        }

        assertThat(seen).as(bug + " within " + SEEDS_MAX + " seeds").isPresent();
        assertThat(seen.get().checker()).isIn(checkers);
        if (bug != Sabotage.CLOCKS_BEYOND_BOUND) {
            assertThat(new World(seed, clean).run().violation()).isEmpty();
        }
    }
}
