package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Operation;

/** Groups are taken out of the record at random moments: never one of which anything may still run. */
class ForgottenGroupProperties {

    private static final int EVENTS = 40;
    private static final List<String> NODES = List.of("n0", "n1", "n2");
    private static final List<String> GROUPS = List.of("db!promoted", "files", "mail", "web#1", "web#2");

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void nothing_that_may_still_run_is_forgotten(@ForAll long seed) {
        Cluster cluster = new Cluster(seed);
        for (int i = 0; i < EVENTS; i++) {
            Map<String, Grant> before = cluster.mayRun();
            long tokens = cluster.play.tokens();
            cluster.event();
            Map<String, Grant> after = cluster.mayRun();
            int event = i;
            before.forEach((group, grant) -> {
                if (cluster.isRunningStill(grant)) {
                    assertThat(cluster.play.standing(group))
                            .as("seed %d, event %d: %s runs on %s", seed, event, group, grant.holder())
                            .contains(grant);
                }
            });
            after.forEach((group, grant) -> assertThat(grant.equals(before.get(group)) || grant.token() > tokens)
                    .as("seed %d, event %d: tokens of %s grow", seed, event, group)
                    .isTrue());
        }
    }

    @Example
    void a_group_that_is_forgotten_begins_with_its_first_start() {
        Play play = new Play(NODES);
        play.register("files", List.of("n0"), Play.placement(Map.of()));
        play.settle();
        play.operate(Operation.Kind.FORGET, Target.group("files"));
        assertThat(play.said("operator")).contains("may still run somewhere").contains("granted to n0#1");

        play.block("files");
        play.unregister("files");
        play.operate(Operation.Kind.FORGET, Target.group("files"));
        assertThat(play.place("files")).as("it does not stop").contains("n0");

        play.unblock("files");
        play.fail("files", Severity.SOFT);
        play.operate(Operation.Kind.FORGET, Target.group("files"));
        assertThat(play.record().groups()).isEmpty();

        play.register("files", List.of("n1"), Play.placement(Map.of()));
        play.settle();
        Grant grant = play.standing("files").orElseThrow();
        assertThat(grant.proof()).isEqualTo(ProofKind.NEVER);
        assertThat(grant.token()).isEqualTo(2);
    }

    private static final class Cluster {
        private final Random random;
        private final Play play = new Play(NODES);
        private final TreeSet<String> up = new TreeSet<>(NODES);
        private final TreeSet<String> blocked = new TreeSet<>();
        private final TreeMap<String, Boolean> endsWithItsLease = new TreeMap<>();
        /** Lives whose process nobody has seen end. */
        private final TreeSet<org.understudy.ha.api.Incarnation> unseen = new TreeSet<>();

        private Cluster(long seed) {
            random = new Random(seed);
            GROUPS.forEach(this::register);
            play.settle();
        }

        private void register(String group) {
            List<String> preferred = new ArrayList<>(NODES);
            java.util.Collections.shuffle(preferred, random);
            play.register(group, preferred.subList(0, random.nextInt(3)), Play.placement(Map.of()));
            // It was said once of the grant: what is registered later is about later grants.
            boolean ends = endsWithItsLease.computeIfAbsent(group, g -> random.nextBoolean());
            if (!ends) {
                play.unexpirable(group);
            }
        }

        /** What stands granted. */
        private Map<String, Grant> mayRun() {
            Map<String, Grant> running = new TreeMap<>();
            GROUPS.forEach(group -> play.standing(group).ifPresent(grant -> running.put(group, grant)));
            return running;
        }

        /** Whether what was started under this grant certainly runs on: its stop hangs, or it is cut off and nothing ends it. */
        private boolean isRunningStill(Grant grant) {
            boolean isCutOff = unseen.contains(grant.holder()) && !grant.isExpirable();
            boolean isHanging = up.contains(grant.holder().node().value())
                    && play.record().isLive(grant.holder())
                    && blocked.stream()
                            .anyMatch(group -> play.record()
                                    .grant(group)
                                    .filter(grant::equals)
                                    .isPresent());
            return isCutOff || isHanging;
        }

        private void event() {
            String node = NODES.get(random.nextInt(NODES.size()));
            String group = GROUPS.get(random.nextInt(GROUPS.size()));
            switch (random.nextInt(10)) {
                case 0 -> {
                    if (up.size() > 1 && up.remove(node)) {
                        play.lose(node);
                    }
                }
                case 1 -> {
                    if (up.size() > 1 && up.remove(node)) {
                        unseen.add(play.record().sessions().get(NodeId.of(node)).incarnation());
                        play.cut(node);
                    }
                }
                case 2, 3 -> {
                    up.add(node);
                    play.back(node);
                }
                case 4 -> {
                    blocked.add(group);
                    play.block(group);
                }
                case 5 -> {
                    blocked.remove(group);
                    play.unblock(group);
                    play.settle();
                }
                case 6 -> {
                    play.unregister(group);
                    play.settle();
                }
                case 7 -> {
                    register(group);
                    play.settle();
                }
                default -> {
                    String whole = Part.groupOf(group);
                    boolean isUnregistered = random.nextBoolean();
                    if (isUnregistered) {
                        GROUPS.stream()
                                .filter(each -> Part.groupOf(each).equals(whole))
                                .forEach(play::unregister);
                    }
                    play.operate(Operation.Kind.FORGET, Target.group(whole));
                    Optional<String> kept = GROUPS.stream()
                            .filter(each -> Part.groupOf(each).equals(whole))
                            .filter(play.record().groups()::containsKey)
                            .findFirst();
                    assertThat(kept.isPresent() || isUnregistered || !play.isRegistered(whole))
                            .isTrue();
                }
            }
        }
    }
}
