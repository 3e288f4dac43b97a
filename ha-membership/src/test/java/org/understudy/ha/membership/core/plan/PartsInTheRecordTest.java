package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;
import static org.understudy.ha.membership.core.Records.candidacy;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.granted;
import static org.understudy.ha.membership.core.Records.withGroup;
import static org.understudy.ha.membership.core.Records.withSession;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rules;

/** What the planner makes of copies and promoted roles, which it takes for groups like any other, and of many groups at once. */
class PartsInTheRecordTest {

    private final TreeMap<String, Given> releases = new TreeMap<>();
    private final TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
    private final TreeSet<String> cleared = new TreeSet<>();

    @Test
    void a_node_with_500_groups_is_lost_in_one_write() {
        int groups = 500;
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        ClusterRecord record = empty();
        for (int i = 0; i < groups; i++) {
            offer.put("group-" + i, candidacy(true));
        }
        record = withSession(withSession(withSession(record, A1, offer), B1, offer), C1, new TreeMap<>());
        for (int i = 0; i < groups; i++) {
            record = withGroup(record, "group-" + i, granted(A1, i + 1, true));
        }
        wills.put(A1, List.of());
        Plan plan = plan(record);
        assertThat(plan.record().number()).isEqualTo(record.number() + 1);
        assertThat(plan.record().isLive(A1)).isFalse();
        assertThat(plan.record().groups().values()).allSatisfy(group -> {
            Grant grant = group.grant().orElseThrow();
            assertThat(grant.holder()).isEqualTo(B1);
            assertThat(grant.proof()).isEqualTo(ProofKind.DIED);
        });
        assertThat(plan(plan.record()).isChange()).isFalse();
    }

    @Test
    void the_promoted_role_goes_to_the_best_that_may_in_the_write_that_proves_the_last_one_gone() {
        ClusterRecord record = roles(Map.of(A1, score(900), B1, score(10), C1, score(20)));
        record = withGroup(record, "db!promoted", granted(A1, 5, true));
        assertThat(plan(record).isChange()).as("it stays where it is").isFalse();
        wills.put(A1, List.of());
        assertThat(promoted(plan(record)).holder()).isEqualTo(C1);

        ClusterRecord vetoed =
                roles(Map.of(A1, score(900), B1, score(10), C1, score(20).withEligibility(false, "lags")));
        assertThat(promoted(plan(withGroup(vetoed, "db!promoted", granted(A1, 5, true))))
                        .holder())
                .isEqualTo(B1);
    }

    @Test
    void what_a_copy_leaves_on_its_host_keeps_no_promotion_from_it_but_from_others() {
        Candidacy leaving = score(1, "lock/db");
        ClusterRecord onA = withGroup(roles(Map.of(A1, leaving)), "db#1", granted(A1, 5, true, "lock/db"));
        onA = withGroup(onA, "db!promoted", GroupRecord.NEW);
        assertThat(promoted(plan(onA)).holder()).isEqualTo(A1);
        assertThat(promoted(plan(onA)).remains()).containsExactly("lock/db");

        ClusterRecord onB = withGroup(roles(Map.of(B1, leaving)), "db#1", granted(A1, 5, true, "lock/db"));
        onB = withGroup(onB, "db!promoted", GroupRecord.NEW);
        assertThat(plan(onB).record().grant("db!promoted")).isEmpty();
        ClusterRecord ofAnother = withGroup(roles(Map.of(A1, leaving)), "dc#1", granted(A1, 5, true, "lock/db"));
        ofAnother = withGroup(ofAnother, "db!promoted", GroupRecord.NEW);
        assertThat(plan(ofAnother).record().grant("db!promoted")).isEmpty();
    }

    @Test
    void a_better_score_moves_nothing() {
        ClusterRecord record =
                withGroup(roles(Map.of(A1, score(1), B1, score(2), C1, score(3))), "db!promoted", granted(A1, 5, true));
        assertThat(plan(record).isChange()).isFalse();
        assertThat(Advice.explain(record, "db!promoted", Advice.Beside.NOTHING).sentence())
                .contains("the score of c is higher now (3, here 1)")
                .endsWith("nothing moves by itself");
    }

    @Test
    void whoever_asks_hears_how_the_copies_score_and_nothing_twice() {
        Candidacy there = score(7).withEligibility(false, "copy 2 of it is on this node already");
        ClusterRecord record = withGroup(
                roles(Map.of(A1, score(1), B1, score(2), C1, score(3).withEligibility(false, "lags"))),
                "db!promoted",
                granted(A1, 5, true));
        record = withSession(record, A1, new TreeMap<>(Map.of("db!promoted", score(1), "db#1", there)));
        Rules apart = Rules.of(Placement.NONE.alsoApartFrom("db"));
        record = withGroup(record, "db#1", GroupRecord.NEW.withRules(apart));
        record = withGroup(record, "db#2", granted(A1, 6, true).withRules(apart));

        assertThat(Advice.explain(record, "db!promoted", Advice.Beside.NOTHING).candidates())
                .extracting(each -> each.node() + " " + each.score())
                .containsExactly("a OptionalLong[1]", "b OptionalLong[2]", "c OptionalLong.empty");
        assertThat(Advice.explain(record, "db!promoted", Advice.Beside.NOTHING).sentence())
                .startsWith("db promoted is on a under token 5");
        assertThat(Advice.whyNot(record, "db#1", A, Advice.Beside.NOTHING).sentence())
                .contains("a: copy 2 of it is on this node already")
                .doesNotContain("apart");
    }

    @Test
    void copies_that_prefer_one_node_after_the_other_spread_in_one_write() {
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        offer.put("web#1", preferring(A, B, C));
        offer.put("web#2", preferring(B, C, A));
        offer.put("web#3", preferring(C, A, B));
        ClusterRecord record =
                withSession(withSession(withSession(empty(), A1, offer), B1, offer), C1, new TreeMap<>(offer));
        for (String name : offer.keySet()) {
            record = withGroup(record, name, GroupRecord.NEW);
        }
        ClusterRecord after = plan(record).record();
        assertThat(after.grant("web#1").orElseThrow().holder()).isEqualTo(A1);
        assertThat(after.grant("web#2").orElseThrow().holder()).isEqualTo(B1);
        assertThat(after.grant("web#3").orElseThrow().holder()).isEqualTo(C1);
    }

    @Test
    void what_must_run_nowhere_runs_again_in_all_its_parts_when_that_is_cleared() {
        ClusterRecord record = roles(Map.of(A1, score(1), B1, score(2)));
        for (String name : List.of("db!promoted", "db#1", "db2")) {
            record = withGroup(
                    record,
                    name,
                    granted(A1, 1, true)
                            .withGrant(
                                    new Grant(A1, 1, ProofKind.NEVER, Optional.of(ProofKind.RELEASED), true, List.of()))
                            .withFatal("corrupt"));
        }
        assertThat(plan(record).isChange()).isFalse();
        cleared.add("db");
        ClusterRecord after = plan(record).record();
        assertThat(after.groups().get("db#1").fatal()).isEmpty();
        assertThat(after.groups().get("db2").fatal()).isEqualTo("corrupt");
        assertThat(after.grant("db!promoted").orElseThrow().stands()).isTrue();
    }

    private static Candidacy score(int score, String... remains) {
        return new Candidacy(List.of(), false, true, "", Presence.ABSENT, true, List.of(remains), score, false);
    }

    private static Candidacy preferring(org.understudy.ha.api.NodeId... nodes) {
        return new Candidacy(List.of(nodes), false, true, "", Presence.ABSENT, true, List.of());
    }

    private static ClusterRecord roles(Map<Incarnation, Candidacy> scores) {
        ClusterRecord record = empty();
        for (Incarnation node : List.of(A1, B1, C1)) {
            TreeMap<String, Candidacy> offer = new TreeMap<>();
            Optional.ofNullable(scores.get(node)).ifPresent(candidacy -> offer.put("db!promoted", candidacy));
            record = withSession(record, node, offer);
        }
        return record;
    }

    private static Grant promoted(Plan plan) {
        return plan.record().grant("db!promoted").orElseThrow();
    }

    private Plan plan(ClusterRecord base) {
        return Planner.plan(
                base,
                new Facts(
                        new TreeMap<>(),
                        new TreeMap<>(),
                        releases,
                        new TreeSet<>(),
                        wills,
                        new TreeSet<>(),
                        new TreeMap<>(),
                        new TreeSet<>(List.of(A, B, C)),
                        0,
                        List.of(),
                        cleared,
                        true,
                        new TreeMap<>(),
                        new TreeMap<>()));
    }
}
