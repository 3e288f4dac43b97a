package org.understudy.ha.membership.core;

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
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;

/** Three nodes whose messages and disks take no time: a and b, which may run a group named web, and w, which only votes. */
final class ThreeMachines {

    static final NodeId A = NodeId.of("a");
    static final NodeId B = NodeId.of("b");
    static final NodeId W = NodeId.of("w");
    static final String WEB = "web";
    static final long LEASE_MILLIS = Timing.standard().leaseNanos() / 1_000_000L;

    private static final long MILLI = 1_000_000L;
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
    private final List<Notice> notices = new ArrayList<>();
    private final Set<NodeId> lost = new TreeSet<>();
    private final Set<String> cutLinks = new TreeSet<>();
    private BiPredicate<NodeId, Message> isLost = (to, message) -> false;
    private long now = 1_000 * MILLI;
    private long token;
    private long comingToken;

    ThreeMachines() {
        for (NodeId node : List.of(A, B, W)) {
            NodeSettings settings = new NodeSettings(
                    "shop",
                    node,
                    List.of(A, B, W),
                    node.value().repeat(2),
                    Timing.standard(),
                    true,
                    "",
                    HostIdentity.UNKNOWN,
                    true,
                    70);
            machines.put(node, new NodeMachine(settings, DurableState.EMPTY, now, NO_WILLS));
        }
    }

    /** The group is offered by a and b, and started on a; what was ordered for that is not among the orders any more. */
    void runOnA(boolean isExpirable) {
        for (NodeId node : List.of(A, B)) {
            give(node, new Input.GroupOffered(WEB, candidacy(isExpirable)));
        }
        pass(3_000);
        if (!orders.equals(List.of("a start web"))) {
            throw new AssertionError("it was to be started on a alone, but was ordered: " + orders);
        }
        give(A, new Input.StartEnded(WEB, token, Optional.empty(), ""));
        pass(500);
        orders.clear();
    }

    /** Of a node that may run a group and prefers a. */
    static Candidacy candidacy(boolean isExpirable) {
        return new Candidacy(List.of(A, B), false, true, "", Presence.ABSENT, isExpirable, List.of());
    }

    /** What nodes were ordered for groups, in order: node, verb, group. */
    List<String> orders() {
        return orders;
    }

    /** What became of the moves that were asked for. */
    List<String> decided() {
        return decided;
    }

    /** What became of an operator's words: the node that was asked, whether it is done, and why. */
    List<String> operated() {
        return operated;
    }

    /** Under which a group was started last. */
    long token() {
        return token;
    }

    /** Under which the group runs elsewhere that a node was last asked to make ready for. */
    long comingToken() {
        return comingToken;
    }

    ClusterRecord learned(NodeId node) {
        return machines.get(node).learned().orElseThrow();
    }

    /** What a node's acceptor holds. */
    DurableState memory(NodeId node) {
        return machines.get(node).memory();
    }

    /** What was said to people, on whichever node. */
    List<Notice> notices() {
        return notices;
    }

    long nowMillis() {
        return now / MILLI;
    }

    /** From now on nothing reaches a node, or leaves it; it goes on by itself. */
    void cut(NodeId node) {
        lost.add(node);
    }

    /** From now on nothing that one node says reaches another. */
    void cutLink(NodeId from, NodeId to) {
        cutLinks.add(from + " to " + to);
    }

    /** From now on these messages do not arrive at a node. */
    void lose(BiPredicate<NodeId, Message> messages) {
        isLost = messages;
    }

    /** A node stands still, and nothing reaches it. */
    NodeMachine takeAway(NodeId node) {
        return machines.remove(node);
    }

    void bringBack(NodeId node, NodeMachine machine) {
        machines.put(node, machine);
    }

    void give(NodeId node, Input input) {
        Step<Effect, DurableState> step = machines.get(node).handle(now, input);
        notices.addAll(step.notices());
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
            comingToken = prepare.token();
        } else if (effect instanceof Effect.UnprepareGroup unprepare) {
            orders.add(node + " unprepare " + unprepare.group());
        } else if (effect instanceof Effect.MoveDecided move) {
            decided.add(move.why());
        } else if (effect instanceof Effect.OperationDecided operation) {
            operated.add(node + " " + operation.isDone() + ": " + operation.why());
        }
    }

    /** Delivers until nobody says anything. */
    void deliver() {
        while (!wire.isEmpty()) {
            Sent sent = wire.remove();
            boolean isCut = lost.contains(sent.to())
                    || lost.contains(sent.from())
                    || cutLinks.contains(sent.from() + " to " + sent.to());
            if (machines.containsKey(sent.to()) && !isCut && !isLost.test(sent.to(), sent.message())) {
                give(sent.to(), new Input.Received(sent.from(), sent.message()));
            }
        }
    }

    void pass(long millis) {
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
