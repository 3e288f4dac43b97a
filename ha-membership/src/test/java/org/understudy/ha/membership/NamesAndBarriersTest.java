package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.Barriers;
import org.understudy.ha.api.Barriers.Barrier;
import org.understudy.ha.api.Barriers.View;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Names.NameStatus;
import org.understudy.ha.api.Names.Registration;
import org.understudy.ha.api.Names.Result;
import org.understudy.ha.api.Names.Sharing;

/** Names and barriers on three whole nodes. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class NamesAndBarriersTest {

    private static final Duration LONG = Duration.ofSeconds(40);

    @TempDir
    Path directory;

    private ThreeNodesOnLoopback cluster;
    private HaNode serv1;
    private HaNode serv2;
    private HaNode witness;
    private String last = "nothing told";

    @BeforeEach
    void start() throws Exception {
        cluster = new ThreeNodesOnLoopback(directory);
        serv1 = cluster.start("serv1");
        serv2 = cluster.start("serv2");
        witness = cluster.start("witness");
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    // ---- names ---------------------------------------------------------------------------------------------------

    @Test
    void an_exclusive_name_has_one_owner_until_its_session_is_over_and_dependants_are_told() throws Exception {
        BlockingQueue<NameStatus> told = new LinkedBlockingQueue<>();
        Registration first = serv1.names().register("queue", "10.0.0.1:5672", Sharing.EXCLUSIVE, LONG);
        assertThat(outcome(first.result())).isEqualTo(Result.Outcome.HELD);
        await(first::isHeld);
        await(() -> witness.names().lookup("queue").owners().size() == 1);
        witness.names().observe("que", told::add);
        assertThat(value(told)).isEqualTo("10.0.0.1:5672");

        Registration second = serv2.names().register("queue", "10.0.0.2:5672", Sharing.EXCLUSIVE, LONG);
        Result refused = second.result().toCompletableFuture().get(40, TimeUnit.SECONDS);
        assertThat(refused.outcome()).isEqualTo(Result.Outcome.REFUSED);
        assertThat(refused.reason()).contains("serv1#1 owns it exclusively");
        assertThat(second.isHeld()).isFalse();
        assertThat(second.over().toCompletableFuture().get(40, TimeUnit.SECONDS))
                .contains("serv1");

        assertThat(outcome(first.change("10.0.0.1:5673", LONG))).isEqualTo(Result.Outcome.HELD);
        assertThat(value(told)).isEqualTo("10.0.0.1:5673");

        serv1.close();
        assertThat(first.isHeld()).isFalse();
        assertThat(value(told)).as("it disappears").isEmpty();
        Registration third = serv2.names().register("queue", "10.0.0.2:5672", Sharing.EXCLUSIVE, LONG);
        assertThat(outcome(third.result())).isEqualTo(Result.Outcome.HELD);
        assertThat(value(told)).isEqualTo("10.0.0.2:5672");
    }

    @Test
    void a_withdrawn_name_is_free_at_once_and_a_shared_one_has_many_owners() throws Exception {
        Registration one = serv1.names().register("web", "a", Sharing.SHARED, LONG);
        Registration other = serv2.names().register("web", "b", Sharing.SHARED, LONG);
        assertThat(outcome(one.result())).isEqualTo(Result.Outcome.HELD);
        assertThat(outcome(other.result())).isEqualTo(Result.Outcome.HELD);
        await(() -> witness.names().lookup("web").owners().size() == 2);
        assertThat(outcome(witness.names()
                        .register("web", "c", Sharing.EXCLUSIVE, LONG)
                        .result()))
                .isEqualTo(Result.Outcome.REFUSED);

        one.close();
        assertThat(one.isHeld()).isFalse();
        other.close();
        await(() -> witness.names().list("").isEmpty());
        Registration alone = witness.names().register("web", "c", Sharing.EXCLUSIVE, LONG);
        assertThat(outcome(alone.result())).isEqualTo(Result.Outcome.HELD);
        alone.close();
        Registration again = witness.names().register("web", "d", Sharing.SHARED, LONG);
        assertThat(outcome(again.result())).isEqualTo(Result.Outcome.HELD);
    }

    @Test
    void without_a_majority_nothing_is_held_and_nothing_is_known() throws Exception {
        Registration held = serv1.names().register("queue", "here", Sharing.EXCLUSIVE, LONG);
        assertThat(outcome(held.result())).isEqualTo(Result.Outcome.HELD);
        serv2.close();
        witness.close();

        await(() -> !held.isHeld() && !serv1.names().lookup("queue").isCurrent());
        Registration asked = serv1.names().register("other", "here", Sharing.EXCLUSIVE, Duration.ofMillis(300));
        assertThat(outcome(asked.result())).isEqualTo(Result.Outcome.UNKNOWN);
        assertThat(serv1.names().lookup("queue").owners()).hasSize(1);
    }

    @Test
    void what_cannot_be_named_is_refused_with_every_reason() {
        assertThatThrownBy(() -> serv1.names().register("two words", "x".repeat(2000), null, Duration.ZERO))
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(4));
        assertThatThrownBy(() -> serv1.names().register("!ladder", "", Sharing.SHARED, LONG))
                .hasMessageContaining("not beginning with '!'");
        Registration first = serv1.names().register("big0", "x".repeat(1024), Sharing.SHARED, LONG);
        assertThatThrownBy(() -> serv1.names().register("big0", "", Sharing.SHARED, LONG))
                .isInstanceOf(LifecycleException.class)
                .hasMessageContaining("close that registration first");
        assertThatThrownBy(() -> {
                    for (int i = 1; i < 100; i++) {
                        serv1.names().register("big" + i, "x".repeat(1024), Sharing.SHARED, LONG);
                    }
                })
                .isInstanceOf(LifecycleException.class)
                .hasMessageContaining("65536");
        assertThatThrownBy(() -> first.change("x".repeat(1025), LONG)).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void closing_the_node_answers_whoever_waits() throws Exception {
        serv2.close();
        witness.close();
        await(() -> !serv1.names().lookup("queue").isCurrent());
        Registration asked = serv1.names().register("queue", "here", Sharing.EXCLUSIVE, LONG);
        serv1.close();

        assertThat(outcome(asked.result())).isEqualTo(Result.Outcome.UNKNOWN);
        assertThat(asked.over().toCompletableFuture().get(40, TimeUnit.SECONDS)).isNotEmpty();
        assertThatThrownBy(() -> serv1.names().register("queue", "here", Sharing.SHARED, LONG))
                .isInstanceOf(LifecycleException.class);
    }

    private static Result.Outcome outcome(CompletionStage<Result> result) throws Exception {
        return result.toCompletableFuture().get(60, TimeUnit.SECONDS).outcome();
    }

    /** What is told next. The same is told again when it has ceased to be current, and when it is again. */
    private String value(BlockingQueue<NameStatus> told) throws InterruptedException {
        String before = last;
        while (last.equals(before)) {
            NameStatus status = told.poll(40, TimeUnit.SECONDS);
            assertThat(status).isNotNull();
            last = status.owners().isEmpty() ? "" : status.owners().get(0).value();
        }
        return last;
    }

    // ---- barriers ------------------------------------------------------------------------------------------------

    @Test
    void nobody_passes_before_all_have_entered_and_a_member_that_goes_aborts_it_for_all() throws Exception {
        List<Barrier> barriers = List.of(
                serv1.barriers().join("rebuild"),
                serv2.barriers().join("rebuild"),
                witness.barriers().join("rebuild"));
        for (Barrier barrier : barriers) {
            await(() ->
                    barrier.view().filter(view -> view.members().size() == 3).isPresent());
        }
        View view = barriers.get(0).view().orElseThrow();
        assertThat(barriers.get(1).view()).contains(view);

        CompletionStage<Barriers.Result> first = barriers.get(0).enter(view, LONG);
        CompletionStage<Barriers.Result> second = barriers.get(1).enter(view, Duration.ofMillis(500));
        assertThat(passed(second)).as("the third has not entered").isEqualTo(Barriers.Outcome.UNKNOWN);
        assertThat(first.toCompletableFuture()).isNotDone();
        CompletionStage<Barriers.Result> third = barriers.get(2).enter(view, LONG);
        assertThat(passed(third)).isEqualTo(Barriers.Outcome.PASSED);
        assertThat(passed(first)).isEqualTo(Barriers.Outcome.PASSED);
        assertThat(passed(barriers.get(1).enter(view, LONG)))
                .as("whoever gave up is told what became of it")
                .isEqualTo(Barriers.Outcome.PASSED);

        CompletionStage<Barriers.Result> next = barriers.get(0).enter(view, LONG);
        CompletionStage<Barriers.Result> nextToo = barriers.get(1).enter(view, LONG);
        witness.close();
        Barriers.Result aborted = next.toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(aborted.outcome()).isEqualTo(Barriers.Outcome.ABORTED);
        assertThat(passed(nextToo)).isEqualTo(Barriers.Outcome.ABORTED);
        View without = aborted.view().orElseThrow();
        assertThat(without.members()).hasSize(2);
        assertThat(without.number()).isGreaterThan(view.number());
        assertThat(passed(barriers.get(0).enter(view, LONG)))
                .as("of a view that is over")
                .isEqualTo(Barriers.Outcome.ABORTED);
        await(() -> barriers.get(1).view().filter(without::equals).isPresent());
        next = barriers.get(0).enter(without, LONG);
        nextToo = barriers.get(1).enter(without, LONG);
        assertThat(passed(next)).isEqualTo(Barriers.Outcome.PASSED);
        assertThat(passed(nextToo)).isEqualTo(Barriers.Outcome.PASSED);
    }

    @Test
    void views_are_told_in_order_and_the_last_is_none() throws Exception {
        BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        Barrier barrier = serv1.barriers().join("rebuild");
        barrier.observe(view -> sizes.add(view.map(v -> v.members().size()).orElse(0)));
        await(() -> sizes.contains(1));
        serv2.barriers().join("rebuild");
        await(() -> sizes.contains(2));
        assertThatThrownBy(() -> serv1.barriers().join("rebuild")).isInstanceOf(LifecycleException.class);
        assertThatThrownBy(() -> serv1.barriers().join("Rebuild")).isInstanceOf(ConfigurationException.class);

        barrier.close();
        await(() -> sizes.stream().reduce((earlier, later) -> later).orElseThrow() == 0);
        View none = new View(1, List.of());
        assertThatThrownBy(() -> barrier.enter(none, LONG)).isInstanceOf(LifecycleException.class);
    }

    private static Barriers.Outcome passed(CompletionStage<Barriers.Result> result) throws Exception {
        return result.toCompletableFuture().get(60, TimeUnit.SECONDS).outcome();
    }
}
