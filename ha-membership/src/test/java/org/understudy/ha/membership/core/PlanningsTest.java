package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.withSession;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.plan.Answers.Answer;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Rules;

class PlanningsTest {

    private static final PlacementPolicy B_FIRST = new PlacementPolicy() {
        @Override
        public String name() {
            return "b-first";
        }

        @Override
        public List<NodeId> rank(String group, Snapshot snapshot) {
            return List.of(B, A);
        }
    };

    private final TreeSet<Incarnation> leaves = new TreeSet<>();
    private final TreeMap<NodeId, Admission> joins = new TreeMap<>();

    @Test
    void the_last_four_plannings_are_kept() {
        Plannings plannings = new Plannings(List.of());
        for (int round = 1; round <= 5; round++) {
            plannings.plan(ballot(round), Records.numbered(Records.empty(), round), facts(plannings));
        }

        assertThat(plannings.of(ballot(1))).isEmpty();
        assertThat(plannings.of(ballot(2)).orElseThrow().base().number()).isEqualTo(2);
        assertThat(plannings.of(ballot(5)).orElseThrow().ballot()).isEqualTo(ballot(5));
    }

    @Test
    void what_is_kept_does_not_change_with_what_the_node_hears_next() {
        Plannings plannings = new Plannings(List.of());
        joins.put(A, new Admission(1, "disk-a", HostIdentity.UNKNOWN, "", 0));
        Plan plan = plannings.plan(ballot(1), Records.empty(), facts(plannings));
        assertThat(plan.record().sessions()).containsOnlyKeys(A);

        joins.clear();
        leaves.add(A1);

        assertThat(plannings.of(ballot(1)).orElseThrow().facts().joins()).containsOnlyKeys(A);
        assertThat(plannings.of(ballot(1)).orElseThrow().facts().leaves()).isEmpty();
    }

    @Test
    void answers_of_an_applications_policies_are_kept() {
        Plannings plannings = new Plannings(List.of(B_FIRST));
        assertThat(plannings.policies()).containsOnlyKeys("b-first", "pack", "spread");

        Plan plan = plannings.plan(ballot(1), offered(), facts(plannings));

        assertThat(plan.record().grant("web").orElseThrow().holder()).isEqualTo(B1);
        assertThat(plannings.of(ballot(1)).orElseThrow().answers())
                .containsOnly(new Answer("b-first", "web", List.of(B, A), ""));
    }

    /** All nodes offer a group that is placed by the policy. */
    private static ClusterRecord offered() {
        Rules rules = Rules.of(Placement.rules().policy("b-first").build());
        SortedMap<String, Candidacy> offer =
                new TreeMap<>(Map.of("web", Records.candidacy(true).withRules(rules.digest())));
        return Records.withGroup(
                withSession(withSession(withSession(Records.empty(), A1, offer), B1, offer), C1, offer),
                "web",
                GroupRecord.NEW.withRules(rules));
    }

    private Facts facts(Plannings plannings) {
        return new Facts(
                joins,
                new TreeMap<>(),
                new TreeMap<>(),
                leaves,
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeSet<>(List.of(A, B, C)),
                0,
                List.of(),
                new TreeSet<>(),
                true,
                new TreeMap<>(),
                plannings.policies());
    }
}
