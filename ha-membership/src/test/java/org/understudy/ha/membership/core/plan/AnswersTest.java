package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.History.Replay;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

class AnswersTest {

    private static final NodeId A = NodeId.of("a");
    private static final NodeId C = NodeId.of("c");

    private boolean isLate;
    private final PlacementPolicy lastFirst = new PlacementPolicy() {
        @Override
        public String name() {
            return "last-first";
        }

        @Override
        public List<NodeId> rank(String group, Snapshot snapshot) {
            if (isLate) {
                throw new IllegalStateException("it was late a while ago");
            }
            return List.of(C, A);
        }
    };

    @Test
    void what_was_decided_while_a_policy_was_late_comes_out_the_same_again() {
        for (boolean late : List.of(true, false)) {
            isLate = late;
            Play play = new Play(List.of("a", "b", "c"));
            play.register(
                    "files", List.of(), Placement.rules().policy("last-first").build());
            play.offer();
            ClusterRecord base = play.record();
            Answers answers = new Answers();
            Facts facts = play.facts().withPolicies(answers.noting(policies()));

            Plan plan = Planner.plan(base, facts);

            assertThat(plan.record().grant("files").orElseThrow().holder().node())
                    .isEqualTo(late ? A : C);
            isLate = !late;
            KeptPlan kept = new KeptPlan(1, 1, Ballot.NONE, base, play.facts(), answers.all(), plan.record());
            assertThat(kept.replay().outcome()).isEqualTo(Replay.Outcome.SAME);
        }
    }

    @Test
    void a_policy_that_is_asked_something_else_fails_as_a_late_one_does() {
        SortedMap<String, PlacementPolicy> again =
                Answers.again(List.of(new Answers.Answer("last-first", "files", List.of(C), "")));
        PlacementPolicy.Snapshot nothing =
                new PlacementPolicy.Snapshot(Placement.NONE, java.util.Optional.empty(), List.of());

        assertThat(again).containsOnlyKeys("last-first", "pack", "spread");
        assertThatThrownBy(() -> again.get("last-first").rank("mail", nothing)).hasMessageContaining("not asked");
        assertThat(again.get("last-first").rank("files", nothing)).containsExactly(C);
        assertThatThrownBy(() -> again.get("last-first").rank("files", nothing)).hasMessageContaining("not asked");
    }

    @Test
    void policies_that_every_node_has_are_not_noted() {
        Answers answers = new Answers();
        SortedMap<String, PlacementPolicy> noted = answers.noting(policies());

        assertThat(noted.get("spread")).isSameAs(policies().get("spread"));
        assertThat(new TreeSet<>(noted.keySet())).isEqualTo(new TreeMap<>(policies()).keySet());
    }

    private SortedMap<String, PlacementPolicy> policies() {
        return new TreeMap<>(Map.copyOf(Policies.with(List.of(lastFirst))));
    }
}
