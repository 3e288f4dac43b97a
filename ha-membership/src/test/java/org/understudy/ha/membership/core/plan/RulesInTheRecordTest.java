package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.granted;
import static org.understudy.ha.membership.core.Records.session;
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
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Rules;

/** Records in which rules meet copies, promoted roles, what is left of either, and the dead. */
class RulesInTheRecordTest {

    private static final GroupRecord ENDED = GroupRecord.NEW.withGrant(
            new Grant(A1, 1, ProofKind.NEVER, Optional.of(ProofKind.RELEASED), true, List.of()));

    private final TreeMap<String, Placement> rules = new TreeMap<>();

    @Test
    void what_is_left_of_a_whole_group_does_not_hide_its_copies_from_one_another() {
        rules.put("web#1", Placement.NONE.alsoApartFrom("web"));
        rules.put("web#2", Placement.NONE.alsoApartFrom("web"));
        ClusterRecord record = record(Map.of(A1, List.of("web#1", "web#2"), B1, List.of(), C1, List.of()), 9);
        record = withGroup(record, "web", ENDED);
        record = withGroup(record, "web#1", ruled("web#1", granted(A1, 5, true)));
        record = withGroup(record, "web#2", ruled("web#2", ENDED));

        assertThat(plan(record).record().grant("web#2").orElseThrow().stands()).isFalse();
    }

    @Test
    void a_copy_makes_no_room_for_what_must_be_with_the_role_that_rests_on_it() {
        rules.put(
                "db",
                Placement.rules()
                        .with("shop!promoted")
                        .needs("memory", 3)
                        .priority(5)
                        .build());
        rules.put(
                "shop#1",
                Placement.rules().needs("memory", 3).priority(1).build().alsoApartFrom("shop"));
        ClusterRecord record =
                record(Map.of(A1, List.of("db", "shop#1", "shop!promoted"), B1, List.of(), C1, List.of()), 4);
        record = withGroup(record, "shop#1", ruled("shop#1", granted(A1, 5, true)));
        record = withGroup(record, "shop!promoted", granted(A1, 6, true));
        record = withGroup(record, "db", ruled("db", ENDED));

        assertThat(plan(record).record().groups().get("shop#1").held()).isEmpty();
    }

    @Test
    void room_is_made_where_somebody_lives_who_can_make_it() {
        rules.put("lost", Placement.rules().needs("memory", 4).build());
        rules.put("low", Placement.rules().needs("memory", 4).build());
        rules.put("urgent", Placement.rules().needs("memory", 4).priority(5).build());
        List<String> all = List.of("lost", "low", "urgent");
        ClusterRecord record = record(Map.of(new Incarnation(A, 2), all, B1, all, C1, List.of()), 4);
        record = withGroup(record, "lost", ruled("lost", granted(A1, 5, false)));
        record = withGroup(record, "low", ruled("low", granted(B1, 6, true)));
        record = withGroup(record, "urgent", ruled("urgent", ENDED));

        assertThat(plan(record).record().groups().get("low").held()).contains("urgent");
    }

    @Test
    void nothing_is_told_to_stop_for_one_that_stays_after_all() {
        rules.put("shop", Placement.NONE);
        rules.put("queue", Placement.rules().after("shop").priority(1).build());
        rules.put("db", Placement.rules().apart("shop").priority(3).build());
        List<String> all = List.of("db", "queue", "shop");
        ClusterRecord record = record(Map.of(A1, all, B1, all, C1, List.of()), 4);
        record = withGroup(record, "shop", ruled("shop", granted(A1, 5, true)).withHeld("it makes room for db"));
        record = withGroup(record, "queue", ruled("queue", granted(A1, 6, true)));
        record = withGroup(record, "db", ruled("db", ENDED));

        ClusterRecord after = plan(record).record();

        assertThat(after.grant("db").orElseThrow().holder()).isEqualTo(B1);
        assertThat(after.groups().get("shop").held()).isEmpty();
        assertThat(after.groups().get("queue").held()).isEmpty();
    }

    @Test
    void a_group_in_copies_may_be_kept_in_maintenance() {
        ClusterRecord record = withGroup(empty(), "web#1", ENDED);

        assertThat(Planner.operationRefusal(record, maintenance("web"))).isEmpty();
        assertThat(Planner.operationRefusal(record, maintenance("mail")))
                .contains("no node has registered a group mail; those known are [web]");
    }

    private static Operation maintenance(String group) {
        return new Operation(Operation.Kind.MAINTAIN, A, 0, Optional.of(Target.group(group)), "ann", "to try");
    }

    private GroupRecord ruled(String name, GroupRecord group) {
        return group.withRules(Rules.of(rules.get(name)));
    }

    /** Nodes that offer these groups with their rules, each with so much memory. */
    private ClusterRecord record(Map<Incarnation, List<String>> offers, int memory) {
        ClusterRecord record = empty();
        for (Map.Entry<Incarnation, List<String>> node : offers.entrySet()) {
            TreeMap<String, Candidacy> offer = new TreeMap<>();
            for (String name : node.getValue()) {
                long digest = Rules.of(rules.getOrDefault(name, Placement.NONE)).digest();
                offer.put(
                        name,
                        new Candidacy(List.of(), false, true, "", Presence.ABSENT, true, List.of()).withRules(digest));
            }
            record = withSession(
                    record, session(node.getKey(), offer).withCapacity(new TreeMap<>(Map.of("memory", memory))));
        }
        return record;
    }

    private static Plan plan(ClusterRecord base) {
        return Planner.plan(
                base,
                new Facts(
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeSet<>(),
                        new TreeMap<>(),
                        new TreeSet<>(),
                        new TreeMap<>(),
                        new TreeSet<>(List.of(A, B, C)),
                        0,
                        List.of(),
                        new TreeSet<>(),
                        true,
                        new TreeMap<>(),
                        new TreeMap<>()));
    }
}
