package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.iptakeover.core.LinkScore.Sight;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Nodes on links and behind gateways that come and go at random, with a group that is moved as membership moves it. */
@Tag("property")
class LinkScoreProperties {
    private static final long SECOND = 1_000_000_000L;
    private static final LinkRules RULES = LinkScoreTest.rules(true);
    private static final MacAddress ROUTER = new MacAddress(1);
    /** How long membership keeps a group away from a node after a HARD failure. */
    private static final long HARD_HOLD = 5 * SECOND;

    /** For so many seconds the gateway is as said. */
    record Spell(int seconds, boolean isThere) {}

    @Provide
    Arbitrary<List<Spell>> weather() {
        Arbitrary<Integer> lengths = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.integers().between(1, 8)),
                Tuple.of(1, Arbitraries.integers().between(1, 200)));
        return Combinators.combine(lengths, Arbitraries.of(true, false))
                .as(Spell::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(40);
    }

    @Property
    void a_gateway_that_dies_for_everybody_costs_one_interruption_as_long_as_the_veto(
            @ForAll @IntRange(min = 1, max = 4) int nodes, @ForAll("weather") List<Spell> weather) {
        World world = new World(nodes);
        for (Spell spell : weather) {
            world.play(spell.seconds(), (node, second) -> spell.isThere());
        }
        world.play(300, (node, second) -> true);
        assertThat(world.runs()).isTrue();
        int failuresBefore = world.failures.size();
        int stoppedBefore = world.secondsStopped;
        world.play(600, (node, second) -> false);
        assertThat(world.runs()).isTrue();
        assertThat(world.failures.size() - failuresBefore).isLessThanOrEqualTo(1);
        assertThat(world.secondsStopped - stoppedBefore).isLessThanOrEqualTo(12);
    }

    @Property
    void a_gateway_that_comes_and_goes_for_everybody_moves_the_group_ever_more_rarely(
            @ForAll @IntRange(min = 1, max = 4) int nodes,
            @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 12) Integer> rhythm) {
        World world = new World(nodes);
        for (int round = 0; round < 60; round++) {
            int length = rhythm.get(round % rhythm.size());
            boolean isThere = round % 2 == 0;
            world.play(length, (node, second) -> isThere);
        }
        // Twelve minutes at the most, and nothing is there for sixteen seconds, which is what the fifth return takes.
        assertThat(world.failures.size()).isLessThanOrEqualTo(4 * nodes);
        assertThat(world.secondsStopped).isLessThanOrEqualTo(12 * world.failures.size() + 12);
    }

    @Property
    void a_node_that_alone_lost_the_gateway_gives_the_group_away_and_it_stays(
            @ForAll @IntRange(min = 2, max = 4) int nodes, @ForAll @IntRange(min = 1, max = 400) int seconds) {
        World world = new World(nodes);
        world.play(20, (node, second) -> true);
        int owner = world.owner;
        world.play(10 + seconds, (node, second) -> node != owner);
        assertThat(world.owner).isNotEqualTo(owner).isNotNegative();
        assertThat(world.failures).hasSize(1);
        assertThat(world.secondsStopped).isLessThanOrEqualTo(1);
    }

    @Property
    void losing_agrees_with_counting_silences_by_hand(@ForAll @Size(max = 200) List<Boolean> answers) {
        LinkScore score = new LinkScore(RULES);
        score.sight(LinkScoreTest.GOOD, 0);
        score.started();
        long now = 0;
        for (int i = 0; i < 4; i++) {
            now += SECOND;
            score.asked(now);
            score.answered(ROUTER, now);
        }
        int inARow = 0;
        boolean isLost = false;
        for (boolean isAnswered : answers) {
            now += SECOND;
            isLost |= inARow == RULES.misses();
            score.asked(now);
            inARow = isAnswered ? 0 : inARow + 1;
            if (isAnswered) {
                score.answered(ROUTER, now);
            }
            if (!isLost) {
                assertThat(score.health(now).state()).isEqualTo(Health.State.HEALTHY);
            } else {
                assertThat(score.health(now).state()).isEqualTo(Health.State.FAILED);
                return;
            }
        }
    }

    @Property
    void a_link_counts_only_after_it_was_there_without_a_break_for_its_hold(
            @ForAll @Size(max = 100) List<@IntRange(min = 1, max = 9000) Integer> millis) {
        LinkScore score = new LinkScore(RULES);
        Sight cut = new Sight(3, true, false, true, 0);
        score.sight(LinkScoreTest.GOOD, 0);
        score.started();
        long now = 0;
        boolean isThere = true;
        long back = 0;
        boolean isEverLost = false;
        for (int length : millis) {
            isThere = !isThere;
            score.sight(isThere ? LinkScoreTest.GOOD : cut, now);
            isEverLost |= !isThere;
            back = isThere ? now : back;
            assertThat(score.health(now).isBad()).isEqualTo(!isThere);
            now += length * 1_000_000L;
            if (score.eligibility(now).isEligible()) {
                assertThat(isThere).isTrue();
                assertThat(!isEverLost || now - back >= RULES.holdNanos()).isTrue();
            } else {
                assertThat(!isThere || now - back < RULES.holdMaxNanos()).isTrue();
            }
        }
    }

    /** Membership in a few lines: a group on the first node that is eligible and not held off. */
    private static final class World {
        final List<LinkScore> scores = new ArrayList<>();
        final List<Long> heldUntil = new ArrayList<>();
        final List<Integer> failures = new ArrayList<>();
        int owner = -1;
        int secondsStopped;
        private int second;

        World(int nodes) {
            for (int i = 0; i < nodes; i++) {
                LinkScore score = new LinkScore(RULES);
                score.sight(LinkScoreTest.GOOD, 0);
                scores.add(score);
                heldUntil.add(0L);
            }
        }

        boolean runs() {
            return owner >= 0;
        }

        void play(int seconds, BiPredicate<Integer, Integer> isGatewayThere) {
            for (int i = 0; i < seconds; i++) {
                second++;
                long now = second * SECOND;
                for (int node = 0; node < scores.size(); node++) {
                    LinkScore score = scores.get(node);
                    score.sight(LinkScoreTest.GOOD, now);
                    if (score.nextNanos(now) <= now) {
                        score.asked(now);
                        if (isGatewayThere.test(node, second)) {
                            score.answered(ROUTER, now);
                        }
                    }
                }
                watch(now);
                place(now);
                secondsStopped += owner < 0 ? 1 : 0;
            }
        }

        private void watch(long now) {
            if (owner >= 0 && scores.get(owner).health(now).isBad()) {
                failures.add(second);
                heldUntil.set(owner, now + HARD_HOLD);
                owner = -1;
            }
        }

        private void place(long now) {
            for (int node = 0; node < scores.size() && owner < 0; node++) {
                if (now >= heldUntil.get(node)
                        && scores.get(node).eligibility(now).isEligible()) {
                    owner = node;
                    scores.get(node).started();
                }
            }
        }
    }
}
