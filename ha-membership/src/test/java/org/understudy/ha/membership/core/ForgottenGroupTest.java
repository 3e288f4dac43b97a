package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;

/** Three nodes whose messages and disks take no time; a group that runs on the first is taken out of the record while that one is away. */
class ForgottenGroupTest {

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
    private long now = 1_000 * MILLI;
    private long token;

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
    void whoever_was_away_meanwhile_looks_anew_whether_it_is_active() {
        give(B, new Input.GroupWithdrawn(WEB));
        pass(500);
        NodeMachine away = machines.remove(A);
        pass(3 * Timing.standard().leaseNanos() / MILLI);
        give(
                W,
                new Input.OperationWanted(
                        1, new Operation(Operation.Kind.FORGET, A, 0, Optional.of(Target.group(WEB)), "ann", "old")));
        pass(1_000);
        assertThat(learned(W).groups()).doesNotContainKey(WEB);

        machines.put(A, away);
        give(A, new Input.Tick());
        give(A, new Input.StopEnded(WEB, token, true, ""));
        pass(3_000);
        assertThat(offered()).contains(Presence.UNKNOWN);

        give(A, new Input.Probed(WEB, Presence.ABSENT));
        pass(1_000);
        assertThat(offered()).contains(Presence.ABSENT);
    }

    private Optional<Presence> offered() {
        return Optional.ofNullable(learned(W).sessions().get(A))
                .map(session -> session.candidacies().get(WEB))
                .map(Candidacy::presence);
    }

    private ClusterRecord learned(NodeId node) {
        return machines.get(node).learned().orElseThrow();
    }

    // ---- driving -------------------------------------------------------------------------------------------------

    private static Candidacy candidacy() {
        return new Candidacy(List.of(A, B), false, true, "", Presence.ABSENT, true, List.of());
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
        }
    }

    private void deliver() {
        while (!wire.isEmpty()) {
            Sent sent = wire.remove();
            if (machines.containsKey(sent.to())) {
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
