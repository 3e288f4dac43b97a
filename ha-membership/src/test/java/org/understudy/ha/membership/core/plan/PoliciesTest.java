package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.internal.machine.Reason;

/** An application's policy decides among what rules allow, and nothing that it does keeps a group from being placed. */
class PoliciesTest {

    private final Play play = new Play(List.of("a", "b", "c"));
    private final List<PlacementPolicy.Snapshot> asked = new ArrayList<>();
    private Plan plan = new Plan(play.record(), false, List.of());

    @Test
    void it_is_asked_of_what_rules_allow_and_the_first_it_names_is_taken() {
        play.capacity("b", "memory", 4);
        play.capacity("c", "memory", 8);

        String place = placed((group, snapshot) -> List.of(NodeId.of("a"), NodeId.of("c"), NodeId.of("b")));

        assertThat(place).isEqualTo("c");
        assertThat(asked.get(0).choices())
                .extracting(choice -> choice.node() + " " + choice.free())
                .containsExactly("b {memory=4}", "c {memory=8}");
        assertThat(asked.get(0).last()).isEmpty();
    }

    @Test
    void what_it_leaves_out_comes_in_the_default_order() {
        play.capacity("b", "memory", 4);
        play.capacity("c", "memory", 4);

        assertThat(placed((group, snapshot) -> List.of(NodeId.of("z")))).isEqualTo("b");
    }

    @Test
    void what_it_throws_is_caught_and_said() {
        play.capacity("b", "memory", 4);

        for (BiFunction<String, PlacementPolicy.Snapshot, List<NodeId>> broken :
                List.<BiFunction<String, PlacementPolicy.Snapshot, List<NodeId>>>of(
                        (group, snapshot) -> {
                            throw new IllegalStateException("no idea");
                        },
                        (group, snapshot) -> Arrays.asList((NodeId) null),
                        (group, snapshot) -> {
                            throw new StackOverflowError();
                        })) {
            assertThat(placed(broken)).isEqualTo("b");
            assertThat(plan.notices())
                    .anySatisfy(notice -> assertThat(notice.detail()).contains("policy mine failed"));
        }
    }

    @Test
    void one_that_is_not_here_is_said() {
        play.register("web", List.of("c"), Play.placement(new TreeMap<>(Map.of("policy", "tarot"))));
        play.settle();

        assertThat(play.place("web")).contains("c");
        assertThat(play.happened())
                .anyMatch(line -> line.startsWith("web " + Reason.POLICY_UNKNOWN)
                        && line.contains("has no policy tarot: the default order is used"));
    }

    @Test
    void it_is_told_what_is_left_of_every_capacity_of_a_node_whatever_the_group_needs() {
        play.capacity("a", "disk", 7);
        play.capacity("b", "memory", 4);

        placed(Map.of("policy", "mine"), (group, snapshot) -> List.of());

        assertThat(asked.get(0).choices())
                .extracting(choice -> choice.node() + " " + choice.free())
                .containsExactly("a {disk=7}", "b {memory=4}", "c {}");
    }

    private String placed(BiFunction<String, PlacementPolicy.Snapshot, List<NodeId>> rank) {
        return placed(Map.of("policy", "mine", "needs", "memory:4"), rank);
    }

    private String placed(Map<String, String> rules, BiFunction<String, PlacementPolicy.Snapshot, List<NodeId>> rank) {
        PlacementPolicy mine = new PlacementPolicy() {
            @Override
            public String name() {
                return "mine";
            }

            @Override
            public List<NodeId> rank(String group, Snapshot snapshot) {
                asked.add(snapshot);
                return rank.apply(group, snapshot);
            }
        };
        play.register("web", List.of(), Play.placement(new TreeMap<>(rules)));
        play.offer();
        Facts facts = play.facts();
        plan = Planner.plan(
                play.record(),
                new Facts(
                        facts.joins(),
                        facts.offers(),
                        facts.releases(),
                        facts.leaves(),
                        facts.wills(),
                        facts.silent(),
                        facts.moves(),
                        new TreeSet<>(facts.reachable()),
                        0,
                        List.of(),
                        new TreeSet<>(),
                        false,
                        facts.steady(),
                        Policies.with(List.of(mine))));
        return plan.record().grant("web").orElseThrow().holder().node().value();
    }
}
