package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.ThreeMachines.A;
import static org.understudy.ha.membership.core.ThreeMachines.B;
import static org.understudy.ha.membership.core.ThreeMachines.LEASE_MILLIS;
import static org.understudy.ha.membership.core.ThreeMachines.W;
import static org.understudy.ha.membership.core.ThreeMachines.WEB;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Operation;

/** A group runs on the first of three nodes and is asked to move to the second. */
class PlannedMoveTest {

    private final ThreeMachines three = new ThreeMachines();
    private final List<String> orders = three.orders();
    private final List<String> decided = three.decided();
    private final List<String> operated = three.operated();

    @BeforeEach
    void it_runs_on_a() {
        three.runOnA(false);
    }

    @Test
    void it_goes_on_until_the_other_node_is_ready() {
        move();
        three.pass(5_000);
        assertThat(orders).containsExactly("b prepare web");

        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        three.pass(1_000);
        assertThat(decided).containsExactly("web is granted to b");
    }

    // ---- what is handed out before the release ---------------------------------------------------------------------

    @Test
    void the_node_that_takes_over_needs_nobody_but_the_one_that_gives_up() {
        beControlledByW();
        moveAndMakeReady();
        assertThat(orders).containsExactly("b prepare web", "a stop web");

        three.cut(W);
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(three.learned(B).grant(WEB).map(Grant::proof)).contains(ProofKind.RELEASED);
    }

    @Test
    void what_is_handed_out_is_taken_by_nobody_before_the_release() {
        beControlledByW();
        countHandOuts();
        moveAndMakeReady();
        Ballot wished = three.memory(W).acceptedBallot();

        three.pass(3_000);

        assertThat(handedOut).isPositive();
        for (NodeId node : List.of(A, B, W)) {
            assertThat(three.memory(node).acceptedBallot()).isEqualTo(wished);
            assertThat(three.learned(node).grant(WEB).map(g -> g.holder().node()))
                    .contains(A);
        }
    }

    @Test
    void one_round_writes_the_move_and_everybody_is_told() {
        beControlledByW();
        moveAndMakeReady();
        long wished = three.learned(W).number();
        Ballot round = three.memory(W).promised();

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        for (NodeId node : List.of(A, B, W)) {
            assertThat(three.learned(node).number()).isEqualTo(wished + 1);
            assertThat(three.memory(node).acceptedBallot()).isEqualTo(round);
        }
    }

    @Test
    void a_group_that_fails_before_it_has_gone_is_not_given_away_as_if_it_had_not() {
        beControlledByW();
        move();
        three.pass(100);

        three.give(A, new Input.GroupEnded(WEB, three.token(), Optional.of(Severity.FATAL), "its data is spoilt"));
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(3_000);

        assertThat(orders).doesNotContain("b start web");
        assertThat(three.learned(B).groups().get(WEB).fatal()).contains("its data is spoilt");
    }

    @Test
    void a_record_that_comes_between_is_built_on() {
        beControlledByW();
        moveAndMakeReady();
        three.give(A, new Input.OperationWanted(9, new Operation(Operation.Kind.STANDBY, W, 0, "ann", "to mend it")));
        three.deliver();
        assertThat(three.learned(B).standby()).containsExactly(W);

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(three.learned(B).standby()).containsExactly(W);
    }

    @Test
    void a_controller_that_knows_of_the_release_first_does_not_wait_for_what_it_handed_out_when_that_was_lost() {
        beControlledByW();
        three.lose((to, message) -> message instanceof Message.AcceptOnRelease);
        moveAndMakeReady();

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(holder()).isEqualTo(B);
    }

    @Test
    void a_controller_that_hears_of_the_release_last_learns_what_the_others_have_accepted() {
        beControlledByW();
        three.lose((to, message) -> to.equals(W) && message instanceof Message.Release);
        moveAndMakeReady();

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(three.learned(B).grant(WEB).map(g -> g.holder().node())).contains(B);
        three.lose((to, message) -> false);
        three.pass(1_000);
        assertThat(three.learned(W)).isEqualTo(three.learned(B));
        assertThat(said(Reason.GRANT_OVER)).containsExactly("RELEASED: asked to move to b");
    }

    @Test
    void of_two_groups_that_are_asked_to_move_nothing_is_handed_out() {
        three.give(A, new Input.GroupOffered("mail", ThreeMachines.candidacy(false)));
        three.give(B, new Input.GroupOffered("mail", ThreeMachines.candidacy(false)));
        three.pass(500);
        three.give(A, new Input.StartEnded("mail", three.token(), Optional.empty(), ""));
        three.pass(500);
        three.give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        countHandOuts();
        three.pass(3_000);

        assertThat(three.learned(A).groups().values())
                .allSatisfy(group -> assertThat(group.moveTo()).contains(B));
        assertThat(handedOut).isZero();
    }

    /** Whoever has died while the owner stopped is not granted it: nothing would prove that to be over. */
    @Test
    void a_node_that_is_not_heard_any_more_is_not_granted_it() {
        beControlledByW();
        moveAndMakeReady();
        three.cut(B);
        three.pass(600);

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(100);

        assertThat(orders).containsExactly("b prepare web", "a stop web", "a start web");
        assertThat(holder()).isEqualTo(A);
    }

    /** Whoever hears the target a little longer than the controller has nothing to take by then: what was handed out is withdrawn. */
    @Test
    void what_was_handed_out_is_withdrawn_once_the_controller_does_not_hear_the_target() {
        beControlledByW();
        moveAndMakeReady();
        three.cutLink(B, W);
        three.pass(105);
        three.cut(B);
        three.pass(300);

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(100);

        assertThat(orders).endsWith("a start web");
        assertThat(holder()).isEqualTo(A);
    }

    /** Each write asks for a ballot of its own while something is handed out, so that is done a few times only. */
    @Test
    void while_a_stop_hangs_other_records_are_soon_written_in_one_round_trip_again() {
        beControlledByW();
        moveAndMakeReady();
        AtomicInteger prepares = new AtomicInteger();
        three.lose((to, message) -> {
            prepares.addAndGet(message instanceof Message.Prepare ? 1 : 0);
            handedOut += message instanceof Message.AcceptOnRelease ? 1 : 0;
            return false;
        });
        long number = three.learned(W).number();
        for (int i = 0; i < 10; i++) {
            Operation.Kind kind = i % 2 == 0 ? Operation.Kind.STANDBY : Operation.Kind.ACTIVATE;
            three.give(W, new Input.OperationWanted(100 + i, new Operation(kind, W, 0, "ann", "to try it")));
            three.pass(1_000);
        }

        assertThat(three.learned(W).number()).isEqualTo(number + 10);
        assertThat(handedOut).isBetween(2, 2 * 3);
        assertThat(prepares.get()).isBetween(2, 2 * 3);
    }

    @Test
    void what_was_handed_out_and_lost_is_said_again_within_a_renewal() {
        beControlledByW();
        three.lose((to, message) -> message instanceof Message.AcceptOnRelease);
        moveAndMakeReady();
        three.notices().clear();
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(Timing.standard().renewEvery().toMillis());

        assertThat(orders).endsWith("b start web");
        assertThat(said(Reason.ROUND_ABANDONED)).isEmpty();
        assertThat(said(Reason.GRANT_OVER)).containsExactly("RELEASED: asked to move to b");
    }

    @Test
    void the_reason_is_the_one_that_the_holder_gives() {
        beControlledByW();
        move();
        three.pass(100);
        three.give(A, new Input.LeaveWanted());
        three.notices().clear();
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).endsWith("b start web");
        assertThat(said(Reason.GRANT_OVER)).containsExactly("RELEASED: this node is leaving");
    }

    @Test
    void what_is_decided_is_said_once() {
        beControlledByW();
        moveAndMakeReady();
        three.notices().clear();

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(1_000);

        assertThat(said(Reason.GRANT_OVER)).hasSize(1);
        assertThat(said(Reason.GRANT_MADE)).hasSize(1);
    }

    /** Planned before its time, and not what the move was asked for: it is not handed out, and its round says what it decides. */
    @Test
    void what_was_foreseen_in_vain_is_said_once_as_well() {
        Placement afterDb = Placement.rules().after("db").build();
        three.give(B, new Input.GroupOffered("db", ThreeMachines.candidacy(false)));
        for (NodeId node : List.of(A, B)) {
            three.give(node, new Input.GroupOffered("shop", ThreeMachines.candidacy(false), afterDb));
        }
        three.give(
                A, new Input.GroupOffered("db", ThreeMachines.candidacy(false).withEligibility(false, "no data here")));
        beControlledByW();
        three.pass(1_000);
        long db = three.token();
        three.give(B, new Input.StartEnded("db", db, Optional.empty(), ""));
        three.pass(1_000);
        long shop = three.token();
        three.give(A, new Input.StartEnded("shop", shop, Optional.empty(), ""));
        three.give(A, new Input.MoveWanted(1, "shop", B));
        three.pass(1_000);
        three.give(B, new Input.GroupEnded("db", db, Optional.of(Severity.HARD), "db", "broken"));
        three.give(B, new Input.StopEnded("db", db, true, ""));
        three.pass(1_000);
        assertThat(orders).endsWith("b stop db", "a stop shop");
        three.notices().clear();
        three.give(A, new Input.StopEnded("shop", shop, true, ""));
        three.pass(1_000);

        assertThat(said(Reason.GRANT_OVER)).hasSize(1);
    }

    /** Whose ballot it is is asked by nobody, so it says it. */
    @Test
    void a_controller_that_is_told_what_its_own_round_came_to_tells_the_others() {
        beControlledByW();
        moveAndMakeReady();
        three.lose((to, message) ->
                to.equals(W) && (message instanceof Message.Release || message instanceof Message.Accepted));
        three.cutLink(B, A);
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();
        long before = three.nowMillis();
        while (!knowsThatBHasIt(W) && three.nowMillis() - before < LEASE_MILLIS) {
            three.pass(1);
        }

        assertThat(knowsThatBHasIt(W)).isTrue();
        assertThat(knowsThatBHasIt(A)).isTrue();
    }

    private boolean knowsThatBHasIt(NodeId node) {
        return three.learned(node)
                .grant(WEB)
                .filter(grant -> grant.holder().node().equals(B))
                .isPresent();
    }

    private List<String> said(Reason reason) {
        return three.notices().stream()
                .filter(notice -> notice.reason() == reason)
                .map(notice -> notice.detail().replaceFirst("^.*?(RELEASED)", "$1"))
                .toList();
    }

    private int handedOut;

    private void countHandOuts() {
        three.lose((to, message) -> {
            handedOut += message instanceof Message.AcceptOnRelease ? 1 : 0;
            return false;
        });
    }

    private void beControlledByW() {
        for (NodeId node : List.of(A, B, W)) {
            three.give(node, new Input.ViewChanged(List.of(W, A, B)));
        }
        // It goes on from a record of its own.
        three.give(W, new Input.OperationWanted(7, new Operation(Operation.Kind.ACTIVATE, W, 0, "ann", "to begin")));
        three.pass(500);
    }

    private void moveAndMakeReady() {
        move();
        three.pass(100);
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
    }

    @Test
    void it_stays_where_it_is_if_the_other_cannot_take_it_over() {
        move();
        three.pass(100);

        three.give(
                B,
                new Input.PrepareEnded(
                        WEB, three.comingToken(), Optional.of(Severity.FATAL), "server", "no room for its cache"));
        three.pass(3_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided)
                .containsExactly("b could not take web over: no room for its cache; kept away for 5 s, or until its"
                        + " failures are cleared; it stays on a");
        assertThat(three.learned(A).groups().get(WEB).fatal()).isEmpty();
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_preparation_that_failed_is_begun_anew_as_a_start_would_be() {
        move();
        three.pass(100);
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.of(Severity.SOFT), "server", "busy"));
        three.pass(500);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web", "b prepare web");

        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.of(Severity.SOFT), "server", "busy"));
        three.pass(500);
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.of(Severity.SOFT), "server", "busy"));
        three.pass(3_000);

        assertThat(orders).filteredOn(order -> order.equals("b prepare web")).hasSize(3);
        assertThat(orders).last().isEqualTo("b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_node_that_says_nothing_of_it_is_not_waited_for_longer_than_three_leases() {
        three.lose((to, message) -> message instanceof Message.Succeed);
        move();
        three.pass(2 * LEASE_MILLIS);
        assertThat(orders).containsExactly("b prepare web");

        three.pass(2 * LEASE_MILLIS);

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void it_goes_on_if_the_node_that_makes_ready_is_lost() {
        move();
        three.pass(100);
        three.cut(B);
        three.pass(6 * LEASE_MILLIS);

        assertThat(orders).containsExactly("b prepare web");
        assertThat(holder()).isEqualTo(A);
        assertThat(three.learned(A).groups().get(WEB).moveTo()).isEmpty();
    }

    @Test
    void a_word_that_was_lost_is_said_again() {
        three.lose((to, message) -> message instanceof Message.Succeed);
        move();
        three.pass(100);
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
        assertThat(orders).containsExactly("b prepare web");

        three.lose((to, message) -> false);
        three.pass(LEASE_MILLIS / 2);

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void what_was_made_ready_is_given_back_when_the_other_dies_meanwhile() {
        move();
        three.pass(100);

        three.give(A, new Input.GroupEnded(WEB, three.token(), Optional.of(Severity.SOFT), "broken"));
        three.deliver();
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(1_000);

        // Whether it is started again where it failed or where it was to go: nothing that was made ready is left over.
        assertThat(orders).last().isIn("b start web", "b unprepare web", "a start web");
        assertThat(orders).filteredOn(order -> order.endsWith("start web")).hasSize(1);
    }

    @Test
    void what_leaves_a_node_on_standby_is_made_ready_elsewhere_first() {
        three.give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        three.pass(5_000);
        assertThat(orders).containsExactly("b prepare web");

        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void a_node_that_is_activated_again_keeps_what_has_not_left_it() {
        three.give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        three.pass(500);
        three.give(A, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "ann", "not now")));
        three.pass(3_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void whoever_asked_for_a_move_hears_that_the_node_was_activated_again() {
        move();
        three.pass(500);
        three.give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        three.pass(500);
        three.give(A, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        three.pass(500);

        assertThat(holder()).isEqualTo(A);
        assertThat(decided).containsExactly("a was activated again, so web stays there; ask again to move it");
    }

    @Test
    void a_node_that_closes_waits_for_no_successor() {
        move();
        three.pass(500);
        assertThat(orders).containsExactly("b prepare web");

        three.give(A, new Input.LeaveWanted());
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(decided).containsExactly("web is granted to b");
    }

    @Test
    void a_node_on_standby_that_closes_waits_for_no_successor() {
        three.give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        three.pass(500);
        assertThat(orders).containsExactly("b prepare web");

        three.give(A, new Input.LeaveWanted());
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(100);

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        assertThat(operated).containsExactly("w true: done");
    }

    @Test
    void a_move_to_a_node_that_closes_is_over_at_once() {
        move();
        three.pass(500);

        three.give(B, new Input.LeaveWanted());
        three.pass(100);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided)
                .containsExactly(
                        "b could not take web over: b is not in the cluster now; there are [a, w]; it stays on a");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_to_a_node_that_is_put_on_standby_is_over_at_once() {
        move();
        three.pass(500);

        three.give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, B, 0, "ann", "to mend it")));
        three.pass(100);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided)
                .containsExactly("b could not take web over: b is on standby; activate it first; it stays on a");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_that_was_asked_for_elsewhere_is_decided_there_when_the_node_that_it_leaves_is_drained() {
        three.give(W, new Input.MoveWanted(1, WEB, B));
        three.pass(500);
        three.give(B, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        three.pass(500);
        assertThat(orders).containsExactly("b prepare web");
        assertThat(decided).isEmpty();

        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.deliver();

        assertThat(decided).containsExactly("web is granted to b");
        assertThat(operated).containsExactly("b true: done");
    }

    @Test
    void a_node_on_standby_stops_what_nobody_else_can_run() {
        three.give(B, new Input.EligibilityChanged(WEB, false, "no licence"));
        three.pass(1_000);
        three.give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        three.pass(500);

        assertThat(orders).containsExactly("a stop web");
    }

    @Test
    void a_move_to_where_it_is_calls_off_the_one_under_way() {
        move();
        three.pass(100);
        three.give(A, new Input.MoveWanted(2, WEB, A));
        three.pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided)
                .containsExactlyInAnyOrder(
                        "the move of web to b was withdrawn; it is granted to a", "web is granted to a");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_back_that_meets_another_change_of_the_record_is_not_lost() {
        move();
        three.pass(100);
        three.give(A, new Input.OperationWanted(9, new Operation(Operation.Kind.STANDBY, W, 0, "ann", "to mend it")));
        three.give(A, new Input.MoveWanted(2, WEB, A));
        three.pass(1_000);
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_back_is_not_called_done_while_only_its_asker_knows_of_it() {
        move();
        three.pass(100);
        three.lose((to, message) -> message instanceof Message.Move);
        three.give(W, new Input.MoveWanted(2, WEB, A));
        three.deliver();
        three.give(A, new Input.OperationWanted(9, new Operation(Operation.Kind.STANDBY, W, 0, "ann", "to mend it")));
        three.deliver();
        assertThat(decided).isEmpty();

        three.lose((to, message) -> false);
        three.pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided).contains("web is granted to a");
    }

    @Test
    void an_activation_is_not_undone_by_a_drain_that_is_still_repeated() {
        three.give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        three.pass(520);
        three.lose((to, message) -> to.equals(W));
        three.give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        three.pass(150);
        three.lose((to, message) -> false);
        three.pass(3_000);

        assertThat(three.learned(A).standby()).isEmpty();
        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(operated)
                .containsExactlyInAnyOrder("w false: it was activated before everything had left it", "b true: done");
    }

    @Test
    void an_activation_is_not_undone_by_a_standby_of_which_its_asker_has_not_heard() {
        three.lose((to, message) ->
                to.equals(W) && (message instanceof Message.Chosen || message instanceof Message.Accept));
        three.give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        three.pass(30);
        three.give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        three.pass(250);
        three.lose((to, message) -> false);
        three.pass(3_000);

        assertThat(three.learned(A).standby()).isEmpty();
        assertThat(operated)
                .hasSize(2)
                .contains("b true: done")
                .last()
                .asString()
                .startsWith("w false: ");
    }

    @Test
    void an_activation_asked_where_the_standby_is_not_known_yet_is_not_called_done_for_that() {
        three.lose((to, message) -> to.equals(B)
                        && (message instanceof Message.Chosen
                                || message instanceof Message.Accept
                                || message instanceof Message.Operate)
                || isActivation(message));
        three.give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        three.pass(100);
        assertThat(operated).containsExactly("w true: done");
        assertThat(three.learned(B).standby()).isEmpty();
        three.give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        three.pass(2 * LEASE_MILLIS);
        assertThat(operated).containsExactly("w true: done");

        three.lose((to, message) -> false);
        three.pass(1_000);

        assertThat(three.learned(A).standby()).isEmpty();
        assertThat(operated).containsExactly("w true: done", "b true: done");
    }

    @Test
    void an_activation_of_a_node_that_is_active_is_done_within_a_renewal_or_two() {
        three.give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "to be sure")));
        three.pass(2 * Timing.standard().renewEvery().toMillis());

        assertThat(operated).containsExactly("b true: done");
    }

    @Test
    void nobody_is_told_that_nothing_is_to_do_by_a_node_that_no_majority_answers() {
        three.cut(B);
        three.pass(100);
        three.give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "to be sure")));
        three.pass(30_000);

        assertThat(operated)
                .singleElement()
                .asString()
                .startsWith("b false: not done within")
                .contains("no majority says that there is none newer");
    }

    private static boolean isActivation(Message message) {
        return message instanceof Message.Operate said && said.operation().kind() == Operation.Kind.ACTIVATE;
    }

    @Test
    void it_stops_before_the_other_is_ready_if_what_it_starts_after_does_not_run() {
        Placement afterDb = Placement.rules().after("db").build();
        three.give(B, new Input.GroupOffered("db", ThreeMachines.candidacy(false)));
        for (NodeId node : List.of(A, B)) {
            three.give(node, new Input.GroupOffered("shop", ThreeMachines.candidacy(false), afterDb));
        }
        three.give(
                A, new Input.GroupOffered("db", ThreeMachines.candidacy(false).withEligibility(false, "no data here")));
        three.pass(1_000);
        long db = three.token();
        three.give(B, new Input.StartEnded("db", db, Optional.empty(), ""));
        three.pass(1_000);
        assertThat(orders).containsExactly("b start db", "a start shop");
        three.give(A, new Input.StartEnded("shop", three.token(), Optional.empty(), ""));
        three.give(A, new Input.MoveWanted(1, "shop", B));
        three.pass(1_000);
        assertThat(orders).containsExactly("b start db", "a start shop", "b prepare shop");

        three.give(B, new Input.GroupEnded("db", db, Optional.of(Severity.HARD), "db", "broken"));
        three.give(B, new Input.StopEnded("db", db, true, ""));
        three.pass(1_000);

        assertThat(orders).endsWith("b stop db", "a stop shop");
    }

    @Test
    void something_more_urgent_that_nobody_can_run_hurries_no_move() {
        three.give(
                B,
                new Input.GroupOffered(
                        "shop",
                        ThreeMachines.candidacy(false).withEligibility(false, "no licence"),
                        Placement.rules().priority(1).build()));
        three.pass(1_000);
        move();
        three.pass(1_000);

        assertThat(orders).containsExactly("b prepare web");
    }

    @Test
    void what_makes_room_for_something_more_urgent_stops_before_the_other_is_ready() {
        Placement urgent = Placement.rules().priority(1).apart(WEB).build();
        three.give(
                B,
                new Input.GroupOffered(
                        "shop", ThreeMachines.candidacy(false).withEligibility(false, "no licence"), urgent));
        three.give(A, new Input.GroupOffered("shop", ThreeMachines.candidacy(false), urgent));
        three.pass(1_000);
        assertThat(orders).containsExactlyInAnyOrder("a stop web", "b prepare web");

        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(1_000);

        assertThat(orders).contains("a start shop", "b start web");
    }

    @Test
    void a_word_about_an_earlier_preparation_says_nothing_of_the_next() {
        List<Message> said = new ArrayList<>();
        move();
        three.pass(100);
        three.lose((to, message) -> message instanceof Message.Succeed && said.add(message));
        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
        three.lose((to, message) -> false);
        three.give(A, new Input.MoveWanted(2, WEB, A));
        three.pass(1_000);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web");

        said.forEach(message -> three.give(A, new Input.Received(B, message)));
        three.give(A, new Input.MoveWanted(3, WEB, B));
        three.pass(1_000);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web", "b prepare web");

        three.give(B, new Input.PrepareEnded(WEB, three.comingToken(), Optional.empty(), "", ""));
        three.deliver();
        assertThat(orders).endsWith("b prepare web", "a stop web");
    }

    @Test
    void a_word_about_another_grant_stops_nothing() {
        move();
        three.pass(100);

        three.give(
                A,
                new Input.Received(
                        B, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, three.token() - 1, 99, true)))));
        three.give(
                A,
                new Input.Received(
                        W, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, three.token(), 99, true)))));
        three.give(
                A,
                new Input.Received(
                        B, new Message.Succeed(List.of(new Message.Succeed.Word("mail", three.token(), 99, true)))));
        three.pass(100);

        assertThat(orders).containsExactly("b prepare web");
    }

    private void move() {
        three.give(A, new Input.MoveWanted(1, WEB, B));
        three.deliver();
    }

    private NodeId holder() {
        return three.learned(A).grant(WEB).map(Grant::holder).orElseThrow().node();
    }
}
