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
import static org.understudy.ha.membership.core.Records.withoutSession;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Session;

class PlannerTest {

    private static final String FILES = "files";

    private final TreeMap<NodeId, Admission> joins = new TreeMap<>();
    private final TreeMap<Incarnation, Offered> offers = new TreeMap<>();
    private final TreeMap<String, Given> releases = new TreeMap<>();
    private final TreeSet<Incarnation> leaves = new TreeSet<>();
    private final TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
    private final TreeSet<Incarnation> silent = new TreeSet<>();
    private final TreeMap<String, NodeId> moves = new TreeMap<>();
    private final TreeSet<NodeId> reachable = new TreeSet<>(List.of(A, B, C));
    private final List<Operation> operations = new ArrayList<>();
    private boolean isBaseChosen = true;
    private long tokenFloor;

    // ---- NEVER ---------------------------------------------------------------------------------------------------

    @Test
    void the_first_grant_goes_to_the_preferred_node_when_all_have_looked() {
        Grant grant = grantIn(withGroup(all(candidacy(true)), FILES, GroupRecord.NEW));

        assertThat(grant.holder()).isEqualTo(A1);
        assertThat(grant.proof()).isEqualTo(ProofKind.NEVER);
        assertThat(grant.token()).isEqualTo(1);
    }

    @Test
    void never_waits_for_every_peer() {
        ClusterRecord base = withGroup(
                withSession(withSession(empty(), A1, offer(candidacy(true))), B1, offer(candidacy(true))),
                FILES,
                GroupRecord.NEW);

        assertThat(plan(base).record().grant(FILES)).isEmpty();
        assertThat(Planner.whyUnowned(base, FILES)).contains("waiting for c");
    }

    @Test
    void never_waits_for_every_preferred_node_to_register_the_group() {
        ClusterRecord base = withGroup(
                withSession(
                        withSession(withSession(empty(), A1, offer(candidacy(true))), B1, new TreeMap<>()),
                        C1,
                        new TreeMap<>()),
                FILES,
                GroupRecord.NEW);

        assertThat(plan(base).record().grant(FILES)).isEmpty();
        assertThat(Planner.whyUnowned(base, FILES)).contains("waiting for b");
    }

    @Test
    void never_is_not_proved_while_somebody_found_the_group_active() {
        ClusterRecord base = withGroup(all(candidacy(true).withPresence(Presence.UNKNOWN, "")), FILES, GroupRecord.NEW);

        assertThat(plan(base).record().grant(FILES)).isEmpty();
        assertThat(Planner.whyUnowned(base, FILES))
                .endsWith(" could not find out whether it is active, and it was never started by this cluster");
        Candidacy found = candidacy(true).withPresence(Presence.ELSEWHERE, "ip: 192.0.2.7 answers");
        assertThat(Planner.whyUnowned(withGroup(all(found), FILES, GroupRecord.NEW), FILES))
                .endsWith(
                        " found it active elsewhere, and it was never started by this cluster: ip: 192.0.2.7 answers");
    }

    // ---- operators -------------------------------------------------------------------------------------------------

    @Test
    void a_node_in_maintenance_may_lead_and_is_granted_nothing_else() {
        Candidacy election = new Candidacy(List.of(), true, true, "", Presence.ABSENT, true, List.of());
        TreeMap<String, Candidacy> offered = offer(anywhere());
        offered.put("election:boss", election);
        ClusterRecord base = withSession(empty(), A1, offered);
        base = withGroup(withGroup(base, FILES, over(A1, 3)), "election:boss", GroupRecord.NEW);

        ClusterRecord after = plan(base.withMaintenance(new TreeSet<>(List.of(Target.node(A)))))
                .record();

        assertThat(after.grant("election:boss").orElseThrow().stands()).isTrue();
        assertThat(after.grant(FILES).orElseThrow().stands()).isFalse();
        assertThat(plan(base).record().grant(FILES).orElseThrow().stands()).isTrue();
    }

    @Test
    void a_group_is_taken_out_of_the_record_only_where_nobody_holds_or_offers_it() {
        Operation forget = new Operation(
                Operation.Kind.FORGET, A, 0, Optional.of(Target.group(FILES)), "ann", "not used any more");
        ClusterRecord held = withGroup(idle(), FILES, granted(A1, 5, false));
        ClusterRecord left = withGroup(idle(), FILES, over(A1, 5));
        ClusterRecord offered = withGroup(all(candidacy(true)), FILES, over(A1, 5));
        operations.add(forget);

        assertThat(Planner.operationRefusal(held, forget).orElseThrow()).contains("may still run somewhere");
        assertThat(Planner.operationRefusal(withoutSession(held, A1, Optional.empty()), forget)
                        .orElseThrow())
                .contains("nothing proves that its resources are gone");
        assertThat(Planner.operationRefusal(offered, forget).orElseThrow()).contains("[a, b] offer to run files");
        assertThat(Planner.operationRefusal(left.withMaintenance(new TreeSet<>(List.of(Target.group(FILES)))), forget))
                .hasValueSatisfying(why -> assertThat(why).contains("in maintenance"));
        assertThat(Planner.operationRefusal(idle(), forget).orElseThrow())
                .isEqualTo("no node has registered a group files; no group is known");
        assertThat(Planner.isDone(idle(), forget)).isFalse();
        assertThat(plan(held).record().groups()).containsKey(FILES);
        assertThat(plan(offered).record().groups()).containsKey(FILES);

        ClusterRecord after = plan(left).record();
        assertThat(after.groups()).isEmpty();
        assertThat(after.lastToken()).isEqualTo(5);
        assertThat(Planner.isDone(after, forget)).isTrue();
        assertThat(after.words())
                .extracting("what", "who", "why")
                .containsExactly(org.assertj.core.groups.Tuple.tuple(
                        "group files is taken out of the record", "ann", "not used any more"));
    }

    @Test
    void a_group_that_somebody_begins_to_offer_is_not_forgotten_by_the_same_plan() {
        operations.add(new Operation(Operation.Kind.FORGET, A, 0, Optional.of(Target.group(FILES)), "ann", "why"));
        offers.put(A1, new Offered(1, offer(candidacy(true))));
        ClusterRecord base = withGroup(idle(), FILES, over(A1, 5).withFatal("broken"));

        ClusterRecord after = plan(base).record();

        assertThat(after.groups().get(FILES)).isEqualTo(base.groups().get(FILES));
        assertThat(after.words()).isEmpty();
        assertThat(Planner.operationRefusal(after, operations.get(0)).orElseThrow())
                .contains("[a] offer to run files");
    }

    @Test
    void nothing_is_forgotten_while_everything_is_in_maintenance() {
        Operation forget =
                new Operation(Operation.Kind.FORGET, A, 0, Optional.of(Target.group("db")), "ann", "not used any more");
        ClusterRecord base =
                withGroup(idle(), "db#1", over(A1, 5)).withMaintenance(new TreeSet<>(List.of(Target.everything())));
        operations.add(forget);

        assertThat(Planner.operationRefusal(base, forget).orElseThrow()).contains("in maintenance");
        assertThat(plan(base).record().groups()).containsKey("db#1");
    }

    @Test
    void a_group_goes_with_all_its_parts_or_not_at_all() {
        Operation forget = new Operation(Operation.Kind.FORGET, A, 0, Optional.of(Target.group("db")), "ann", "why");
        ClusterRecord over = withGroup(withGroup(idle(), "db#1", over(A1, 4)), "db!promoted", over(A1, 5));
        ClusterRecord held = withGroup(over, "db!promoted", granted(A1, 5, false));
        operations.add(forget);

        assertThat(plan(held).record().groups()).hasSize(2);
        assertThat(plan(over).record().groups()).isEmpty();
    }

    @Test
    void whoever_was_in_maintenance_can_be_given_back_although_its_group_is_gone() {
        Operation resume = new Operation(Operation.Kind.RESUME, A, 0, Optional.of(Target.group("gone")), "ann", "why");
        ClusterRecord base = idle().withMaintenance(new TreeSet<>(List.of(Target.group("gone"))));
        operations.add(resume);

        assertThat(Planner.operationRefusal(base, resume)).isEmpty();
        assertThat(plan(base).record().maintenance()).isEmpty();
    }

    @Test
    void what_is_misspelled_is_refused_with_what_there_is() {
        ClusterRecord base = withGroup(withGroup(all(candidacy(true)), FILES, over(A1, 3)), "web#1", over(A1, 4));

        assertThat(Planner.moveRefusal(base, "flies", B))
                .contains("no node has registered a group flies; those known are [files, web]");
        assertThat(Planner.moveRefusal(base, FILES, NodeId.of("zz")))
                .contains("zz never was a node of this cluster; those known are [a, b, c]");
        Operation maintain = new Operation(Operation.Kind.MAINTAIN, A, 0, Optional.of(Target.group("web")), "x", "y");
        assertThat(Planner.operationRefusal(base, maintain)).as("of all copies").isEmpty();
    }

    private static ClusterRecord idle() {
        return withSession(
                withSession(withSession(empty(), A1, new TreeMap<>()), B1, new TreeMap<>()), C1, new TreeMap<>());
    }

    @Test
    void nothing_is_asked_to_move_where_other_rules_are_offered() {
        ClusterRecord base = withGroup(all(anywhere()), FILES, granted(A1, 5, false));
        ClusterRecord otherwise = withSession(base, B1, offer(anywhere().withRules(77)));
        moves.put(FILES, B);

        assertThat(plan(base).record().groups().get(FILES).moveTo()).contains(B);
        assertThat(plan(otherwise).record().groups().get(FILES).moveTo()).isEmpty();
    }

    private static GroupRecord over(Incarnation holder, long token) {
        return GroupRecord.NEW.withGrant(
                granted(holder, token, false).grant().orElseThrow().endedBy(ProofKind.RELEASED));
    }

    // ---- forms of a group ----------------------------------------------------------------------------------------

    /** A runs it whole, B was started again with copies, nobody else has registered any. */
    @Test
    void no_part_is_granted_while_another_node_still_has_the_group_whole() {
        Candidacy anywhere = anywhere();
        ClusterRecord running = withGroup(rolling(anywhere), FILES, granted(A1, 5, false));

        ClusterRecord after = plan(running).record();
        assertThat(after.grant("files#1")).isEmpty();
        assertThat(after.grant("files!promoted")).isEmpty();
        assertThat(Planner.whyUnowned(running, "files!promoted"))
                .contains("files as a whole stands granted to a")
                .contains("register it alike");

        ClusterRecord offered = withGroup(rolling(anywhere), FILES, GroupRecord.NEW);
        ClusterRecord waiting = plan(offered).record();
        assertThat(waiting.groups().keySet())
                .allMatch(name -> waiting.grant(name).isEmpty());
        assertThat(Planner.whyUnowned(offered, "files#1")).contains("files as a whole is offered by a");
        assertThat(Planner.whyUnowned(offered, FILES)).contains("files promoted is offered by b");
    }

    /** A restart in place, a move or a takeover in the middle of a rolling change must not be an outage. */
    @Test
    void what_ran_goes_on_in_its_form_while_another_node_offers_the_other() {
        ClusterRecord stopped = withGroup(
                rolling(anywhere()),
                FILES,
                GroupRecord.NEW.withGrant(
                        granted(A1, 5, false).grant().orElseThrow().endedBy(ProofKind.RELEASED)));
        ClusterRecord after = plan(stopped).record();
        assertThat(after.grant(FILES).orElseThrow().stands()).isTrue();
        assertThat(after.grant("files#1")).isEmpty();
        assertThat(after.grant("files!promoted")).isEmpty();
    }

    @Test
    void the_whole_waits_for_the_proof_that_the_last_copy_is_over() {
        Candidacy anywhere = anywhere();
        ClusterRecord everybody = withGroup(
                withSession(all(anywhere), new Incarnation(C, 2), new TreeMap<>()),
                FILES,
                GroupRecord.NEW.withGrant(
                        granted(A1, 3, false).grant().orElseThrow().endedBy(ProofKind.RELEASED)));
        ClusterRecord base = withGroup(everybody, "files!promoted", granted(C1, 5, false));

        assertThat(plan(base).record().grant(FILES).orElseThrow().stands()).isFalse();
        assertThat(Planner.whyUnowned(base, FILES)).contains("files promoted stands granted to c");

        operations.add(new Operation(Operation.Kind.CONFIRM_DOWN, C, 1, "ann", "it burnt"));
        ClusterRecord over = plan(base).record();
        assertThat(over.grant("files!promoted").orElseThrow().over()).contains(ProofKind.OPERATOR);
        assertThat(over.grant(FILES).orElseThrow().stands()).isTrue();
        assertThat(Forms.isLeftOver(over, "files!promoted")).isTrue();
        assertThat(Forms.isLeftOver(over, FILES)).isFalse();
        assertThat(Forms.isLeftOver(base, "files!promoted"))
                .as("somebody holds it")
                .isFalse();
    }

    @Test
    void what_has_a_similar_name_is_no_other_form() {
        ClusterRecord base = withGroup(
                withGroup(withGroup(all(candidacy(true)), FILES, GroupRecord.NEW), "files-2#1", granted(C1, 4, false)),
                "file",
                granted(C1, 5, false));
        assertThat(plan(base).record().grant(FILES).orElseThrow().stands()).isTrue();
        assertThat(Forms.obstacle(base, "file#1")).isPresent();
        assertThat(Forms.obstacle(base, "files-2")).isPresent();
        assertThat(Forms.obstacle(base, "files-2#2")).isEmpty();
        assertThat(Forms.isLeftOver(withGroup(base, "files#1", GroupRecord.NEW), "files#1"))
                .isTrue();
        assertThat(Forms.isLeftOver(withGroup(base, "else", GroupRecord.NEW), "else"))
                .as("nobody has it in any form, and it is shown")
                .isFalse();
    }

    private static Candidacy anywhere() {
        return new Candidacy(List.of(), false, true, "", Presence.ABSENT, false, List.of());
    }

    private static ClusterRecord rolling(Candidacy candidacy) {
        TreeMap<String, Candidacy> copies = new TreeMap<>();
        for (String part : List.of("files#1", "files#2", "files!promoted")) {
            copies.put(part, candidacy);
        }
        ClusterRecord record =
                withSession(withSession(withSession(empty(), A1, offer(candidacy)), B1, copies), C1, new TreeMap<>());
        for (String part : copies.keySet()) {
            record = withGroup(record, part, GroupRecord.NEW);
        }
        return record;
    }

    // ---- the proofs ------------------------------------------------------------------------------------------------

    @Test
    void a_release_is_followed_by_a_grant_with_a_higher_token_to_the_same_node() {
        releases.put(FILES, new Given(A1, 5, Optional.empty(), ""));

        Grant grant = grantIn(held(candidacy(true), true));

        assertThat(grant.proof()).isEqualTo(ProofKind.RELEASED);
        assertThat(grant.holder()).as("sticky").isEqualTo(A1);
        assertThat(grant.token()).isEqualTo(6);
    }

    @Test
    void a_release_of_an_older_token_changes_nothing() {
        releases.put(FILES, new Given(A1, 4, Optional.empty(), ""));

        assertThat(plan(held(candidacy(true), true)).isChange()).isFalse();
    }

    @Test
    void a_last_will_that_lists_everything_ends_grant_and_session() {
        wills.put(A1, List.of("address"));

        ClusterRecord after =
                plan(held(candidacy(true, "address"), true, "address")).record();

        assertThat(after.grant(FILES).orElseThrow().proof()).isEqualTo(ProofKind.DIED);
        assertThat(after.grant(FILES).orElseThrow().holder()).isEqualTo(B1);
        assertThat(after.endOf(A1).orElseThrow().proof()).isEqualTo(ProofKind.DIED);
    }

    @Test
    void a_partial_will_proves_nothing_about_what_it_does_not_list() {
        wills.put(A1, List.of("something else"));

        ClusterRecord after =
                plan(held(candidacy(true, "address"), true, "address")).record();

        assertThat(after.grant(FILES).orElseThrow().stands()).isTrue();
        assertThat(after.isLive(A1)).as("its lease must still be waited out").isTrue();
    }

    @Test
    void a_session_whose_will_has_come_is_granted_nothing() {
        // Seed 62 of the simulator.
        wills.put(A1, List.of("address"));
        ClusterRecord base = withGroup(
                held(candidacy(true, "address"), true, "address"), "mail", granted(A1, 4, true, "another address"));

        Grant grant = grantIn(base);

        assertThat(grant.proof()).isEqualTo(ProofKind.DIED);
        assertThat(grant.holder()).isEqualTo(B1);
    }

    @Test
    void silence_ends_what_the_kernel_ends_and_nothing_else() {
        silent.add(A1);
        ClusterRecord base = withGroup(held(candidacy(true), true), "volume", granted(A1, 4, false));

        ClusterRecord after = plan(base).record();

        assertThat(after.grant(FILES).orElseThrow().proof()).isEqualTo(ProofKind.EXPIRED);
        assertThat(after.grant("volume").orElseThrow().stands()).isTrue();
        assertThat(after.isLive(A1)).isFalse();
    }

    @Test
    void a_will_that_comes_after_the_silence_still_proves_the_rest() {
        wills.put(A1, List.of());
        ClusterRecord base = withoutSession(held(candidacy(false), false), A1, Optional.of(ProofKind.EXPIRED));

        Grant grant = grantIn(base);

        assertThat(grant.proof()).isEqualTo(ProofKind.DIED);
        assertThat(grant.holder()).isEqualTo(B1);
    }

    @Test
    void a_session_that_still_holds_something_cannot_leave() {
        leaves.add(A1);

        assertThat(plan(held(candidacy(true), true)).isChange()).isFalse();
    }

    @Test
    void release_and_leave_end_the_session_and_move_the_group_in_one_record() {
        leaves.add(A1);
        releases.put(FILES, new Given(A1, 5, Optional.empty(), ""));

        ClusterRecord after = plan(held(candidacy(true), true)).record();

        assertThat(after.isLive(A1)).isFalse();
        assertThat(after.grant(FILES).orElseThrow().holder()).isEqualTo(B1);
        assertThat(after.endOf(A1).orElseThrow().proof()).isEqualTo(ProofKind.RELEASED);
    }

    // ---- where to --------------------------------------------------------------------------------------------------

    @Test
    void a_move_is_noted_first_and_the_holder_keeps_the_group_until_it_gave_it_back() {
        moves.put(FILES, B);

        GroupRecord after = plan(held(candidacy(true), true)).record().groups().get(FILES);

        assertThat(after.moveTo()).contains(B);
        assertThat(after.grant().orElseThrow().holder()).isEqualTo(A1);
    }

    @Test
    void a_group_given_back_for_a_move_goes_to_its_target_and_the_wish_is_gone() {
        releases.put(FILES, new Given(A1, 5, Optional.empty(), ""));
        ClusterRecord base = held(candidacy(true), true);
        base = withGroup(base, FILES, base.groups().get(FILES).withMoveTo(Optional.of(B)));

        GroupRecord after = plan(base).record().groups().get(FILES);

        assertThat(after.grant().orElseThrow().holder()).isEqualTo(B1);
        assertThat(after.moveTo()).isEmpty();
    }

    @Test
    void a_move_to_a_node_that_cannot_start_it_is_refused_and_not_noted() {
        moves.put(FILES, B);
        ClusterRecord base = withSession(
                held(candidacy(true), true), B1, offer(candidacy(true).withEligibility(false, "disk full")));

        assertThat(plan(base).isChange()).isFalse();
        assertThat(Planner.moveRefusal(base, FILES, B))
                .hasValueSatisfying(why -> assertThat(why).contains("disk full"));
    }

    @Test
    void a_fatal_failure_keeps_the_group_down_everywhere() {
        releases.put(FILES, new Given(A1, 5, Optional.of(Severity.FATAL), "corrupt"));

        GroupRecord after = plan(held(candidacy(true), true)).record().groups().get(FILES);

        assertThat(after.grant().orElseThrow().stands()).isFalse();
        assertThat(after.fatal()).isEqualTo("corrupt");
    }

    @Test
    void a_node_that_is_not_reachable_is_granted_nothing() {
        releases.put(FILES, new Given(A1, 5, Optional.empty(), ""));
        reachable.remove(A);

        assertThat(grantIn(held(candidacy(true), true)).holder()).isEqualTo(B1);
    }

    @Test
    void a_token_seen_in_any_record_is_never_issued_again() {
        releases.put(FILES, new Given(A1, 5, Optional.empty(), ""));
        tokenFloor = 40;

        assertThat(grantIn(held(candidacy(true), true)).token()).isEqualTo(41);
    }

    // ---- sessions --------------------------------------------------------------------------------------------------

    @Test
    void a_returning_node_waits_until_its_earlier_life_is_over() {
        joins.put(A, new Admission(99, "", HostIdentity.UNKNOWN, "", 0));

        assertThat(plan(held(candidacy(true), true)).isChange()).isFalse();
    }

    @Test
    void a_node_that_returns_is_a_higher_incarnation() {
        joins.put(A, new Admission(99, "", HostIdentity.UNKNOWN, "", 0));
        ClusterRecord base = withoutSession(all(candidacy(true)), A1, Optional.of(ProofKind.EXPIRED));

        ClusterRecord after = plan(base).record();

        assertThat(after.sessions().get(A).incarnation()).isEqualTo(new Incarnation(A, 2));
        assertThat(after.sessions().get(A).joinNonce()).isEqualTo(99);
    }

    @Test
    void an_older_offer_changes_nothing() {
        offers.put(A1, new Offered(1, new TreeMap<>()));

        assertThat(plan(all(candidacy(true))).isChange()).isFalse();
    }

    @Test
    void planning_again_with_the_same_facts_changes_nothing() {
        wills.put(A1, List.of("address"));
        joins.put(A, new Admission(99, "", HostIdentity.UNKNOWN, "", 0));
        ClusterRecord once =
                plan(held(candidacy(true, "address"), true, "address")).record();

        assertThat(plan(once).isChange()).isFalse();
    }

    @Test
    void a_process_that_holds_the_same_lock_on_the_same_kernel_proves_its_predecessor_gone() {
        ClusterRecord base = withSession(
                held(candidacy(false), false),
                new Session(A1, 7, "disk-a", new HostIdentity("m", "boot", "8:1"), "", 1, offer(candidacy(false))));
        joins.put(A, new Admission(99, "disk-a", new HostIdentity("m", "boot", "8:1"), "", 1));

        assertThat(grantIn(base).over().or(() -> Optional.of(grantIn(base).proof())))
                .contains(ProofKind.SUPERSEDED);
    }

    @Test
    void another_lock_another_disk_or_an_older_request_proves_nothing() {
        ClusterRecord base = withSession(
                held(candidacy(false), false),
                new Session(A1, 7, "disk-a", new HostIdentity("m", "boot", "8:1"), "", 1, offer(candidacy(false))));
        for (Admission join : List.of(
                new Admission(99, "disk-a", new HostIdentity("m", "boot", "8:2"), "", 1),
                new Admission(99, "disk-x", new HostIdentity("m", "boot", "8:1"), "", 1),
                new Admission(99, "disk-a", new HostIdentity("m", "boot", ""), "", 1),
                new Admission(99, "disk-a", new HostIdentity("x", "boot-2", "8:1"), "", 1),
                new Admission(99, "disk-a", new HostIdentity("m", "boot", "8:1"), "", 0))) {
            joins.put(A, join);
            assertThat(grantIn(base).holder()).as(join.toString()).isEqualTo(A1);
            assertThat(grantIn(base).stands()).as(join.toString()).isTrue();
        }
    }

    @Test
    void a_lock_does_not_prove_that_an_address_is_gone_but_a_machine_started_again_does() {
        ClusterRecord base = withSession(
                held(candidacy(true, "address/1"), true, "address/1"),
                new Session(
                        A1,
                        7,
                        "disk-a",
                        new HostIdentity("m", "boot", "8:1"),
                        "",
                        1,
                        offer(candidacy(true, "address/1"))));
        joins.put(A, new Admission(99, "disk-a", new HostIdentity("m", "boot", "8:1"), "", 1));
        assertThat(grantIn(base).holder()).isEqualTo(A1);
        assertThat(grantIn(base).stands()).isTrue();

        joins.put(A, new Admission(99, "disk-a", new HostIdentity("m", "boot-2", "8:1"), "", 1));
        assertThat(grantIn(base).proof()).isEqualTo(ProofKind.SUPERSEDED);
    }

    @Test
    void an_operators_word_ends_only_what_a_session_left_behind_that_is_over_itself() {
        ClusterRecord base = held(candidacy(false), false);
        operations.add(new Operation(Operation.Kind.CONFIRM_DOWN, A, 1, "ann", "it burnt"));

        assertThat(plan(base).isChange()).as("the session stands").isFalse();

        ClusterRecord silent = withoutSession(base, A1, Optional.of(ProofKind.EXPIRED));
        Plan plan = plan(silent);
        assertThat(plan.record().grant(FILES).orElseThrow().proof()).isEqualTo(ProofKind.OPERATOR);
        assertThat(plan.record().words())
                .anySatisfy(word -> assertThat(word.who()).isEqualTo("ann"));
    }

    @Test
    void a_word_for_a_life_that_this_record_does_not_know_is_not_done_but_refused() {
        Operation word = new Operation(Operation.Kind.CONFIRM_DOWN, A, 2, "ann", "it burnt");
        ClusterRecord behind = held(candidacy(false), false);

        assertThat(Planner.isDone(behind, word)).isFalse();
        assertThat(Planner.operationRefusal(behind, word))
                .hasValueSatisfying(why ->
                        assertThat(why).contains("a#2 is not known").contains("ask on a node that a majority answers"));
    }

    @Test
    void a_word_about_a_node_that_never_was_one_is_refused() {
        ClusterRecord base = held(candidacy(false), false);
        for (Operation.Kind kind : List.of(Operation.Kind.STANDBY, Operation.Kind.ACTIVATE, Operation.Kind.REMOVE)) {
            Operation word = new Operation(kind, NodeId.of("zz"), 0, "", "");

            assertThat(Planner.isDone(base, word)).isFalse();
            assertThat(Planner.operationRefusal(base, word))
                    .hasValueSatisfying(why -> assertThat(why).contains("zz never was a node of this cluster"));
        }
    }

    @Test
    void whoever_waits_is_told_who_is_on_standby() {
        operations.add(new Operation(Operation.Kind.STANDBY, A, 0, "", ""));
        ClusterRecord standby = plan(held(candidacy(false), false)).record();
        GroupRecord over = standby.groups().get(FILES);
        ClusterRecord released = withGroup(
                standby, FILES, over.withGrant(over.grant().orElseThrow().endedBy(ProofKind.RELEASED)));

        assertThat(Planner.whyUnowned(released, FILES)).contains("a is on standby");
    }

    @Test
    void a_node_on_standby_is_granted_nothing() {
        operations.add(new Operation(Operation.Kind.STANDBY, A, 0, "", ""));

        ClusterRecord planned =
                plan(withGroup(all(candidacy(true)), FILES, GroupRecord.NEW)).record();

        assertThat(planned.standby()).containsExactly(A);
        assertThat(planned.grant(FILES).orElseThrow().holder()).isEqualTo(B1);
    }

    @Test
    void a_forced_record_begins_a_generation_above_every_token_and_keeps_nobody() {
        ClusterRecord forced = Planner.forced(
                held(candidacy(true), true), 1, empty().acceptors().get(0), new TreeSet<>(), "ann", "both burnt");

        assertThat(forced.voters().set()).hasSize(1);
        assertThat(forced.sessions()).isEmpty();
        assertThat(forced.grant(FILES).orElseThrow().over()).contains(ProofKind.OPERATOR);
        assertThat(forced.lastToken()).isEqualTo(ClusterRecord.floor(1));
    }

    /** A process that only its own end stops may live on where nobody hears it. */
    @Test
    void a_forced_record_leaves_held_what_no_lease_ends() {
        ClusterRecord base =
                withGroup(withGroup(all(candidacy(false)), FILES, granted(B1, 5, false)), "mail", granted(B1, 6, true));
        base = withGroup(base, "volume", granted(A1, 7, false));

        ClusterRecord forced = Planner.forced(
                base, 1, empty().acceptors().get(0), new TreeSet<>(Set.of(A1)), "ann", "c and its disk burnt");

        assertThat(forced.grant(FILES).orElseThrow().stands()).isTrue();
        assertThat(forced.grant("mail").orElseThrow().over()).contains(ProofKind.OPERATOR);
        assertThat(forced.grant("volume").orElseThrow().over())
                .as("the survivor runs nothing")
                .contains(ProofKind.RELEASED);
        operations.add(new Operation(Operation.Kind.CONFIRM_DOWN, B, 1, "ann", "it burnt too"));
        assertThat(plan(forced).record().grant(FILES).orElseThrow().over()).contains(ProofKind.OPERATOR);
    }

    private ClusterRecord held(Candidacy candidacy, boolean isExpirable, String... remains) {
        return withGroup(all(candidacy), FILES, granted(A1, 5, isExpirable, remains));
    }

    /** All three are there; a and b offer the group. */
    private static ClusterRecord all(Candidacy candidacy) {
        return withSession(
                withSession(withSession(empty(), A1, offer(candidacy)), B1, offer(candidacy)), C1, new TreeMap<>());
    }

    private static TreeMap<String, Candidacy> offer(Candidacy candidacy) {
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        offer.put(FILES, candidacy);
        return offer;
    }

    private Grant grantIn(ClusterRecord base) {
        return plan(base).record().grant(FILES).orElseThrow();
    }

    private Plan plan(ClusterRecord base) {
        return Planner.plan(
                base,
                new Facts(
                        joins,
                        offers,
                        releases,
                        leaves,
                        wills,
                        silent,
                        moves,
                        reachable,
                        tokenFloor,
                        operations,
                        isBaseChosen));
    }
}
