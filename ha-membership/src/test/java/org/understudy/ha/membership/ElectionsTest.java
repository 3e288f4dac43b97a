package org.understudy.ha.membership;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Elections.Candidate;
import org.understudy.ha.api.Elections.Leader;
import org.understudy.ha.api.Elections.LeaderStatus;
import org.understudy.ha.api.Elections.LeaderTask;
import org.understudy.ha.api.Elections.Participation;
import org.understudy.ha.api.Elections.Succession;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Lease;
import org.understudy.ha.api.LeaseLostException;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.membership.sink.GuardedFile;
import org.understudy.ha.membership.store.Elsewhere;

/** Elections on whole nodes. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class ElectionsTest {

    private static final LeaderTask UNTIL_TOLD = lease -> new CountDownLatch(1).await();

    /** A directory that stays taken until this JVM ends is known by its inode, which no later test may be given. */
    private static final List<DirectoryStream<Path>> KEPT = new ArrayList<>();

    @TempDir
    Path directory;

    /** What a task that ignores the interrupt waits for. */
    private final CountDownLatch mayReturn = new CountDownLatch(1);

    private ThreeNodesOnLoopback cluster;
    private HaNode serv1;
    private HaNode serv2;
    private HaNode witness;

    @BeforeEach
    void startAll() throws IOException {
        cluster = new ThreeNodesOnLoopback(directory);
        serv1 = cluster.start("serv1");
        serv2 = cluster.start("serv2");
        witness = cluster.start("witness");
    }

    @AfterEach
    void closeAll() {
        mayReturn.countDown();
        cluster.close();
    }

    @Test
    void the_highest_priority_comes_first_when_nobody_leads_and_takes_nothing_away() throws Exception {
        Participation one = serv1.elections().join("report", UNTIL_TOLD);
        await(() -> isLed(serv1, "report", "serv1"));
        FencingToken first = token(serv1, "report");
        serv2.elections().join("report", Candidate.standard().withPriority(1), UNTIL_TOLD);
        witness.elections().join("report", Candidate.standard().withPriority(9), UNTIL_TOLD);
        awaitKnownCandidates();
        await(() -> isLed(serv1, "report", "serv1"));
        assertThat(token(serv1, "report")).isEqualTo(first);

        one.close();

        await(() -> isLed(serv2, "report", "witness"));
        assertThat(token(serv2, "report").isNewerThan(first)).isTrue();
    }

    @Test
    void who_resigns_gives_the_lead_to_another_and_stays_a_candidate() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        LeaderTask task = LeaderTask.between(lease -> {}, ended::incrementAndGet);
        Participation one = serv1.elections().join("report", task);
        await(() -> isLed(serv2, "report", "serv1"));
        Participation two = serv2.elections().join("report", UNTIL_TOLD);
        awaitKnownCandidates();
        FencingToken first = token(serv2, "report");

        assertThat(two.resign()).as("does not lead").isFalse();
        // Granted is not started yet.
        await(() -> one.resign(Duration.ofMillis(1)));

        await(() -> isLed(serv1, "report", "serv2"));
        assertThat(ended).hasValue(1);
        await(() -> two.resign(Duration.ofMinutes(5)));
        await(() -> isLed(serv2, "report", "serv1"));
        assertThat(token(serv2, "report").isNewerThan(first)).isTrue();
        assertThatThrownBy(() -> one.resign(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void who_resigns_alone_leads_again_after_the_hold_and_says_so_meanwhile() throws Exception {
        Participation one = serv1.elections().join("report", UNTIL_TOLD);
        await(() -> isLed(serv1, "report", "serv1"));
        FencingToken first = token(serv1, "report");
        List<LeaderStatus> seen = new CopyOnWriteArrayList<>();
        witness.elections().observe("report", seen::add);

        await(() -> one.resign(Duration.ofMillis(1500)));

        await(() -> isLed(serv1, "report", "serv1") && !token(serv1, "report").equals(first));
        assertThat(seen).anySatisfy(status -> {
            assertThat(status.leader()).isEmpty();
            assertThat(status.reason()).contains("serv1: this node resigned");
        });
    }

    @Test
    void a_task_whose_lease_is_not_good_enough_gives_up_without_blame() throws Exception {
        AtomicReference<Duration> batch = new AtomicReference<>(Duration.ofHours(1));
        CountDownLatch gaveUp = new CountDownLatch(1);
        CountDownLatch mayGiveUp = new CountDownLatch(1);
        serv1.elections().join("report", lease -> {
            mayGiveUp.await();
            try {
                lease.assertValid(batch.get());
            } catch (LeaseLostException e) {
                gaveUp.countDown();
                throw e;
            }
            new CountDownLatch(1).await();
        });
        await(() -> isLed(serv1, "report", "serv1"));
        Participation two = serv2.elections().join("report", UNTIL_TOLD);
        awaitKnownCandidates();

        mayGiveUp.countDown();

        gaveUp.await();
        await(() -> isLed(serv1, "report", "serv2"));
        batch.set(Duration.ZERO);
        two.close();
        await(() -> isLed(serv2, "report", "serv1"));
    }

    @Test
    void observers_on_any_node_hear_in_order_who_leads_and_that_their_node_closed() throws Exception {
        List<LeaderStatus> seen = new CopyOnWriteArrayList<>();
        witness.elections().observe("report", seen::add);
        await(() -> !seen.isEmpty());
        assertThat(seen.get(0).leader()).isEmpty();
        assertThat(witness.elections().leader("report").reason()).contains("no candidate");
        serv1.elections().join("report", UNTIL_TOLD);
        await(() -> isLed(witness, "report", "serv1"));
        serv2.elections().join("report", UNTIL_TOLD);
        awaitKnownCandidates();

        serv1.close();
        await(() -> isLed(witness, "report", "serv2"));
        await(() -> last(seen).equals(witness.elections().leader("report")));
        witness.close();

        await(() -> last(seen).reason().contains("closed"));
        assertThat(last(seen).leader()).isEmpty();
        // The same may be told again when the node has been without a majority for a moment.
        for (int i = 1; i < seen.size(); i++) {
            assertThat(seen.get(i)).isNotEqualTo(seen.get(i - 1));
        }
        List<Long> tokens = seen.stream()
                .flatMap(status -> status.leader().stream())
                .map(leader -> leader.token().value())
                .distinct()
                .toList();
        assertThat(tokens).hasSize(2).isSorted();
    }

    @Test
    void an_observer_that_is_closed_hears_nothing_more() throws Exception {
        List<LeaderStatus> seen = new CopyOnWriteArrayList<>();
        HaNode.Subscription subscription = serv2.elections().observe("report", seen::add);
        await(() -> !seen.isEmpty());
        subscription.close();
        int before = seen.size();
        serv1.elections().join("report", UNTIL_TOLD);
        await(() -> isLed(serv2, "report", "serv1"));
        assertThat(seen).hasSize(before);
    }

    @Test
    void a_task_that_ignores_the_interrupt_keeps_others_waiting_and_the_status_says_so() throws Exception {
        AtomicReference<Lease> lease = new AtomicReference<>();
        Participation one = serv1.elections().join("busy", stubborn(lease));
        await(() -> isLed(serv2, "busy", "serv1") && lease.get() != null);
        serv2.elections().join("busy", UNTIL_TOLD);
        awaitKnownCandidates();
        FencingToken first = token(serv2, "busy");

        assertThat(one.resign()).isTrue();

        await(() -> serv1.elections().leader("busy").reason().contains("nobody else leads until it has returned"));
        assertThat(lease.get().isValid()).isFalse();
        assertThat(lease.get().isOver()).isTrue();
        assertThat(token(serv2, "busy")).isEqualTo(first);
        mayReturn.countDown();
        await(() -> isLed(serv1, "busy", "serv2"));
    }

    @Test
    void of_two_resignations_the_longer_counts() throws Exception {
        Participation other = serv1.elections().join("report", UNTIL_TOLD);
        await(() -> isLed(serv1, "report", "serv1"));
        FencingToken first = token(serv1, "report");
        AtomicReference<Lease> seen = new AtomicReference<>();
        LeaderTask stubbornOnce = lease -> (seen.get() == null ? stubborn(seen) : UNTIL_TOLD).lead(lease);
        Participation one = serv1.elections().join("busy", stubbornOnce);
        await(() -> isLed(serv2, "busy", "serv1") && seen.get() != null);
        assertThat(one.resign(Duration.ofMillis(1))).isTrue();
        assertThat(one.resign(Duration.ofMinutes(5))).isTrue();
        mayReturn.countDown();
        await(() -> serv1.elections().leader("busy").reason().contains("serv1: this node resigned"));

        await(() -> other.resign(Duration.ofMillis(1)));
        await(() -> isLed(serv1, "report", "serv1") && !token(serv1, "report").equals(first));
        assertThat(serv1.elections().leader("busy").leader())
                .as("what was resigned later is led again")
                .isEmpty();
        witness.elections().join("busy", UNTIL_TOLD);
        await(() -> isLed(serv1, "busy", "witness"));
    }

    @Test
    void without_a_majority_the_task_is_interrupted_before_its_lease_is_over() throws Exception {
        AtomicReference<Boolean> wasValid = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        serv1.elections().join("report", lease -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                wasValid.set(lease.isValid());
                interrupted.countDown();
            }
        });
        begun.await();

        serv2.close();
        witness.close();

        interrupted.await();
        assertThat(wasValid).as("an ended lease never counts").hasValue(false);
        await(() -> serv1.state() == NodeState.IN_DOUBT);
        await(() -> !serv1.elections().leader("report").isCurrent());
    }

    /**
     * A task that nothing stops, on a node that is gone: what may compare tokens is led on after the lease and refuses the stale
     * leader; what may not waits for the end of the process, or for a person's word.
     */
    @Test
    void after_a_leader_that_nothing_stops_the_sink_refuses_it_or_the_election_waits() throws Exception {
        GuardedFile totals = GuardedFile.at(directory.resolve("totals"));
        AtomicReference<Lease> compared = new AtomicReference<>();
        AtomicReference<Lease> alone = new AtomicReference<>();
        Candidate afterEnd = Candidate.standard().withSuccession(Succession.AFTER_END);
        serv1.elections().join("compared", stubborn(compared));
        serv1.elections().join("alone", afterEnd, stubborn(alone));
        await(() -> isLed(serv2, "compared", "serv1") && isLed(serv2, "alone", "serv1"));
        await(() -> compared.get() != null && alone.get() != null);
        totals.append(compared.get().token(), "old\n".getBytes(UTF_8));
        serv2.elections().join("compared", lease -> {
            totals.append(lease.token(), "new\n".getBytes(UTF_8));
            new CountDownLatch(1).await();
        });
        serv2.elections().join("alone", afterEnd, UNTIL_TOLD);
        awaitKnownCandidates();
        KEPT.add(Files.newDirectoryStream(directory.resolve("serv1")));
        Leader stuck = serv2.elections().leader("alone").leader().orElseThrow();

        serv1.close();

        await(() -> isLed(serv2, "compared", "serv2"));
        await(() -> totals.read().filter(bytes -> bytes.length == 8).isPresent());
        assertThat(compared.get().isOver()).isTrue();
        assertThatThrownBy(() -> totals.append(compared.get().token(), "stale\n".getBytes(UTF_8)))
                .isInstanceOf(StaleTokenException.class);
        assertThat(totals.path()).hasContent("old\nnew\n");
        assertThatThrownBy(() -> cluster.start("serv1"))
                .as("the task still runs in this process, so its end is not proved by a new life of the node")
                .hasMessageContaining("uses this directory");
        cluster.forget(serv1);
        serv1 = witness;
        for (int i = 0; i < 3; i++) {
            System.gc();
            assertThat(Elsewhere.opens(directory.resolve("serv1"), directory))
                    .as("a closed node that nobody refers to any more keeps its lock")
                    .contains("is in use by process");
        }

        LeaderStatus waiting = serv2.elections().leader("alone");
        assertThat(waiting.leader()).isEmpty();
        assertThat(waiting.reason()).contains("nothing proves");
        mayReturn.countDown();
        assertThat(serv2.operator()
                        .confirmDown(stuck.node(), "test", "its task has returned")
                        .toCompletableFuture()
                        .join()
                        .isDone())
                .isTrue();
        await(() -> isLed(serv2, "alone", "serv2"));
        assertThat(token(serv2, "alone").isNewerThan(stuck.token())).isTrue();
    }

    /** The end of an earlier participation is noted a moment after it was closed. */
    private boolean isJoined(String election) {
        try {
            serv1.elections().join(election, UNTIL_TOLD);
            return true;
        } catch (LifecycleException e) {
            return e.getMessage().contains("takes part in " + election + " already");
        }
    }

    @Test
    void what_cannot_work_is_refused_with_a_remedy() throws Exception {
        assertThatThrownBy(() -> serv1.elections().leader("Not A Name"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("lower-case");
        assertThatThrownBy(() -> serv1.elections().observe("Not A Name", status -> {}))
                .isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> serv1.elections().join("report", null))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("election report task");
        assertThatThrownBy(() -> serv1.elections().join("report", null, UNTIL_TOLD))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("election report candidate");
        assertThatThrownBy(() -> serv1.elections().observe("report", null))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("election report listener");
        for (String name : Arrays.asList(null, "", "election:report")) {
            assertThatThrownBy(() -> serv1.elections().join(name, UNTIL_TOLD))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("lower-case");
        }
        Participation first = serv1.elections().join("report", UNTIL_TOLD);
        assertThatThrownBy(() -> serv1.elections().join("report", UNTIL_TOLD))
                .isInstanceOf(LifecycleException.class)
                .hasMessage("this node takes part in report already; close that participation first");
        assertThatThrownBy(() -> first.resign(null)).isInstanceOf(IllegalArgumentException.class);
        first.close();
        await(() -> isJoined("report"));
        Group disguised = new Group(
                "election:other",
                List.of(),
                List.of(new Group.Entry("idle", new Idle(), false)),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                false,
                WithoutQuorum.STOP);
        assertThatThrownBy(() -> serv1.resources().register(disguised))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is a name for elections");
        serv1.close();
        assertThatThrownBy(() -> serv1.elections().observe("report", status -> {}))
                .isInstanceOf(LifecycleException.class);
        assertThat(serv1.elections().leader("report").reason()).contains("closed");
    }

    /**
     * Waits until every candidacy that was offered before this call stands in the record: an offer speaks of all elections of its
     * node, so each node leads one of its own afterwards.
     */
    private void awaitKnownCandidates() throws InterruptedException {
        for (HaNode node : List.of(serv1, serv2, witness)) {
            String name = "known-" + node.id() + "-" + System.nanoTime();
            Participation own = node.elections().join(name, UNTIL_TOLD);
            await(own::isLeading);
        }
    }

    private static boolean isLed(HaNode asked, String election, String by) {
        return asked.elections()
                .leader(election)
                .leader()
                .filter(leader -> leader.node().node().equals(NodeId.of(by)))
                .isPresent();
    }

    private static FencingToken token(HaNode asked, String election) {
        return asked.elections().leader(election).leader().map(Leader::token).orElseThrow();
    }

    private static LeaderStatus last(List<LeaderStatus> seen) {
        return seen.get(seen.size() - 1);
    }

    private LeaderTask stubborn(AtomicReference<Lease> mine) {
        return lease -> {
            mine.set(lease);
            while (true) {
                try {
                    mayReturn.await();
                    return;
                } catch (InterruptedException e) {
                    assertThat(Optional.of(e)).as("ignored on purpose").isPresent();
                }
            }
        };
    }

    private static final class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public void stop(StopContext context) {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }
}
