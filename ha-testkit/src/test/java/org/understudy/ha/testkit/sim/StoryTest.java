package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.testkit.sim.Story.Red;
import org.understudy.ha.testkit.sim.Story.Setting;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

class StoryTest {

    private static final String TEXT = """
            # How a cut node loses its group.
            title: cut off
            attacks: silence is waited out
            red: removal-unchecked PROOF_IS_TRUE ONE_OWNER
            nodes: 3 with a witness
            groups: 2
            seed: 5
            times: constant
            frames: plain
            forms: once
            version: 2
            heals: 6000 ms
            judged: everything

            at 3000 ms isolate serv1 for 2000.5 ms
            at 4000 ms move serv2 with serv1 group mail

            then files starts on serv1, token 1, NEVER
            then mail starts on serv2, token 2, NEVER
            """;

    @Test
    void a_story_says_everything_that_its_world_needs() {
        Story story = Story.parse(TEXT);

        assertThat(story.title()).isEqualTo("cut off");
        assertThat(story.red())
                .containsExactly(new Red("removal-unchecked", List.of(Checker.PROOF_IS_TRUE, Checker.ONE_OWNER)));
        assertThat(story.setting())
                .isEqualTo(new Setting(5, new Size(3, true, 2), Traits.PLAIN, true, 6_000 * World.MILLI, false));
        assertThat(story.faults()).hasSize(2);
        assertThat(story.faults().get(0).lengthNanos()).isEqualTo(2_000_500_000L);
        assertThat(story.faults().get(1).kind()).isEqualTo(Fault.Kind.MOVE);
        assertThat(story.outcome()).hasSize(2);
        assertThat(Story.parse(story.text())).isEqualTo(story);
    }

    @Test
    void a_node_that_is_cut_off_loses_its_group_to_whoever_waits_its_lease_out() {
        Story story = Story.parse(TEXT);

        RunReport report = story.play();

        assertThat(report.violation()).isEmpty();
        assertThat(report.told()).isNotEmpty();
        assertThat(story.outcome(report))
                .contains("files starts on serv1, token 1, NEVER", "files is on serv2 in the end")
                .anyMatch(line -> line.startsWith("files starts on serv2, token ") && line.endsWith(", EXPIRED"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at 1 ms isolate nobody for 1 ms",
                "at 1 ms explode serv1",
                "at 1 ms isolate serv1",
                "at 1 s isolate serv1 for 1 ms",
                "at x ms isolate serv1 for 1 ms",
                "at 1 ms isolate serv1 for 1 ms luck 3",
                "at 1 ms move serv1 group files",
                "colour: red",
                "nonsense"
            })
    void what_is_not_understood_is_refused(String line) {
        assertThatThrownBy(() -> Story.parse(TEXT + line + "\n")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_is_missing_contradicts_itself_or_is_said_twice_is_refused() {
        assertThatThrownBy(() -> Story.parse(TEXT.replace("seed: 5\n", ""))).hasMessageContaining("seed:");
        assertThatThrownBy(() -> Story.parse(TEXT + "seed: 6\n")).hasMessageContaining("said twice");
        assertThatThrownBy(() -> Story.parse(TEXT.replace("constant", "random")))
                .hasMessageContaining("times:");
        assertThatThrownBy(() -> Story.parse("title: x\nattacks: y\nschedule: z\nat 1 ms doubt serv1\n"))
                .hasMessageContaining("has no faults");
    }

    @Test
    void a_schedule_has_no_world() {
        Story story = Story.parse("title: x\nattacks: y\nschedule: late-news\n\nthen nobody objects\n");

        assertThat(story.schedule()).contains("late-news");
        assertThat(Story.parse(story.text())).isEqualTo(story);
        assertThatThrownBy(story::play).isInstanceOf(IllegalStateException.class);
    }

    /** Whatever a seed draws can be told and played again: these are worlds of every kind. */
    @Test
    void a_run_by_seed_told_as_a_story_plays_the_same() {
        List<Long> seeds = new ArrayList<>();
        for (long seed = 1; seed <= 30; seed++) {
            seeds.add(seed);
        }
        for (long seed = 31; seeds.size() < 33; seed++) {
            if (Swarm.traits(seed).beginsOlder()) {
                seeds.add(seed);
            }
        }
        for (long seed : seeds) {
            World world = new World(seed, WorldOptions.standard().withTelling());
            RunReport report = world.run();

            Story told = Story.parse(Story.of(world, report).text());
            RunReport again = told.play();

            assertThat(again.told()).as("seed %d", seed).isEqualTo(report.told());
            assertThat(again.steps()).isEqualTo(report.steps());
            assertThat(again.counts()).isEqualTo(report.counts());
            assertThat(again.starts()).isEqualTo(report.starts());
            assertThat(again.owners()).isEqualTo(report.owners());
            assertThat(told.outcome()).isEqualTo(told.outcome(again));
        }
    }

    /** Each kind of fault, in one world of many faults. */
    @Test
    void a_story_of_every_kind_of_fault_plays_the_same() {
        for (Fault.Kind kind : Fault.Kind.values()) {
            WorldOptions options = WorldOptions.standard()
                    .with(new Traits(true, true, kind == Fault.Kind.UPGRADE))
                    .only(kind == Fault.Kind.UPGRADE ? Fault.Kind.CRASH : kind, Fault.Kind.MOVE)
                    .healingAt(20_000 * World.MILLI);
            World world = new World(kind.ordinal() + 1L, options);
            RunReport report = world.run();

            RunReport again = Story.parse(Story.of(world, report).text()).play();

            assertThat(world.faults()).extracting(Fault::kind).contains(kind);
            assertThat(again.counts()).as("%s", kind).isEqualTo(report.counts());
            assertThat(again.starts()).isEqualTo(report.starts());
        }
    }

    @Test
    void shrinking_keeps_the_checker_and_what_it_needs() {
        World world = new World(3, WorldOptions.standard());
        Story whole = Story.of(world, world.run());
        Fault first = whole.faults().get(2);
        Fault second = whole.faults().get(whole.faults().size() - 1);
        Violation seen = new Violation(Checker.ONE_OWNER, first.atNanos() + World.MILLI, "planted");

        Story shrunk = Shrinker.shrink(
                whole,
                seen,
                500,
                story -> Optional.of(seen)
                        .filter(v -> story.faults().stream().anyMatch(f -> f.kind() == first.kind())
                                && story.faults().stream().anyMatch(f -> f.kind() == second.kind())));

        assertThat(whole.faults()).hasSizeGreaterThan(4);
        assertThat(shrunk.faults())
                .extracting(Fault::kind)
                .containsOnly(first.kind(), second.kind())
                .hasSizeLessThanOrEqualTo(2);
        assertThat(shrunk.setting().isCalm()).isTrue();
        assertThat(shrunk.setting().size().groups()).isEqualTo(1);
        assertThat(shrunk.setting().healsAtNanos()).isLessThan(whole.setting().healsAtNanos());
    }

    @Test
    void shrinking_does_not_take_another_checker_s_word_and_stops_when_it_has_played_enough() {
        World world = new World(3, WorldOptions.standard());
        Story whole = Story.of(world, world.run());
        Violation seen = new Violation(Checker.ONE_OWNER, 0, "planted");
        int[] plays = {0};

        Story shrunk = Shrinker.shrink(whole, seen, 40, story -> {
            plays[0]++;
            return Optional.of(new Violation(Checker.RECOVERY, 0, "something else"));
        });

        assertThat(shrunk.faults()).isEqualTo(whole.faults());
        assertThat(plays[0]).isEqualTo(40);
    }
}
