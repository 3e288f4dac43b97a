package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.ThreeMachines.A;
import static org.understudy.ha.membership.core.ThreeMachines.B;
import static org.understudy.ha.membership.core.ThreeMachines.LEASE_MILLIS;
import static org.understudy.ha.membership.core.ThreeMachines.W;
import static org.understudy.ha.membership.core.ThreeMachines.WEB;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Operation;

/** A group runs on the first of three nodes and is asked to move to the second. */
class PlannedMoveTest {

    private final ThreeMachines three = new ThreeMachines();
    private final List<String> orders = three.orders();
    private final List<String> decided = three.decided();

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
        assertThat(decided).containsExactly("b could not take web over: no room for its cache; it stays on a");
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
                        "b could not take web over; it stays or went elsewhere", "web is granted to a");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_word_about_another_grant_stops_nothing() {
        move();
        three.pass(100);

        three.give(
                A,
                new Input.Received(
                        B, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, three.token() - 1, true)))));
        three.give(
                A,
                new Input.Received(
                        W, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, three.token(), true)))));
        three.give(
                A,
                new Input.Received(
                        B, new Message.Succeed(List.of(new Message.Succeed.Word("mail", three.token(), true)))));
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
