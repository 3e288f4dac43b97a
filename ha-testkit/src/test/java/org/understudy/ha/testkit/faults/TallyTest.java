package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;

class TallyTest {
    private final Tally tally = new Tally();

    @Test
    void counts_faults_and_takes_median_and_worst() {
        tally.injected("kill", 1, true);
        tally.injected("kill", 2, false);
        tally.tookOver("kill", 10_000_000, Optional.of(ProofKind.DIED));
        tally.tookOver("kill", 30_000_000, Optional.of(ProofKind.DIED));
        tally.tookOver("kill", 20_000_000, Optional.empty());
        tally.operations(1000, 1000);
        tally.judged(List.of(), 0, 0);
        assertThat(tally.injected()).isEqualTo(3);
        assertThat(tally.atOwner()).isEqualTo(1);
        assertThat(tally.table()).contains("20.0").contains("30.0").contains("DIED=2");
        assertThat(tally.json(5, 3, 1, 0)).contains("\"median_ms\":20.0").contains("\"failed\":0");
        assertThat(tally.vacuous()).isEmpty();
    }

    @Test
    void a_run_that_hit_no_owner_proves_too_little() {
        tally.injected("kill", 3, false);
        tally.operations(1000, 1000);
        tally.judged(List.of(), 0, 0);
        assertThat(tally.vacuous()).singleElement().asString().contains("hit an owner");
    }

    @Test
    void of_a_slice_one_takeover_is_enough_and_of_a_run_it_is_not() {
        for (int fault = 0; fault < 5; fault++) {
            tally.injected("kill", 1, true);
        }
        tally.tookOver("kill", 1, Optional.of(ProofKind.EXPIRED));
        tally.operations(1000, 1000);
        tally.judged(List.of(), 0, 0);
        assertThat(tally.vacuous()).isEmpty();

        for (int fault = 0; fault < 15; fault++) {
            tally.injected("kill", 1, false);
        }
        assertThat(tally.vacuous()).hasSize(2);
        assertThat(tally.vacuous().get(0)).contains("wanted a third");
        assertThat(tally.vacuous().get(1)).contains("wanted a quarter");
    }

    @Test
    void a_run_in_which_clients_did_nothing_proves_too_little() {
        tally.injected("kill", 1, true);
        tally.tookOver("kill", 1, Optional.of(ProofKind.DIED));
        tally.operations(1000, 3);
        tally.judged(List.of(), 0, 0);
        assertThat(tally.vacuous()).singleElement().asString().contains("3 answers");
    }

    @Test
    void a_long_run_without_a_kind_proves_too_little() {
        for (int episode = 0; episode < 100; episode++) {
            tally.injected("kill", 1, true);
            tally.tookOver("kill", 1, Optional.of(ProofKind.DIED));
            tally.operations(1000, 1000);
            tally.foretold(true, List.of(ForesightChecker.Verdict.HELD, ForesightChecker.Verdict.NOT_TOLD));
            tally.judged(List.of(), 0, 0);
        }
        assertThat(tally.vacuous()).hasSize(FaultKind.values().length - 1);
        assertThat(tally.table()).contains("100 sentences compared, 100 held");
    }

    @Test
    void a_run_whose_sentences_were_not_compared_proves_too_little() {
        for (int episode = 0; episode < 20; episode++) {
            tally.injected("kill", 1, true);
            tally.tookOver("kill", 1, Optional.of(ProofKind.DIED));
            tally.operations(1000, 1000);
            tally.foretold(episode > 5, List.of(ForesightChecker.Verdict.NOT_TOLD));
            tally.judged(List.of(), 0, 0);
        }
        assertThat(tally.vacuous())
                .anySatisfy(s -> assertThat(s).contains("in 6 of 20 episodes no node said"))
                .anySatisfy(s -> assertThat(s).contains("only 0 sentences"));
    }

    @Test
    void a_time_above_nothing_is_never_shown_as_nothing() {
        assertThat(Tally.millis(0)).isEqualTo("0");
        assertThat(Tally.millis(1)).isNotEqualTo("0").isNotEqualTo("0.000");
    }
}
