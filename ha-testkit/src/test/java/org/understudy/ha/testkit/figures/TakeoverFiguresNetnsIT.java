package org.understudy.ha.testkit.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.testkit.netns.InNamespaces;

/** The laboratory of the figures with our nodes: each fault once, no time judged. */
@InNamespaces
@Timeout(150)
class TakeoverFiguresNetnsIT {

    @Test
    void each_fault_is_seen_by_the_client_and_the_old_host_falls_silent_without_a_second_owner() {
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        Map<TakeoverFault, TakeoverRuns> shown;
        try (TakeoverLab lab = new TakeoverLab(scratch);
                Contender contender = new UnderstudyContender(lab.lab(), scratch)) {
            shown = lab.play(contender, fault -> 1);
        }
        assertThat(shown.keySet()).isEqualTo(Set.of(TakeoverFault.values()));
        shown.forEach((fault, runs) -> {
            assertThat(runs.gap4().worstNanos()).as(fault.words()).isPositive();
            assertThat(runs.gap6().worstNanos()).as(fault.words()).isPositive();
            assertThat(runs.arp().isWorstBound()).as(fault.words()).isFalse();
            assertThat(runs.discovery().isWorstBound()).as(fault.words()).isFalse();
            assertThat(runs.doubles().worstNanos()).as(fault.words()).isZero();
            assertThat(runs.resets().size()).as(fault.words()).isEqualTo(fault.hasIdleClients() ? 1 : 0);
        });
        assertThat(Timeline.of(shown.get(TakeoverFault.MOVE).instants()).text()).hasSize(16);
    }
}
