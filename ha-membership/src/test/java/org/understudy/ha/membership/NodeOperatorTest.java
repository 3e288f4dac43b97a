package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Operator.Cleared;
import org.understudy.ha.api.Operator.Result;
import org.understudy.ha.membership.core.Effect.ClearDecided;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.Input;

class NodeOperatorTest {

    private static final NodeId A = NodeId.of("a");
    private static final long SEED = 4711;

    private final List<Input> asked = new ArrayList<>();
    private final NodeOperator operator =
            new NodeOperator(A, SEED, () -> {}, Optional::empty, asked::add, Runnable::run);

    @Test
    void a_decision_reaches_whoever_asked() {
        CompletableFuture<Result> first = operator.standby(A).toCompletableFuture();
        CompletableFuture<Result> second = operator.activate(A).toCompletableFuture();
        operator.decided(new OperationDecided(SEED + 2, true, "done"));

        assertThat(first).isNotDone();
        assertThat(second.join()).isEqualTo(new Result(true, "done"));
        assertThat(asked).hasSize(2);
    }

    @Test
    void an_answer_to_a_request_of_an_earlier_life_is_none_to_one_of_this() {
        CompletableFuture<Cleared> clearing = operator.clearFailures("files", A).toCompletableFuture();
        operator.decided(new ClearDecided(1, Cleared.Outcome.DONE, "of an earlier life"));

        assertThat(clearing).isNotDone();
        assertThat(asked).containsExactly(new Input.ClearWanted(SEED + 1, "files", A));
    }

    @Test
    void nobody_waits_for_a_node_that_stepped_aside() {
        CompletableFuture<Result> before = operator.standby(A).toCompletableFuture();
        operator.end("this node stepped aside");
        operator.end("this node was closed");
        CompletableFuture<Result> after = operator.admit(A).toCompletableFuture();
        CompletableFuture<Cleared> cleared = operator.clearFailures("files", A).toCompletableFuture();

        assertThat(asked).as("nothing is asked of what has ended").hasSize(1);
        assertThat(cleared.join().outcome()).isEqualTo(Cleared.Outcome.UNKNOWN);
        assertThat(before.join().isDone()).isFalse();
        assertThat(before.join().reason()).contains("stepped aside");
        assertThat(after.join().reason()).contains("stepped aside");
    }

    @Test
    void an_order_about_no_node_reaches_nobody() {
        List<Function<NodeId, CompletionStage<Result>>> orders =
                List.of(operator::standby, operator::drain, operator::activate, operator::admit, operator::remove);

        assertThat(orders)
                .allSatisfy(order -> assertThatThrownBy(() -> order.apply(null))
                        .isInstanceOf(ConfigurationException.class)
                        .hasMessageContaining("name the node"));
        assertThat(asked).isEmpty();
    }
}
