package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Advisor.Candidate;
import org.understudy.ha.api.Advisor.Change;
import org.understudy.ha.api.Advisor.Explanation;
import org.understudy.ha.api.Advisor.Forecast;
import org.understudy.ha.api.Advisor.Outcome;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.plan.Advice.Beside;
import org.understudy.ha.membership.core.record.Operation;

class AdviceTest {

    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");

    private final Play play = new Play(List.of("a", "b", "c"));

    @Test
    void says_what_the_proof_was_and_why_it_is_not_where_it_would_rather_be() {
        register("web", List.of("a", "b"), Map.of());
        play.lose("a");

        Explanation explanation = Advice.explain(
                play.record(),
                "web",
                new Beside(
                        Optional.of(new Incarnation(NodeId.of("a"), 1)),
                        token -> Optional.of("reason of " + token),
                        Optional.empty(),
                        node -> false));

        assertThat(explanation.sentence())
                .startsWith(
                        "web is on b under token 2: the guardian of a#1 proved that its process had ended (DIED), reason: reason of 2; ")
                .contains("it prefers a, but a is not in the cluster now");
        assertThat(explanation.proof()).contains(ProofKind.DIED);
        assertThat(explanation.candidates())
                .extracting(Candidate::node)
                .containsExactly(NodeId.of("b"), NodeId.of("c"));
    }

    @Test
    void reminds_of_a_way_back_that_only_a_person_takes() {
        register("web", List.of("a", "b"), Map.of());
        register("mail", List.of("a", "b"), Map.of("failback", "never"));
        register("dns", List.of("a", "b"), Map.of("failback", "stable"));
        play.lose("a");
        play.back("a");

        assertThat(explain("web"))
                .contains("it prefers a, which could run it again: move it there, nothing moves back by itself");
        assertThat(explain("mail")).contains("it prefers a, and never goes back there by itself");
        assertThat(explain("dns")).contains("it prefers a, which has not been well for long enough yet");
    }

    @Test
    void says_what_is_missing_where_it_runs_nowhere() {
        register("web", List.of(), Map.of("with", "db"));

        assertThat(explain("web"))
                .isEqualTo(
                        "web runs nowhere: no node can start it now; a: it must be with db, which nobody has registered;"
                                + " b: it must be with db, which nobody has registered; c: it must be with db, which nobody has registered;"
                                + " the placement rules of web name [db], which nobody has registered: is it spelled right?");
    }

    @Test
    void says_what_it_is_about_to_do_and_what_it_waits_for() {
        register("net", List.of("a", "b"), Map.of());
        register("web", List.of("c"), Map.of("after", "net"));
        play.settle();
        play.block("web");
        play.move("net", "b");

        assertThat(explain("net"))
                .contains("it is asked to move to b")
                .contains("it waits for what runs only while it does to stop first");
        assertThat(explain("web"))
                .contains(
                        "it is about to stop: it runs only while net does, which moves to b once that has made ready");
    }

    @Test
    void says_why_not_there() {
        register("web", List.of("a"), Map.of());
        register("mail", List.of("b"), Map.of("apart", "web"));
        play.settle();

        assertThat(whyNot("web", A)).isEqualTo("web is on a");
        assertThat(whyNot("web", B)).isEqualTo("b: it must be apart from mail, which is there");
        assertThat(whyNot("web", NodeId.of("c")))
                .isEqualTo("c could run web, which stays on a because nothing makes it move");
        assertThat(Advice.whyNot(play.record(), "web", NodeId.of("c"), holderSays(GroupStatus.State.STOPPING))
                        .sentence())
                .as("its holder has said that it stops it")
                .isEqualTo("c could run web, which has not left a yet");
        assertThat(whyNot("web", NodeId.of("z"))).isEqualTo("z is not in the cluster now");
        play.operate(Operation.Kind.STANDBY, "c");
        assertThat(whyNot("web", NodeId.of("c"))).isEqualTo("c is on standby");
    }

    @Test
    void says_all_that_is_against_a_node() {
        play.capacity("a", "memory", 8);
        play.capacity("b", "memory", 2);
        register("web", List.of("a"), Map.of("needs", "memory:4"));
        register("mail", List.of("b"), Map.of("apart", "web"));
        play.settle();
        play.veto("web", "b", "no disk");
        play.settle();

        assertThat(whyNot("web", B))
                .contains("b: no disk")
                .contains("it must be apart from mail")
                .contains("b has 2 of its 2 memory left, and it needs 4");
    }

    @Test
    void plays_the_maintenance_of_a_group_in_copies() {
        register("web#1", List.of("a"), Map.of());
        play.settle();

        assertThat(whatIf(new Change.Maintenance(Target.group("web"))).sentence())
                .isEqualTo("of 1 groups 1 would be as they are");
        register("web#2", List.of("b"), Map.of());
        assertThat(whatIf(new Change.Maintenance(Target.group("web"))).sentence())
                .as("copies are no groups of their own")
                .isEqualTo("of 1 groups in 2 parts 2 would be as they are");
        assertThatThrownBy(() -> whatIf(new Change.Maintenance(Target.group("wep"))))
                .hasMessageContaining("those known are [web]");
    }

    @Test
    void suggests_no_move_that_would_be_refused() {
        register("web#1", List.of("a", "b"), Map.of());
        register("mail", List.of("a", "b"), Map.of());
        play.lose("a");
        play.back("a");

        assertThat(explain("web#1"))
                .contains("it prefers a, which could run it again: a copy is not moved")
                .doesNotContain("move it there");
        play.operate(Operation.Kind.MAINTAIN, Target.group("mail"));
        assertThat(explain("mail"))
                .contains("it prefers a, which could run it again: move it there once its maintenance has ended;"
                        + " an operator has it in maintenance")
                .doesNotContain("move it there,")
                .doesNotContain("end that first");
    }

    @Test
    void names_the_priority_by_which_another_would_make_room() {
        play.capacity("a", "memory", 8);
        play.capacity("b", "memory", 4);
        play.capacity("c", "memory", 8);
        register("batch", List.of("a"), Map.of("priority", "1"));
        register("small", List.of("b"), Map.of("priority", "2", "needs", "memory:2"));
        register("even", List.of("b"), Map.of("priority", "10", "needs", "memory:1"));
        register("shop", List.of("c"), Map.of("apart", "batch", "priority", "10", "needs", "memory:3"));
        play.settle();

        assertThat(play.places()).isEqualTo("batch@a even@b shop@c small@b");
        assertThat(reason("shop", A))
                .isEqualTo("it must be apart from batch, which is there; for its priority of 10 room is made by"
                        + " [batch with priority 1] if it can run nowhere else");
        assertThat(whyNot("shop", A))
                .startsWith("a: it must be apart from batch")
                .contains("batch with priority 1");
        assertThat(reason("shop", B))
                .isEqualTo("b has 1 of its 4 memory left, and it needs 3; for its priority of 10 room is made by"
                        + " [small with priority 2] if it can run nowhere else");
        assertThat(reason("batch", NodeId.of("c"))).doesNotContain("priority");
        assertThat(whatIf(new Change.NodeLost(NodeId.of("c"))).outcomes())
                .as("and so it comes")
                .filteredOn(outcome -> outcome.group().equals("shop"))
                .extracting(Outcome::after)
                .containsExactly(Optional.of(A));
    }

    @Test
    void what_may_run_nowhere_or_cannot_be_stopped_is_possible_on_no_other_node_and_nobody_is_told_to_move_it() {
        register("web", List.of("a", "b"), Map.of());
        play.lose("a");
        play.back("a");
        play.settle();
        Explanation blocked = Advice.explain(play.record(), "web", holderSays(GroupStatus.State.BLOCKED));

        assertThat(blocked.sentence()).doesNotContain("move it there");
        assertThat(blocked.candidates()).noneMatch(Candidate::isPossible);
        assertThat(blocked.candidates().get(0).reason())
                .isEqualTo("b could not stop it and may still run it: nobody else may start it before that has ended");
        assertThat(Advice.whyNot(play.record(), "web", A, holderSays(GroupStatus.State.BLOCKED))
                        .sentence())
                .startsWith("b could not stop it");

        play.fail("web", org.understudy.ha.api.spi.Severity.FATAL);
        Explanation fatal = Advice.explain(play.record(), "web", Beside.NOTHING);
        assertThat(fatal.sentence()).doesNotContain("move it there");
        assertThat(fatal.candidates()).isNotEmpty().allSatisfy(candidate -> {
            assertThat(candidate.isPossible()).isFalse();
            assertThat(candidate.reason())
                    .isEqualTo("it must not run anywhere: it failed; clear its failures once that is mended");
        });
    }

    @Test
    void where_a_policy_decides_nobody_is_told_to_move_it_to_a_node_that_was_named_first() {
        register("web", List.of("a", "b"), Map.of("policy", "spread"));
        play.lose("a");
        play.back("a");

        assertThat(explain("web"))
                .contains("policy spread orders its nodes")
                .doesNotContain("it prefers")
                .doesNotContain("move it there");
    }

    @Test
    void a_move_that_no_rule_can_have_asked_for_was_an_operators() {
        register("web", List.of("a"), Map.of());
        register("mail", List.of("a"), Map.of("priority", "3"));
        play.settle();
        play.block("web");
        play.move("web", "b");

        assertThat(explain("web")).contains("an operator asked it to move to b");
        assertThat(play.happened()).contains("web MOVE_DECIDED to b: an operator asked");
        play.block("mail");
        play.move("mail", "b");
        assertThat(explain("mail")).contains("it is asked to move to b");
    }

    @Test
    void a_witness_is_called_one() {
        register("web", List.of("a"), Map.of());
        play.only("web", List.of("a", "b"));
        play.settle();
        NodeId c = NodeId.of("c");
        Beside beside = new Beside(Optional.empty(), token -> Optional.empty(), Optional.empty(), c::equals);

        assertThat(Advice.whyNot(play.record(), "web", c, beside).sentence())
                .isEqualTo("c is a witness, which votes and owns nothing");
        assertThat(Advice.explain(play.record(), "web", beside).candidates().get(2))
                .extracting(Candidate::isPossible, Candidate::reason)
                .containsExactly(false, "c is a witness, which votes and owns nothing");
        assertThat(whyNot("web", c)).isEqualTo("c has not registered it");
    }

    @Test
    void a_copy_rather_runs_where_no_other_copy_does_and_that_needs_no_word() {
        register("web#1", List.of("a", "b"), Map.of());
        register("web#2", List.of("a", "b"), Map.of("apart", "web#1"));
        play.settle();

        assertThat(play.places()).isEqualTo("web#1@a web#2@b");
        assertThat(explain("web#2")).doesNotContain("it prefers a");
    }

    @Test
    void a_node_is_named_once() {
        register("web", List.of("a", "b"), Map.of());
        register("mail", List.of("a"), Map.of("apart", "web"));
        play.settle();
        play.veto("web", "c", "no disk");
        play.operate(Operation.Kind.STANDBY, "c");
        play.settle();

        assertThat(play.places()).isEqualTo("mail@b web@a");
        assertThat(explain("mail")).contains("it prefers a, but it must be apart from web, which is there");
        assertThat(reason("web", NodeId.of("c"))).isEqualTo("c is on standby, and no disk");
        assertThat(Planner.notTakenOver(play.record(), "mail", A))
                .startsWith("a could not take mail over: it must be apart from web, which is there");
    }

    @Test
    void says_of_what_must_run_nowhere_that_it_must_not_and_what_to_do() {
        register("web", List.of("a"), Map.of());
        play.settle();
        play.fail("web", org.understudy.ha.api.spi.Severity.FATAL);

        assertThat(whyNot("web", B))
                .isEqualTo("web must not run anywhere: it failed; clear its failures once that is mended");
    }

    @Test
    void tells_what_the_loss_of_a_node_would_do_and_that_is_what_it_does() {
        play.capacity("a", "memory", 8);
        play.capacity("b", "memory", 4);
        register("m1", List.of("a", "b"), Map.of("needs", "memory:4"));
        register("m2", List.of("a", "b"), Map.of("needs", "memory:4", "priority", "3"));
        register("web", List.of("c"), Map.of("after", "m2"));
        play.settle();

        Forecast forecast = whatIf(new Change.NodeLost(A));

        assertThat(forecast.sentence())
                .isEqualTo(
                        "of 3 groups 1 would start elsewhere [m2 to b], 1 would run nowhere [m1], 1 would be as they are");
        assertThat(forecast.outcomes().get(0).reason()).contains("b has 0 of its 4 memory left");
        assertThat(forecast.outcomes().get(1).reason()).isEqualTo("granted with proof DIED");
        play.lose("a");
        assertThat(forecast.outcomes().stream()
                        .map(outcome -> outcome.group()
                                + '@'
                                + outcome.after().map(NodeId::value).orElse("-")))
                .as("as it really comes")
                .containsExactly(play.places().split(" "));
    }

    @Test
    void tells_of_standby_maintenance_and_a_new_group_together() {
        register("web", List.of("a", "b"), Map.of());
        register("mail", List.of("a", "b"), Map.of());
        play.settle();

        Forecast forecast = whatIf(
                new Change.Maintenance(Target.group("mail")),
                new Change.Standby(A),
                new Change.NewGroup(
                        "batch", List.of(A), Placement.rules().apart("web").build()));

        assertThat(forecast.outcomes())
                .extracting(Outcome::group, Outcome::after)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("batch", Optional.of(B)),
                        org.assertj.core.groups.Tuple.tuple("mail", Optional.of(A)),
                        org.assertj.core.groups.Tuple.tuple("web", Optional.of(NodeId.of("c"))));
        assertThat(play.places()).as("nothing has happened").isEqualTo("mail@a web@a");
    }

    @Test
    void does_not_tell_of_what_is_not_there() {
        register("web", List.of(), Map.of());
        play.settle();

        assertThatThrownBy(() -> whatIf(new Change.NodeLost(NodeId.of("z"))))
                .isInstanceOf(LifecycleException.class)
                .hasMessageContaining("those known are [a, b, c]");
        assertThatThrownBy(() -> whatIf(new Change.Maintenance(Target.group("db"))))
                .isInstanceOf(LifecycleException.class);
        play.lose("c");
        assertThatThrownBy(() -> whatIf(new Change.Standby(NodeId.of("c"))))
                .isInstanceOf(LifecycleException.class)
                .hasMessage("c is not in the cluster now; there are [a, b]");
        assertThatThrownBy(() -> whatIf(new Change.NewGroup("web", List.of(), Placement.NONE)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("another name");
    }

    private void register(String group, List<String> preferred, Map<String, String> rules) {
        play.register(group, preferred, Play.placement(new TreeMap<>(rules)));
        play.settle();
    }

    private static Beside holderSays(GroupStatus.State state) {
        return new Beside(Optional.empty(), token -> Optional.empty(), Optional.of(state), node -> false);
    }

    private String explain(String group) {
        return Advice.explain(play.record(), group, Beside.NOTHING).sentence();
    }

    private String whyNot(String group, NodeId node) {
        return Advice.whyNot(play.record(), group, node, Beside.NOTHING).sentence();
    }

    private String reason(String group, NodeId node) {
        return Advice.explain(play.record(), group, Beside.NOTHING).candidates().stream()
                .filter(candidate -> candidate.node().equals(node))
                .map(Candidate::reason)
                .findFirst()
                .orElseThrow();
    }

    private Forecast whatIf(Change... changes) {
        return Rehearsal.of(play.record(), Policies.with(List.of()), List.of(changes));
    }
}
