package org.understudy.ha.api.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;

class PlacementTest {

    @Test
    void no_rules_are_the_default() {
        assertThat(Placement.rules().build()).isEqualTo(Placement.NONE);
        assertThat(group("files").build().placement()).isEqualTo(Placement.NONE);
        assertThat(Placement.NONE.failback()).isEqualTo(Failback.manual());
    }

    @Test
    void every_mistake_is_named_at_once() {
        List<Problem> problems = problems(() -> Placement.rules()
                .needs("Memory", 0)
                .needs("cpu", 1)
                .needs("cpu", 2)
                .with("db", "Bad Name")
                .apart("db")
                .after((String) null)
                .priority(Integer.MIN_VALUE)
                .failback(null)
                .policy("no such thing!")
                .build());

        assertThat(problems)
                .extracting(Problem::key)
                .containsExactly(
                        "placement needs",
                        "placement after",
                        "placement needs",
                        "placement needs Memory",
                        "placement with",
                        "placement with",
                        "placement priority",
                        "placement failback",
                        "placement policy");
        assertThat(problems).allSatisfy(problem -> assertThat(problem.remedy()).isNotBlank());
    }

    @Test
    void too_many_names_are_too_many() {
        TreeSet<String> many = new TreeSet<>();
        for (int i = 0; i <= Placement.NAMES_MAX; i++) {
            many.add("g" + i);
        }

        assertThat(problems(() ->
                        Placement.rules().apart(many.toArray(new String[0])).build()))
                .extracting(Problem::key)
                .containsExactly("placement apart");
    }

    @Test
    void copies_and_the_promoted_one_can_be_named() {
        Placement placement =
                Placement.rules().with("db!promoted").apart("dns#2", "web").build();

        assertThat(placement.names("db!promoted")).isTrue();
        assertThat(placement.names("dns#1")).isFalse();
    }

    @Test
    void a_group_cannot_name_itself() {
        assertThat(problems(() -> group("files")
                        .placement(Placement.rules().after("files").build())
                        .build()))
                .extracting(Problem::key)
                .containsExactly("group files placement");
    }

    @Test
    void failback_has_a_duration_where_it_needs_one_and_nowhere_else() {
        assertThat(Failback.whenStable(Duration.ofMinutes(5)).stable()).isEqualTo(Duration.ofMinutes(5));
        assertThat(problems(() -> Failback.whenStable(Duration.ZERO))).hasSize(1);
        assertThat(problems(() -> Failback.whenStable(Duration.ofDays(31)))).hasSize(1);
        assertThat(problems(() -> new Failback(Failback.Mode.NEVER, Duration.ofSeconds(1))))
                .hasSize(1);
    }

    @Test
    void a_pair_mirrors_what_each_prefers() {
        Pair pair = Pair.mutual("serv1", group("files"), "serv2", group("mail"));

        assertThat(pair.groups()).extracting(Group::name).containsExactly("files", "mail");
        assertThat(pair.first().preferred()).containsExactly(NodeId.of("serv1"), NodeId.of("serv2"));
        assertThat(pair.second().preferred()).containsExactly(NodeId.of("serv2"), NodeId.of("serv1"));
    }

    @Test
    void a_pair_names_the_mistakes_in_both() {
        assertThat(problems(() -> Pair.mutual("serv1", group("files"), "serv1", group("files"))))
                .extracting(Problem::key)
                .containsExactly("pair", "pair");
        assertThat(problems(() -> Pair.mutual(
                        "serv1", group("Files"), "serv2", group("mail").prefer("serv1"))))
                .extracting(Problem::key)
                .containsExactly("group", "pair");
    }

    @Test
    void a_target_is_one_thing_or_everything() {
        assertThat(Target.everything()).hasToString("everything");
        assertThat(Target.group("files")).hasToString("group files");
        assertThat(problems(() -> Target.group(""))).hasSize(1);
        assertThat(problems(() -> new Target(Target.Kind.EVERYTHING, "files"))).hasSize(1);
        assertThat(problems(() -> new Target(Target.Kind.NODE, "Bad Node"))).hasSize(1);
    }

    private static List<Problem> problems(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ConfigurationException.class, call).problems();
    }

    private static Group.Builder group(String name) {
        return Group.named(name).resource("service", new ManagedResource() {
            @Override
            public void start(StartContext context) {}

            @Override
            public void stop(StopContext context) {}

            @Override
            public Health monitor() {
                return Health.healthy();
            }
        });
    }
}
