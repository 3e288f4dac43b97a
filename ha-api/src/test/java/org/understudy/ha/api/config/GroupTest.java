package org.understudy.ha.api.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;

class GroupTest {

    private static final ManagedResource NOTHING = new ManagedResource() {
        @Override
        public void start(StartContext context) {}

        @Override
        public void stop(StopContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    };
    private static final Group.Entry ENTRY = new Group.Entry("service", NOTHING, false);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration SHORTEST = Duration.ofMillis(1);

    @Test
    void a_good_group_has_the_documented_defaults() {
        Group group = Group.named("files")
                .prefer("b", "a")
                .resource("service", NOTHING)
                .build();

        assertThat(group)
                .isEqualTo(new Group(
                        "files",
                        List.of(NodeId.of("b"), NodeId.of("a")),
                        List.of(ENTRY),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(5),
                        Duration.ZERO,
                        false,
                        WithoutQuorum.STOP));
    }

    @Test
    void every_duration_is_at_least_a_millisecond_and_at_most_a_day() {
        assertThat(durations(SHORTEST).stopBudget()).isEqualTo(SHORTEST);
        assertThat(durations(LONGEST).stopBudget()).isEqualTo(LONGEST);
        assertThat(problems(() -> durations(Duration.ZERO)))
                .as("looked at as often as is usual")
                .extracting(Problem::key)
                .containsExactly("group files startBudget", "group files stopBudget");
        for (Duration wrong : Arrays.asList(
                null,
                SECOND.negated(),
                SHORTEST.minusNanos(1),
                LONGEST.plusNanos(1),
                Duration.ofSeconds(Long.MAX_VALUE))) {
            List<Problem> problems = problems(() -> durations(wrong));
            assertThat(problems)
                    .extracting(Problem::key)
                    .containsExactlyInAnyOrder(
                            "group files startBudget", "group files stopBudget", "group files monitorEvery");
            assertThat(problems).extracting(Problem::remedy).containsOnly("must be at least 1 ms and at most a day");
        }
    }

    @Test
    void the_constructor_checks_as_the_builder_does_and_reports_all_at_once() {
        assertThat(problems(() -> new Group(
                        "Files",
                        List.of(NodeId.of("a"), NodeId.of("a")),
                        List.of(ENTRY, ENTRY),
                        Duration.ZERO,
                        SECOND,
                        SECOND,
                        true,
                        WithoutQuorum.KEEP_RUNNING)))
                .extracting(Problem::key)
                .containsExactly(
                        "group",
                        "group Files prefer",
                        "group Files resource",
                        "group Files startBudget",
                        "group Files withoutQuorum");
    }

    @Test
    void the_constructor_takes_no_null() {
        assertThat(problems(() -> new Group(null, null, null, null, null, null, false, null)))
                .hasSize(7)
                .allSatisfy(p -> assertThat(p.remedy()).isNotBlank());
        assertThat(problems(() -> new Group(
                        "files",
                        Arrays.asList(NodeId.of("a"), null),
                        Arrays.asList(ENTRY, null),
                        SECOND,
                        SECOND,
                        SECOND,
                        false,
                        WithoutQuorum.STOP)))
                .extracting(Problem::key)
                .containsExactly("group files prefer", "group files resource");
    }

    @Test
    void nothing_of_copies_is_enforced_so_nobody_requires_it() {
        Group.Builder copies =
                Group.named("web").resource("server", NOTHING).copies(2).requireEnforcement();
        assertThat(problems(copies::build)).singleElement().satisfies(p -> {
            assertThat(p.key()).isEqualTo("group web requireEnforcement");
            assertThat(p.remedy()).contains("contradicts copies(n)");
        });
        assertThat(copies.copies(1).build().isEnforcementRequired()).isTrue();
    }

    @Test
    void only_an_election_has_the_name_of_one() {
        Group election = new Group(
                "election:totals", List.of(), List.of(ENTRY), SECOND, SECOND, SECOND, false, WithoutQuorum.STOP);

        assertThat(election.name()).isEqualTo("election:totals");
        assertThat(problems(() ->
                        Group.named("election:totals").resource("r", NOTHING).build()))
                .extracting(Problem::key)
                .containsExactly("group");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " \n", "\t", "a\nb", "a\u0000", "\u00a0", "a\u2028b"})
    void a_resource_has_a_name_to_read_in_one_line(String name) {
        assertThatThrownBy(() -> new Group.Entry(name, NOTHING, false))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("resource = ")
                .hasMessageNotContaining("\n");
        assertThat(problems(() -> Group.named("files").resource(name, NOTHING).build()))
                .extracting(Problem::key)
                .containsExactly("group files resource");
    }

    @Test
    void the_builder_collects_nulls_and_repetitions_with_key_and_remedy() {
        List<Problem> problems = problems(() -> Group.named("files")
                .prefer("a", null, "a", "B")
                .resource("r", null)
                .resourceBehindAddress("service", NOTHING)
                .resource("service", NOTHING)
                .startBudget(null)
                .stopBudget(null)
                .monitorEvery(null)
                .withoutQuorum(null)
                .build());

        assertThat(problems)
                .extracting(Problem::key)
                .containsExactly(
                        "group files prefer",
                        "group files prefer",
                        "group files resource",
                        "group files prefer",
                        "group files resource",
                        "group files startBudget",
                        "group files stopBudget",
                        "group files monitorEvery",
                        "group files withoutQuorum");
        assertThat(problems).allSatisfy(p -> assertThat(p.remedy()).isNotBlank());
    }

    @Test
    void a_group_without_a_name_or_a_resource_is_refused() {
        assertThat(problems(() -> Group.named(null).prefer((String[]) null).build()))
                .extracting(Problem::key)
                .containsExactly("group null prefer", "group", "group null");
        assertThatThrownBy(() -> Group.named("files").build()).hasMessageContaining("add at least one resource");
    }

    private static Group durations(Duration each) {
        return Group.named("files")
                .resource("service", NOTHING)
                .startBudget(each)
                .stopBudget(each)
                .monitorEvery(each)
                .build();
    }

    private static List<Problem> problems(ThrowingCallable call) {
        ConfigurationException mistakes = catchThrowableOfType(ConfigurationException.class, call);
        assertThat(mistakes).isNotNull();
        return mistakes.problems();
    }

    @Test
    void copies_and_what_goes_with_the_promoted_one_are_checked_together() {
        assertThat(problems(() -> Group.named("db")
                        .promotable()
                        .resource("db", NOTHING)
                        .resourceWithPromoted("address", NOTHING)
                        .build()))
                .extracting(Problem::key)
                .containsExactly("group db promotable", "group db promotable");
        assertThat(problems(() ->
                        Group.named("web").copies(0).resource("web", NOTHING).build()))
                .extracting(Problem::key)
                .containsExactly("group web copies");
        assertThat(problems(() ->
                        Group.named("web").copies(101).resource("web", NOTHING).build()))
                .hasSize(1);
        assertThat(problems(() -> Group.named("web")
                        .copies(2)
                        .resource("web", NOTHING)
                        .resourceWithPromoted("address", NOTHING)
                        .build()))
                .extracting(Problem::key)
                .containsExactly("group web resourceWithPromoted");
        assertThat(Group.named("web").copies(1).resource("web", NOTHING).build().copies())
                .isEqualTo(Copies.ONE);
    }
}
