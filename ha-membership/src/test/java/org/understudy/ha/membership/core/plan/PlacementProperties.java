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
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/** Random clusters with random rules, to which random things happen. Every grant on the way is checked by {@link Play}. */
class PlacementProperties {

    private static final int EVENTS = 12;
    private static final int SEEDS = 30;

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void it_settles_breaks_no_rule_and_then_changes_nothing(@ForAll long seed) {
        RandomCluster cluster = new RandomCluster(seed);

        for (int i = 0; i < EVENTS; i++) {
            cluster.event();
            assertThat(Planner.plan(cluster.play.record(), cluster.play.facts()).isChange())
                    .as("seed %d, event %d: planning again", seed, i)
                    .isFalse();
            assertThat(cluster.broken()).as("seed %d, event %d", seed, i).isEmpty();
        }
    }

    /** Two that wait for one another stopped and stayed in turns; one was granted where what it goes with was about to leave. */
    @Example
    void what_has_once_not_settled_does() {
        List.of(
                        22186447346000L,
                        901978294838570116L,
                        5886668957642695991L,
                        -6530177004047864937L,
                        -9204317968332971873L,
                        -2787404431128769512L)
                .forEach(this::it_settles_breaks_no_rule_and_then_changes_nothing);
    }

    @Property(tries = 200, shrinking = ShrinkingMode.OFF)
    void nothing_moves_without_a_reason(@ForAll long seed) {
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
    @Property(tries = 200, shrinking = ShrinkingMode.OFF)
    void whatever_moved_would_break_a_rule_where_it_was(@ForAll long seed) {
        assertMovesAreNeeded(new RandomCluster(seed), EVENTS, seed);
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF)
    void nor_does_anything_move_for_nothing_in_larger_clusters(@ForAll long seed) {
        assertMovesAreNeeded(new RandomCluster(seed, 9, 40), 6, seed);
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

    @Property(tries = 100, shrinking = ShrinkingMode.OFF)
    void the_same_cluster_gives_the_same_bytes(@ForAll long seed) {
        assertThat(PlanDigest.bytes(seed)).isEqualTo(PlanDigest.bytes(seed));
    }

    /** With facts and groups that were put together in another order, and in other collections. */
    @Property(tries = 100, shrinking = ShrinkingMode.OFF)
    void nor_does_it_matter_in_which_order_they_became_known(@ForAll long seed) {
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
        String here = PlanDigest.of(SEEDS);
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
                        Integer.toString(SEEDS))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).isZero();
        return said;
    }
}
