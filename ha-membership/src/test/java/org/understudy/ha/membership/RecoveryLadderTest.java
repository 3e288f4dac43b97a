package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Recovery;
import org.understudy.ha.api.event.HaEvent;

/** Users' rungs on three whole nodes. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class RecoveryLadderTest {

    private static final Duration BUDGET = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private ThreeNodesOnLoopback cluster;
    private HaNode serv1;
    private HaNode serv2;
    private final List<String> done = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws Exception {
        cluster = new ThreeNodesOnLoopback(directory);
        serv1 = cluster.start("serv1");
        serv2 = cluster.start("serv2");
        cluster.start("witness");
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void all_climb_together_rung_by_rung_and_begin_anew_when_a_member_goes() throws Exception {
        assertThat(serv1.recovery().status().steps())
                .extracting(Recovery.Step::rung)
                .containsExactly("links", "session", "quorum", "proofs", "running");
        BlockingQueue<Recovery.Status> told = new LinkedBlockingQueue<>();
        serv1.recovery().observe(told::add);
        hang(serv1);
        hang(serv2);
        await(() -> isRunningWith(serv1, 2) && isRunningWith(serv2, 2));

        // Whatever came before, the last walk of both was in step.
        List<String> walk = last(6);
        assertThat(walk.subList(0, 2)).containsExactlyInAnyOrder("serv1 suspend 2", "serv2 suspend 2");
        assertThat(walk.subList(2, 4)).containsExactlyInAnyOrder("serv1 recover 2", "serv2 recover 2");
        assertThat(walk.subList(4, 6)).containsExactlyInAnyOrder("serv1 resume 2", "serv2 resume 2");
        assertThat(serv1.recovery().status().steps())
                .extracting(Recovery.Step::rung)
                .containsExactly("links", "session", "quorum", "proofs", "suspend", "recover", "resume", "running");

        serv2.close();
        // It may have climbed alone before, and not have seen yet that it is alone again.
        await(() -> last(3).equals(List.of("serv1 suspend 1", "serv1 recover 1", "serv1 resume 1")));
        await(() -> isRunningWith(serv1, 1));
        await(() -> told.stream().anyMatch(Recovery.Status::isRunning));
    }

    @Test
    void a_member_that_overruns_is_named_to_all_and_holds_them_until_it_returns() throws Exception {
        BlockingQueue<HaEvent.Alarm> alarms = new LinkedBlockingQueue<>();
        serv1.listen(event -> {
            if (event instanceof HaEvent.Alarm alarm && alarm.subject().equals("ladder")) {
                alarms.add(alarm);
            }
        });
        AtomicBoolean isStuck = new AtomicBoolean(true);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger interrupts = new AtomicInteger();
        AtomicInteger atOnce = new AtomicInteger();
        serv2.recovery().rung("suspend", 1, Duration.ofMillis(200), climb -> {
            assertThat(atOnce.incrementAndGet()).isEqualTo(1);
            while (isStuck.get()) {
                try {
                    isStuck.set(!go.await(30, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                    assertThat(climb.isCurrent()).isFalse();
                }
            }
            atOnce.decrementAndGet();
        });
        // Alone it would be on top before the other is a member.
        await(() -> atOnce.get() == 1);
        serv1.recovery().rung("suspend", 1, BUDGET, climb -> done.add("serv1 suspend"));
        serv1.recovery().rung("resume", 2, BUDGET, climb -> done.add("serv1 resume"));

        await(() -> waitsFor(serv1).contains("serv2#1 (rung suspend overran its budget of 200 ms"));
        await(() -> !alarms.isEmpty());
        assertThat(alarms.peek().sentence()).contains("serv2#1").contains("overran");
        await(() -> interrupts.get() > 0);
        assertThat(done).doesNotContain("serv1 resume");

        go.countDown();
        await(() -> serv1.recovery().status().isRunning() && done.contains("serv1 resume"));
    }

    @Test
    void an_action_that_fails_is_named_and_all_begin_anew() throws Exception {
        AtomicBoolean isFailing = new AtomicBoolean(true);
        serv1.recovery().rung("suspend", 1, BUDGET, climb -> done.add("serv1 suspend"));
        serv2.recovery().rung("suspend", 1, BUDGET, climb -> done.add("serv2 suspend"));
        await(() -> isRunningWith(serv1, 1) && isRunningWith(serv2, 1));
        done.clear();
        serv2.recovery().rung("resume", 2, BUDGET, climb -> {
            if (isFailing.get()) {
                throw new IllegalStateException("not now");
            }
            done.add("serv2 resume");
        });

        await(() -> waitsFor(serv1).contains("rung resume failed: java.lang.IllegalStateException: not now"));
        isFailing.set(false);
        await(() -> done.contains("serv2 resume") && serv1.recovery().status().isRunning());
        assertThat(done.stream().filter("serv1 suspend"::equals).count())
                .as("once for the new rung, once after the failure")
                .isGreaterThanOrEqualTo(2);
    }

    @Test
    void what_cannot_be_hung_is_refused_with_every_reason() {
        assertThatThrownBy(() -> serv1.recovery().rung("quorum", 1, Duration.ZERO, null))
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(3));
        Recovery.Rung rung = serv1.recovery().rung("suspend", 1, BUDGET, climb -> {});
        assertThatThrownBy(() -> serv1.recovery().rung("suspend", 2, BUDGET, climb -> {}))
                .isInstanceOf(LifecycleException.class);
        rung.close();
        rung.close();
        serv1.recovery().rung("suspend", 2, BUDGET, climb -> {});
        serv1.close();
        assertThatThrownBy(() -> serv1.recovery().rung("late", 2, BUDGET, climb -> {}))
                .isInstanceOf(LifecycleException.class);
        assertThat(serv1.recovery().status().isRunning()).isFalse();
    }

    private List<String> last(int count) {
        List<String> now = List.copyOf(done);
        return now.subList(Math.max(0, now.size() - count), now.size());
    }

    private void hang(HaNode node) {
        int order = 10;
        for (String rung : List.of("suspend", "recover", "resume")) {
            node.recovery()
                    .rung(
                            rung,
                            order++,
                            BUDGET,
                            climb -> done.add(node.id() + " " + climb.rung() + " "
                                    + climb.view().members().size()));
        }
    }

    /** Whether a node runs, after it has climbed to the last rung with so many members. */
    private boolean isRunningWith(HaNode node, int members) {
        return node.recovery().status().isRunning()
                && (done.contains(node.id() + " resume " + members) || done.contains(node.id() + " suspend"));
    }

    private static String waitsFor(HaNode node) {
        return node.recovery().status().waiting().map(Recovery.Step::waitsFor).orElse("");
    }
}
