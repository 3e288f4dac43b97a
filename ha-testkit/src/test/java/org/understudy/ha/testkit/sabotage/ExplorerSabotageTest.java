package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The explorer sees planted bugs too, in bounds that are clean without them. */
@Tag("simulated")
@Execution(ExecutionMode.CONCURRENT)
class ExplorerSabotageTest {

    @ParameterizedTest
    @CsvSource({
        "round-without-majority, two-proposers",
        "accepts-below-promise, two-proposers",
        "promise-forgotten-at-restart, restart-of-an-acceptor",
        "votes-before-disk, restart-of-an-acceptor",
        "older-disk-votes-at-once, older-disk",
        "recovery-forgotten-at-restart, older-disk-restarted",
        "dropped-without-proof, removal-against-renewal",
        "next-promise-not-written, going-on",
        "goes-on-above-a-rival, going-on",
        "goes-on-after-a-change-of-voters, joint-set",
        "lease-without-majority, removal-against-renewal",
        "voters-change-without-overlap, joint-set",
        "accepted-before-its-release, handed-out",
        "learned-from-one-acceptance, handed-out",
        "handed-out-ballot-used-again, handed-out-and-overtaken"
    })
    @Timeout(300)
    void a_planted_bug_is_found_by_exploring(String name, String bound) {
        PlantedBug bug = PlantedBug.all().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();

        Examination result = Examination.ofTheSick(bug.playedBy("explore " + bound), PatchedClasses.checkout());

        assertThat(result.seen()).as("%s in %s", name, bound).isPresent();
        assertThat(result.seen().get()).as(result.detail()).isIn(bug.checkers());
        assertThat(result.detail()).as("the way to it").contains("\nstep ");
    }
}
