package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/** Random clusters with random rules, to which random things happen. Every grant on the way is checked by {@link Play}. */
class PlacementProperties {

    private static final int EVENTS = 12;
    private static final int DIGESTS = 30;
    /** The same in every build, so that one that is red says something about what it builds; {@code ./check placement} looks at others. */
    private static final long FIRST = Long.getLong("placement.first", 1);

    private static final int SEEDS = Integer.getInteger("placement.seeds", 1000);

    /** The first of them, one in so many, on all cores. Equal numbers give equal clusters, near ones give nothing alike. */
    private static void eachSeed(int every, LongConsumer check) {
        LongStream.range(FIRST, FIRST + Math.max(1, SEEDS / every)).parallel().forEach(number -> {
            try {
                check.accept(new SplittableRandom(number).nextLong());
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("placement seed " + number + ": " + e, e);
            }
        });
    }

    @Example
    void it_settles_breaks_no_rule_and_then_changes_nothing() {
        eachSeed(1, PlacementProperties::assertSettles);
    }

    private static void assertSettles(long seed) {
        RandomCluster cluster = new RandomCluster(seed);

        for (int i = 0; i < EVENTS; i++) {
            cluster.event();
            assertThat(Planner.plan(cluster.play.record(), cluster.play.facts()).isChange())
                    .as("seed %d, event %d: planning again", seed, i)
                    .isFalse();
            assertThat(cluster.broken()).as("seed %d, event %d", seed, i).isEmpty();
        }
    }

    /**
     * Two that wait for one another stopped and stayed in turns; one was granted where what it goes with was about to leave, or while that turned
     * out to stay; one of two that must be with one another was looked at by that rule alone. Or nobody left an overfull node, since each of three
     * was before the next.
     */
    @Example
    void what_has_once_not_settled_does() {
        List.of(
                        22186447346000L,
                        901978294838570116L,
                        5886668957642695991L,
                        -6530177004047864937L,
                        -9204317968332971873L,
                        -2787404431128769512L,
                        5339771379166807337L,
                        7202678257069922975L,
                        -1818628837438684452L,
                        -3677043137274965004L,
                        8860175484030189704L,
                        3145658834139514278L,
                        2231946422329673153L,
                        414282837354454448L,
                        -3753770948274100746L,
                        8277539812060053355L,
                        -7343434904075272857L,
                        1790332158170426505L,
                        7479403066983487098L,
                        8429076792195503710L,
                        -5278489280741248155L,
                        733263658256800372L,
                        -5574082484768017197L,
                        4737709518481935791L,
                        3786308320886794169L)
                .forEach(PlacementProperties::assertSettles);
    }

    @Example
    void nor_is_a_node_left_overfull_that_lost_capacity() {
        eachSeed(1, PlacementProperties::assertSettlesWithLess);
    }

    private static void assertSettlesWithLess(long seed) {
        RandomCluster cluster = new RandomCluster(seed);
        Random random = new Random(~seed);
        for (int i = 0; i < EVENTS; i++) {
            cluster.changeCapacity(random);
            cluster.event();
            assertThat(cluster.broken()).as("seed %d, event %d", seed, i).isEmpty();
        }
    }

    @Example
    void nothing_moves_without_a_reason() {
        eachSeed(1, PlacementProperties::assertMovesHaveReasons);
    }

    private static void assertMovesHaveReasons(long seed) {
        RandomCluster cluster = new RandomCluster(seed);
        for (int i = 0; i < EVENTS; i++) {
            Map<String, Grant> before = cluster.grants();
            String gone = cluster.loseOne();

            List<String> reasons = cluster.play.happened();
            before.forEach((group, grant) -> {
                boolean isSame =
                        cluster.play.standing(group).filter(grant::equals).isPresent();
                boolean hadReason = grant.holder().node().value().equals(gone)
                        || reasons.stream()
                                .anyMatch(line -> line.startsWith(group + " MOVE_DECIDED")
                                        || line.startsWith(group + " GROUP_HELD"));
                assertThat(isSame || hadReason)
                        .as("seed %d: %s left %s, and %s was lost", seed, group, grant, gone)
                        .isTrue();
                boolean isFree = !cluster.isTied(group);
                assertThat(isSame || !isFree || grant.holder().node().value().equals(gone))
                        .as("seed %d: %s has nothing to do with anybody", seed, group)
                        .isTrue();
            });
            cluster.bring(gone);
        }
    }

    /** By no word of the planner's own: what moved could not have stayed, beside what is where it is now. */
    @Example
    void whatever_moved_would_break_a_rule_where_it_was() {
        eachSeed(1, seed -> assertMovesAreNeeded(new RandomCluster(seed), EVENTS, seed));
    }

    @Example
    void nor_does_anything_move_for_nothing_in_larger_clusters() {
        eachSeed(10, PlacementProperties::assertMovesAreNeededInALargeOne);
    }

    private static void assertMovesAreNeededInALargeOne(long seed) {
        assertMovesAreNeeded(new RandomCluster(seed, 9, 40), 6, seed);
    }

    /** Small ones left for a large one that was enough without them, or for one that stopped itself, or where more had to stop than elsewhere. */
    @Example
    void what_has_once_moved_for_nothing_stays() {
        assertMovesAreNeededInALargeOne(-288724465);
        List.of(
                        3654281798337961644L,
                        2744347524361864376L,
                        5901524202534653455L,
                        -505731637065813665L,
                        8918774892371501712L,
                        8728894768182156753L,
                        -3037601055319414801L,
                        -8636561641215015184L,
                        8768513568934187173L,
                        9155711061277238615L,
                        -8021813248037682453L,
                        5942680272171322123L,
                        -4380505434326522646L,
                        -5692307397814281861L,
                        -5854087711973988400L,
                        6306850934915101139L,
                        8959956428398934027L,
                        -4771889545476471525L,
                        2144076821476735778L)
                .forEach(seed -> assertMovesAreNeeded(new RandomCluster(seed), EVENTS, seed));
    }

    private static void assertMovesAreNeeded(RandomCluster cluster, int events, long seed) {
        Random random = new Random(~seed);
        String gone = "";
        for (int i = 0; i < events; i++) {
            Map<String, Grant> before = cluster.grants();
            String what;
            if (!gone.isEmpty() && random.nextBoolean()) {
                cluster.bring(gone);
                what = gone + " came back";
                gone = "";
            } else if (gone.isEmpty() && random.nextBoolean()) {
                gone = cluster.loseOne();
                what = gone + " was lost";
            } else {
                what = cluster.registerOne() + " was registered";
            }
            Map<String, Grant> moved = cluster.movedThoughLive(before);
            moved.forEach((group, grant) -> assertThat(cluster.brokenIfStayed(cluster.goingWith(group, moved)))
                    .as("seed %d: %s: %s left %s", seed, what, group, grant.holder())
                    .isNotEmpty());
            assertThat(moved.isEmpty() || !cluster.brokenIfStayed(moved).isEmpty())
                    .as("seed %d: %s: all of %s left", seed, what, moved.keySet())
                    .isTrue();
        }
    }

    @Example
    void the_same_cluster_gives_the_same_bytes() {
        eachSeed(10, seed -> assertThat(PlanDigest.bytes(seed)).isEqualTo(PlanDigest.bytes(seed)));
    }

    /** With facts and groups that were put together in another order, and in other collections. */
    @Example
    void nor_does_it_matter_in_which_order_they_became_known() {
        eachSeed(10, PlacementProperties::assertOrderIsNothing);
    }

    private static void assertOrderIsNothing(long seed) {
        RandomCluster cluster = new RandomCluster(seed);
        for (int i = 0; i < EVENTS; i++) {
            cluster.event();
        }
        ClusterRecord record = cluster.play.record();
        Facts facts = cluster.facts();

        ClusterRecord otherRecord = record.withGroups(otherwise(record.groups()), record.lastToken());
        Facts otherFacts = new Facts(
                otherwise(facts.joins()),
                otherwise(facts.offers()),
                otherwise(facts.releases()),
                otherwise(facts.leaves()),
                otherwise(facts.wills()),
                otherwise(facts.silent()),
                otherwise(facts.moves()),
                otherwise(facts.reachable()),
                facts.tokenFloor(),
                facts.operations(),
                otherwise(facts.cleared()),
                facts.isBaseChosen(),
                otherwise(facts.steady()),
                facts.policies());
        assertThat(PlanDigest.bytes(otherRecord, otherFacts)).isEqualTo(PlanDigest.bytes(record, facts));
    }

    private static <K extends Comparable<? super K>, V> SortedMap<K, V> otherwise(SortedMap<K, V> map) {
        List<K> keys = new ArrayList<>(map.keySet());
        Collections.reverse(keys);
        ConcurrentSkipListMap<K, V> other = new ConcurrentSkipListMap<>();
        keys.forEach(key -> other.put(key, map.get(key)));
        return other;
    }

    private static <K extends Comparable<? super K>> SortedSet<K> otherwise(SortedSet<K> set) {
        List<K> keys = new ArrayList<>(set);
        Collections.reverse(keys);
        return new ConcurrentSkipListSet<>(keys);
    }

    /** Whatever depends on where objects lie, or on the order of sets that have none, differs from one process to the next. */
    @Example
    void other_processes_give_the_same_bytes() throws Exception {
        String here = PlanDigest.of(DIGESTS);
        assertThat(inAnotherProcess("-XX:hashCode=2")).isEqualTo(here);
        assertThat(inAnotherProcess("-XX:hashCode=3")).isEqualTo(here);
    }

    private static String inAnotherProcess(String hashes) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:+UnlockExperimentalVMOptions",
                        hashes,
                        "-cp",
                        System.getProperty("java.class.path"),
                        PlanDigest.class.getName(),
                        Integer.toString(DIGESTS))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).isZero();
        return said;
    }
}
