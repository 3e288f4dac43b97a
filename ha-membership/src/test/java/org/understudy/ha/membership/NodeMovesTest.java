package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.Resources.MoveResult.Outcome;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;

@Timeout(60)
class NodeMovesTest {

    private static final NodeId B = NodeId.of("b");
    private static final Duration HOURS = Duration.ofHours(20);

    private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
    private final List<Input> asked = new ArrayList<>();
    private final NodeMoves moves = new NodeMoves(new AtomicLong()::incrementAndGet, asked::add, timers, Runnable::run);

    NodeMovesTest() {
        timers.setRemoveOnCancelPolicy(true);
    }

    @AfterEach
    void nothing_stays_behind() {
        timers.shutdownNow();
    }

    @Test
    void a_decision_reaches_whoever_asked_and_leaves_no_timer() {
        List<CompletableFuture<MoveResult>> results = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            results.add(move(HOURS));
        }
        assertThat(timers.getQueue()).hasSize(1_000);

        for (int i = 0; i < 1_000; i++) {
            moves.decided(new Effect.MoveDecided(i + 1, i % 2 == 0, "because"));
        }

        assertThat(results.get(0).join()).isEqualTo(new MoveResult(Outcome.DONE, "because"));
        assertThat(results.get(1).join()).isEqualTo(new MoveResult(Outcome.REFUSED, "because"));
        assertThat(results).allMatch(CompletableFuture::isDone);
        assertThat(timers.getQueue()).isEmpty();
    }

    @Test
    void nobody_waits_longer_than_the_limit() throws Exception {
        MoveResult late = move(Duration.ofNanos(1)).get(30, TimeUnit.SECONDS);

        assertThat(late.outcome()).isEqualTo(Outcome.UNKNOWN);
        assertThat(late.reason()).endsWith("; the move goes on");
        assertThat(asked).containsExactly(new Input.MoveWanted(1, "db!", B));
    }

    @Test
    void nobody_waits_for_a_node_that_has_ended_and_none_of_its_timers_is_left() {
        CompletableFuture<MoveResult> before = move(HOURS);
        moves.end("this node stepped aside");
        moves.end("this node was closed");
        CompletableFuture<MoveResult> after = move(HOURS);

        assertThat(List.of(before, after)).allSatisfy(result -> {
            assertThat(result.join().outcome()).isEqualTo(Outcome.UNKNOWN);
            assertThat(result.join().reason()).contains("stepped aside");
        });
        assertThat(timers.getQueue()).isEmpty();
        assertThat(asked).as("nothing is asked of what has ended").hasSize(1);
    }

    @Test
    void nobody_waits_longer_although_it_cannot_be_told_how_the_move_stands() throws Exception {
        MoveResult late = moves.ask(
                        "db!",
                        () -> {
                            throw new IllegalStateException("planned");
                        },
                        B,
                        Duration.ofMillis(1))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);

        assertThat(late).isEqualTo(new MoveResult(Outcome.UNKNOWN, "not decided within 1 ms"));
    }

    @Test
    void whoever_asked_just_before_the_timers_ended_is_answered() {
        moves.end("this node was closed");
        timers.shutdownNow();

        assertThat(move(HOURS).join().outcome()).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void every_mistake_is_told() {
        assertThatThrownBy(() -> NodeMoves.check(null, null, Duration.ofSeconds(Long.MAX_VALUE)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("move group")
                .hasMessageContaining("move to")
                .hasMessageContaining("move limit");
    }

    private CompletableFuture<MoveResult> move(Duration limit) {
        return moves.ask("db!", () -> "the move goes on", B, limit).toCompletableFuture();
    }
}
