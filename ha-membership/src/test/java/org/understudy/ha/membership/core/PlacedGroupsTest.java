package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;

/** A node alone in its cluster, with groups that have rules. What a resource does is answered by the test. */
class PlacedGroupsTest {

    private static final long MILLI = 1_000_000L;
    private static final NodeId A = NodeId.of("a");
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

    private long now = 1_000 * MILLI;
    private long requests;
    private final NodeMachine machine = new NodeMachine(
            new NodeSettings(
                    "shop",
                    A,
                    List.of(A),
                    "aa",
                    Timing.standard(),
                    true,
                    "",
                    HostIdentity.UNKNOWN,
                    true,
                    70,
                    new TreeMap<>(Map.of("memory", 8)),
                    List.of()),
            DurableState.EMPTY,
            now,
            NO_WILLS);
    private final List<String> orders = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private final List<String> decided = new ArrayList<>();
    private final TreeMap<String, Long> tokens = new TreeMap<>();

    @Test
    void what_starts_after_another_waits_until_that_runs() {
        offer("web", Placement.rules().after("net").build());
        offer("net", Placement.NONE);
        pass(2_000);
        assertThat(orders).containsExactly("start net");

        started("net");
        pass(1_000);

        assertThat(orders).containsExactly("start net", "start web");
    }

    @Test
    void standby_stops_what_others_need_after_them() {
        offer("web", Placement.rules().after("net").build());
        offer("net", Placement.NONE);
        pass(2_000);
        started("net");
        pass(1_000);
        started("web");
        orders.clear();

        operate(new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to try"));
        pass(2_000);
        assertThat(orders).containsExactly("stop web");
        stopped("web");
        pass(1_000);
        assertThat(orders).containsExactly("stop web", "stop net");
        assertThat(decided).isEmpty();
        stopped("net");
        pass(1_000);

        assertThat(decided).containsExactly("done");
    }

    @Test
    void a_node_that_leaves_stops_last_what_others_start_after_and_the_rest_at_once() {
        offer("app", Placement.rules().after("db").build());
        offer("db", Placement.rules().after("net").build());
        offer("net", Placement.NONE);
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        started("net");
        pass(1_000);
        started("db");
        pass(1_000);
        started("app");
        orders.clear();

        give(new Input.LeaveWanted());
        assertThat(orders).containsExactly("stop app", "stop web");
        stopped("app");
        assertThat(orders).containsExactly("stop app", "stop web", "stop db");
        stopped("web");
        stopped("db");
        assertThat(orders).containsExactly("stop app", "stop web", "stop db", "stop net");
        stopped("net");
        pass(1_000);

        assertThat(machine.incarnation()).isEmpty();
    }

    @Test
    void a_node_that_leaves_does_not_wait_for_what_could_not_be_stopped() {
        offer("web", Placement.rules().after("net").build());
        offer("net", Placement.NONE);
        pass(2_000);
        started("net");
        pass(1_000);
        started("web");
        orders.clear();

        give(new Input.LeaveWanted());
        assertThat(orders).containsExactly("stop web");
        give(new Input.StopEnded("web", tokens.get("web"), false, "it hangs"));

        assertThat(orders).containsExactly("stop web", "stop net");
    }

    @Test
    void a_drain_can_be_called_off() {
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        orders.clear();
        operate(new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to try"));
        pass(500);
        assertThat(orders).containsExactly("stop web");

        operate(new Operation(Operation.Kind.ACTIVATE, A, 0, "ann", "not now"));
        pass(2_000);
        stopped("web");
        pass(2_000);

        assertThat(machine.learned().orElseThrow().standby()).isEmpty();
        assertThat(decided).containsExactlyInAnyOrder("it was activated before everything had left it", "done");
        assertThat(orders).containsExactly("stop web", "start web");
    }

    @Test
    void what_fails_in_maintenance_is_let_be_and_looked_at_again() {
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        orders.clear();
        operate(maintenance(Operation.Kind.MAINTAIN, Target.group("web")));
        pass(1_000);

        give(new Input.GroupEnded("web", tokens.get("web"), Optional.of(Severity.SOFT), "broken"));
        pass(2_000);
        assertThat(orders).isEmpty();
        assertThat(notices).anyMatch(line -> line.contains("broken; in maintenance, so nothing is done about it"));

        operate(maintenance(Operation.Kind.RESUME, Target.group("web")));
        pass(1_000);
        assertThat(orders).containsExactly("watch web");
        give(new Input.GroupEnded("web", tokens.get("web"), Optional.of(Severity.SOFT), "still broken"));
        assertThat(orders).containsExactly("watch web", "stop web");
    }

    @Test
    void what_fails_in_maintenance_is_told_for_as_long_as_it_does() {
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        operate(maintenance(Operation.Kind.MAINTAIN, Target.group("web")));
        pass(1_000);
        notices.clear();

        String told = "app: does not answer; in maintenance, so nothing is done about it";
        for (int i = 0; i < 3; i++) {
            fails("app");
            assertThat(machine.groups().whyLetBe("web")).isEqualTo(told);
        }
        assertThat(notices)
                .as("said once")
                .filteredOn(line -> line.contains(told))
                .hasSize(1);
        assertThat(machine.groups().troubles("web", now).failures())
                .containsExactly(new Troubles.Failures("app", 1, Severity.SOFT, told));

        fails("address");
        assertThat(machine.groups().whyLetBe("web")).startsWith("address: does not answer");

        give(new Input.GroupMended("web", tokens.get("web") - 1));
        assertThat(machine.groups().whyLetBe("web")).as("an earlier life of it").isNotEmpty();
        give(new Input.GroupMended("web", tokens.get("web")));
        assertThat(machine.groups().whyLetBe("web")).isEmpty();
        assertThat(machine.groups().troubles("web", now)).isEqualTo(Troubles.NONE);

        fails("app");
        operate(maintenance(Operation.Kind.RESUME, Target.group("web")));
        pass(1_000);
        assertThat(machine.groups().whyLetBe("web")).isEmpty();
    }

    private void fails(String resource) {
        give(new Input.GroupEnded(
                "web", tokens.get("web"), Optional.of(Severity.SOFT), resource, resource + ": does not answer"));
    }

    @Test
    void maintenance_does_not_keep_what_something_else_is_about_to_end() {
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        operate(maintenance(Operation.Kind.MAINTAIN, Target.everything()));
        pass(1_000);
        orders.clear();

        fails("app");
        give(new Input.GroupEnding("web", tokens.get("web"), "the watchdog bites"));

        assertThat(orders).containsExactly("stop web");
        assertThat(machine.groups().whyLetBe("web"))
                .as("something is done about it")
                .isEmpty();
    }

    @Test
    void standby_does_not_stop_what_is_in_maintenance() {
        offer("web", Placement.NONE);
        pass(2_000);
        started("web");
        operate(maintenance(Operation.Kind.MAINTAIN, Target.node(A)));
        pass(1_000);
        orders.clear();

        operate(new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to try"));
        pass(2_000);
        assertThat(orders).isEmpty();
        operate(maintenance(Operation.Kind.RESUME, Target.node(A)));
        pass(2_000);

        assertThat(orders).containsExactly("stop web");
    }

    @Test
    void new_rules_reach_the_record_and_count() {
        offer("web", Placement.rules().needs("memory", 6).build());
        pass(2_000);
        started("web");
        orders.clear();
        Placement more = Placement.rules().needs("memory", 9).build();

        offer("web", more);
        pass(2_000);

        assertThat(group("web").rules().placement()).isEqualTo(more);
        assertThat(group("web").held()).contains("less memory than what runs here needs");
        assertThat(orders).containsExactly("stop web");
        stopped("web");
        offer("web", Placement.NONE);
        pass(2_000);
        assertThat(group("web").rules().isNone()).isTrue();
        assertThat(orders).containsExactly("stop web", "start web");
    }

    @Test
    void what_the_node_has_is_in_the_record() {
        offer("web", Placement.NONE);
        pass(2_000);

        assertThat(machine.learned().orElseThrow().sessions().get(A).capacity()).containsEntry("memory", 8);
    }

    // ---- driving -------------------------------------------------------------------------------------------------

    private GroupRecord group(String name) {
        return machine.learned().orElseThrow().groups().get(name);
    }

    private void offer(String name, Placement placement) {
        Candidacy candidacy = new Candidacy(List.of(A), false, true, "", Presence.ABSENT, false, List.of());
        give(new Input.GroupOffered(name, candidacy, placement));
    }

    private static Operation maintenance(Operation.Kind kind, Target target) {
        return new Operation(kind, A, 0, Optional.of(target), "ann", "works");
    }

    private void operate(Operation operation) {
        give(new Input.OperationWanted(++requests, operation));
    }

    private void started(String name) {
        give(new Input.StartEnded(name, tokens.get(name), Optional.empty(), ""));
    }

    private void stopped(String name) {
        give(new Input.StopEnded(name, tokens.get(name), true, ""));
    }

    private void give(Input input) {
        Step<Effect, DurableState> step = machine.handle(now, input);
        step.notices().forEach(notice -> notices.add(notice.toString()));
        List.of(step.urgent(), step.then()).forEach(effects -> effects.forEach(this::take));
        if (step.persist().isPresent()) {
            give(new Input.Persisted(step.persistNumber()));
        }
    }

    private void take(Effect effect) {
        if (effect instanceof Effect.StartGroup start) {
            orders.add("start " + start.group());
            tokens.put(start.group(), start.token());
        } else if (effect instanceof Effect.StopGroup stop) {
            orders.add("stop " + stop.group());
        } else if (effect instanceof Effect.WatchGroup watch) {
            orders.add("watch " + watch.group());
        } else if (effect instanceof Effect.OperationDecided operation) {
            decided.add(operation.why());
        }
    }

    private void pass(long millis) {
        long end = now + millis * MILLI;
        while (machine.nextDeadlineNanos() <= end) {
            now = Math.max(now, machine.nextDeadlineNanos());
            give(new Input.Tick());
        }
        now = end;
    }
}
