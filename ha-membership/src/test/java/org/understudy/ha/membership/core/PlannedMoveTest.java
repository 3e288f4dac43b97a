package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;

/** Three nodes whose messages and disks take no time; a group runs on the first and is asked to move to the second. */
class PlannedMoveTest {

    private static final long MILLI = 1_000_000L;
    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");
    private static final NodeId W = NodeId.of("w");
    private static final String WEB = "web";
    private static final WillVerifier NO_WILLS = new WillVerifier() {
        @Override
        public Optional<Incarnation> author(byte[] datagram) {
            return Optional.empty();
        }

        @Override
        public Optional<Will> verify(byte[] datagram, String publicKey) {
            return Optional.empty();
        }
    };

    private record Sent(NodeId from, NodeId to, Message message) {}

    private final Map<NodeId, NodeMachine> machines = new TreeMap<>();
    private final ArrayDeque<Sent> wire = new ArrayDeque<>();
    private final List<String> orders = new ArrayList<>();
    private final List<String> decided = new ArrayList<>();
    private final List<String> operated = new ArrayList<>();
    private long now = 1_000 * MILLI;
    private long token;
    private long asked;
    private final Set<NodeId> lost = new TreeSet<>();
    private BiPredicate<NodeId, Message> isLost = (to, message) -> false;

    @BeforeEach
    void it_runs_on_a() {
        for (NodeId node : List.of(A, B, W)) {
            machines.put(
                    node,
                    new NodeMachine(
                            new NodeSettings(
                                    "shop",
                                    node,
                                    List.of(A, B, W),
                                    node.value().repeat(2),
                                    Timing.standard(),
                                    true,
                                    "",
                                    HostIdentity.UNKNOWN,
                                    true,
                                    70),
                            DurableState.EMPTY,
                            now,
                            NO_WILLS));
        }
        for (NodeId node : List.of(A, B)) {
            give(node, new Input.GroupOffered(WEB, candidacy()));
        }
        pass(3_000);
        assertThat(orders).containsExactly("a start web");
        give(A, new Input.StartEnded(WEB, token, Optional.empty(), ""));
        pass(500);
        orders.clear();
    }

    @Test
    void it_goes_on_until_the_other_node_is_ready() {
        move();
        pass(5_000);
        assertThat(orders).containsExactly("b prepare web");

        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        deliver();
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        give(A, new Input.StopEnded(WEB, token, true, ""));
        deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web", "b start web");
        pass(1_000);
        assertThat(decided).containsExactly("web is granted to b");
    }

    @Test
    void it_stays_where_it_is_if_the_other_cannot_take_it_over() {
        move();
        pass(100);

        give(B, new Input.PrepareEnded(WEB, asked, Optional.of(Severity.FATAL), "server", "no room for its cache"));
        pass(3_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided).containsExactly("b could not take web over: no room for its cache; it stays on a");
        assertThat(machines.get(A).learned().orElseThrow().groups().get(WEB).fatal())
                .isEmpty();
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_preparation_that_failed_is_begun_anew_as_a_start_would_be() {
        move();
        pass(100);
        give(B, new Input.PrepareEnded(WEB, asked, Optional.of(Severity.SOFT), "server", "busy"));
        pass(500);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web", "b prepare web");

        give(B, new Input.PrepareEnded(WEB, asked, Optional.of(Severity.SOFT), "server", "busy"));
        pass(500);
        give(B, new Input.PrepareEnded(WEB, asked, Optional.of(Severity.SOFT), "server", "busy"));
        pass(3_000);

        assertThat(orders).filteredOn(order -> order.equals("b prepare web")).hasSize(3);
        assertThat(orders).last().isEqualTo("b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_node_that_says_nothing_of_it_is_not_waited_for_longer_than_three_leases() {
        isLost = (to, message) -> message instanceof Message.Succeed;
        move();
        pass(2 * Timing.standard().leaseNanos() / MILLI);
        assertThat(orders).containsExactly("b prepare web");

        pass(2 * Timing.standard().leaseNanos() / MILLI);

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void it_goes_on_if_the_node_that_makes_ready_is_lost() {
        move();
        pass(100);
        lost.add(B);
        pass(6 * Timing.standard().leaseNanos() / MILLI);

        assertThat(orders).containsExactly("b prepare web");
        assertThat(holder()).isEqualTo(A);
        assertThat(machines.get(A).learned().orElseThrow().groups().get(WEB).moveTo())
                .isEmpty();
    }

    @Test
    void a_word_that_was_lost_is_said_again() {
        isLost = (to, message) -> message instanceof Message.Succeed;
        move();
        pass(100);
        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        deliver();
        assertThat(orders).containsExactly("b prepare web");

        isLost = (to, message) -> false;
        pass(Timing.standard().leaseNanos() / MILLI / 2);

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void what_was_made_ready_is_given_back_when_the_other_dies_meanwhile() {
        move();
        pass(100);

        give(A, new Input.GroupEnded(WEB, token, Optional.of(Severity.SOFT), "broken"));
        deliver();
        assertThat(orders).containsExactly("b prepare web", "a stop web");
        give(A, new Input.StopEnded(WEB, token, true, ""));
        pass(1_000);

        // Whether it is started again where it failed or where it was to go: nothing that was made ready is left over.
        assertThat(orders).last().isIn("b start web", "b unprepare web", "a start web");
        assertThat(orders).filteredOn(order -> order.endsWith("start web")).hasSize(1);
    }

    @Test
    void what_leaves_a_node_on_standby_is_made_ready_elsewhere_first() {
        give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        pass(5_000);
        assertThat(orders).containsExactly("b prepare web");

        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        deliver();

        assertThat(orders).containsExactly("b prepare web", "a stop web");
    }

    @Test
    void a_node_that_is_activated_again_keeps_what_has_not_left_it() {
        give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        pass(500);
        give(A, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "ann", "not now")));
        pass(3_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void whoever_asked_for_a_move_hears_that_the_node_was_activated_again() {
        move();
        pass(500);
        give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        pass(500);
        give(A, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        pass(500);

        assertThat(holder()).isEqualTo(A);
        assertThat(decided).containsExactly("a was activated again, so web stays there; ask again to move it");
    }

    @Test
    void a_node_on_standby_stops_what_nobody_else_can_run() {
        give(B, new Input.EligibilityChanged(WEB, false, "no licence"));
        pass(1_000);
        give(A, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        pass(500);

        assertThat(orders).containsExactly("a stop web");
    }

    @Test
    void a_move_to_where_it_is_calls_off_the_one_under_way() {
        move();
        pass(100);
        give(A, new Input.MoveWanted(2, WEB, A));
        pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided)
                .containsExactlyInAnyOrder(
                        "the move of web to b was withdrawn; it is granted to a", "web is granted to a");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_back_that_meets_another_change_of_the_record_is_not_lost() {
        move();
        pass(100);
        give(A, new Input.OperationWanted(9, new Operation(Operation.Kind.STANDBY, W, 0, "ann", "to mend it")));
        give(A, new Input.MoveWanted(2, WEB, A));
        pass(1_000);
        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(holder()).isEqualTo(A);
    }

    @Test
    void a_move_back_is_not_called_done_while_only_its_asker_knows_of_it() {
        move();
        pass(100);
        isLost = (to, message) -> message instanceof Message.Move;
        give(W, new Input.MoveWanted(2, WEB, A));
        deliver();
        give(A, new Input.OperationWanted(9, new Operation(Operation.Kind.STANDBY, W, 0, "ann", "to mend it")));
        deliver();
        assertThat(decided).isEmpty();

        isLost = (to, message) -> false;
        pass(1_000);

        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(decided).contains("web is granted to a");
    }

    @Test
    void an_activation_is_not_undone_by_a_drain_that_is_still_repeated() {
        give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it")));
        pass(520);
        isLost = (to, message) -> to.equals(W);
        give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        pass(150);
        isLost = (to, message) -> false;
        pass(3_000);

        assertThat(machines.get(A).learned().orElseThrow().standby()).isEmpty();
        assertThat(orders).containsExactly("b prepare web", "b unprepare web");
        assertThat(operated)
                .containsExactlyInAnyOrder("w false: it was activated before everything had left it", "b true: done");
    }

    @Test
    void an_activation_is_not_undone_by_a_standby_of_which_its_asker_has_not_heard() {
        isLost = (to, message) ->
                to.equals(W) && (message instanceof Message.Chosen || message instanceof Message.Accept);
        give(W, new Input.OperationWanted(1, new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it")));
        pass(30);
        give(B, new Input.OperationWanted(2, new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now")));
        pass(250);
        isLost = (to, message) -> false;
        pass(3_000);

        assertThat(machines.get(A).learned().orElseThrow().standby()).isEmpty();
        assertThat(operated)
                .hasSize(2)
                .contains("b true: done")
                .last()
                .asString()
                .startsWith("w false: ");
    }

    @Test
    void it_stops_before_the_other_is_ready_if_what_it_starts_after_does_not_run() {
        Placement afterDb = Placement.rules().after("db").build();
        give(B, new Input.GroupOffered("db", candidacy()));
        for (NodeId node : List.of(A, B)) {
            give(node, new Input.GroupOffered("shop", candidacy(), afterDb));
        }
        give(A, new Input.GroupOffered("db", candidacy().withEligibility(false, "no data here")));
        pass(1_000);
        long db = token;
        give(B, new Input.StartEnded("db", db, Optional.empty(), ""));
        pass(1_000);
        assertThat(orders).containsExactly("b start db", "a start shop");
        give(A, new Input.StartEnded("shop", token, Optional.empty(), ""));
        give(A, new Input.MoveWanted(1, "shop", B));
        pass(1_000);
        assertThat(orders).containsExactly("b start db", "a start shop", "b prepare shop");

        give(B, new Input.GroupEnded("db", db, Optional.of(Severity.HARD), "db", "broken"));
        give(B, new Input.StopEnded("db", db, true, ""));
        pass(1_000);

        assertThat(orders).endsWith("b stop db", "a stop shop");
    }

    @Test
    void something_more_urgent_that_nobody_can_run_hurries_no_move() {
        give(
                B,
                new Input.GroupOffered(
                        "shop",
                        candidacy().withEligibility(false, "no licence"),
                        Placement.rules().priority(1).build()));
        pass(1_000);
        move();
        pass(1_000);

        assertThat(orders).containsExactly("b prepare web");
    }

    @Test
    void what_makes_room_for_something_more_urgent_stops_before_the_other_is_ready() {
        Placement urgent = Placement.rules().priority(1).apart(WEB).build();
        give(B, new Input.GroupOffered("shop", candidacy().withEligibility(false, "no licence"), urgent));
        give(A, new Input.GroupOffered("shop", candidacy(), urgent));
        pass(1_000);
        assertThat(orders).containsExactlyInAnyOrder("a stop web", "b prepare web");

        give(A, new Input.StopEnded(WEB, token, true, ""));
        pass(1_000);

        assertThat(orders).contains("a start shop", "b start web");
    }

    @Test
    void a_word_about_an_earlier_preparation_says_nothing_of_the_next() {
        List<Message> said = new ArrayList<>();
        move();
        pass(100);
        isLost = (to, message) -> message instanceof Message.Succeed && said.add(message);
        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        deliver();
        isLost = (to, message) -> false;
        give(A, new Input.MoveWanted(2, WEB, A));
        pass(1_000);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web");

        said.forEach(message -> give(A, new Input.Received(B, message)));
        give(A, new Input.MoveWanted(3, WEB, B));
        pass(1_000);
        assertThat(orders).containsExactly("b prepare web", "b unprepare web", "b prepare web");

        give(B, new Input.PrepareEnded(WEB, asked, Optional.empty(), "", ""));
        deliver();
        assertThat(orders).endsWith("b prepare web", "a stop web");
    }

    @Test
    void a_word_about_another_grant_stops_nothing() {
        move();
        pass(100);

        give(
                A,
                new Input.Received(
                        B, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, token - 1, 99, true)))));
        give(A, new Input.Received(W, new Message.Succeed(List.of(new Message.Succeed.Word(WEB, token, 99, true)))));
        give(A, new Input.Received(B, new Message.Succeed(List.of(new Message.Succeed.Word("mail", token, 99, true)))));
        pass(100);

        assertThat(orders).containsExactly("b prepare web");
    }

    // ---- driving -------------------------------------------------------------------------------------------------

    private void move() {
        give(A, new Input.MoveWanted(1, WEB, B));
        deliver();
    }

    private NodeId holder() {
        return machines.get(A)
                .learned()
                .orElseThrow()
                .grant(WEB)
                .map(Grant::holder)
                .orElseThrow()
                .node();
    }

    private static Candidacy candidacy() {
        return new Candidacy(List.of(A, B), false, true, "", Presence.ABSENT, false, List.of());
    }

    private void give(NodeId node, Input input) {
        Step<Effect, DurableState> step = machines.get(node).handle(now, input);
        step.urgent().forEach(effect -> take(node, effect));
        if (step.persist().isPresent()) {
            give(node, new Input.Persisted(step.persistNumber()));
        }
        step.then().forEach(effect -> take(node, effect));
    }

    private void take(NodeId node, Effect effect) {
        if (effect instanceof Effect.Send send) {
            wire.add(new Sent(node, send.to(), send.message()));
        } else if (effect instanceof Effect.StartGroup start) {
            orders.add(node + " start " + start.group());
            token = start.token();
        } else if (effect instanceof Effect.StopGroup stop) {
            orders.add(node + " stop " + stop.group());
        } else if (effect instanceof Effect.PrepareGroup prepare) {
            orders.add(node + " prepare " + prepare.group());
            asked = prepare.token();
        } else if (effect instanceof Effect.UnprepareGroup unprepare) {
            orders.add(node + " unprepare " + unprepare.group());
        } else if (effect instanceof Effect.MoveDecided move) {
            decided.add(move.why());
        } else if (effect instanceof Effect.OperationDecided operation) {
            operated.add(node + " " + operation.isDone() + ": " + operation.why());
        }
    }

    private void deliver() {
        while (!wire.isEmpty()) {
            Sent sent = wire.remove();
            if (!isLost.test(sent.to(), sent.message()) && !lost.contains(sent.to()) && !lost.contains(sent.from())) {
                give(sent.to(), new Input.Received(sent.from(), sent.message()));
            }
        }
    }

    private void pass(long millis) {
        long end = now + millis * MILLI;
        deliver();
        for (Optional<NodeId> next = next(end); next.isPresent(); next = next(end)) {
            now = Math.max(now, machines.get(next.get()).nextDeadlineNanos());
            give(next.get(), new Input.Tick());
            deliver();
        }
        now = end;
    }

    private Optional<NodeId> next(long end) {
        return machines.keySet().stream()
                .filter(node -> machines.get(node).nextDeadlineNanos() <= end)
                .min(Comparator.comparing(node -> machines.get(node).nextDeadlineNanos()));
    }
}
