package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.PlacementPolicy;

class BoundedPolicyTest {
    private static final NodeId A = NodeId.of("a");
    private static final PlacementPolicy.Snapshot SNAPSHOT = new PlacementPolicy.Snapshot(
            Placement.NONE, Optional.empty(), List.of(new PlacementPolicy.Choice(A, 0, new TreeMap<>(), 0)));

    private final ExecutorService pool = Executors.newCachedThreadPool();
    private final AtomicLong now = new AtomicLong(5);

    /** The caller itself, or a busy machine decides who is in time. */
    private volatile Executor calls = Runnable::run;

    @AfterEach
    void close() {
        pool.shutdownNow();
    }

    @Test
    void an_answer_in_time_is_the_answer() {
        AtomicInteger asked = new AtomicInteger();
        BoundedPolicy policy = bounded(() -> asked.incrementAndGet());
        assertThat(policy.name()).isEqualTo("mine");
        for (int i = 0; i < 100; i++) {
            assertThat(policy.rank("web", SNAPSHOT)).containsExactly(A);
        }
        assertThat(asked).hasValue(100);
    }

    @Test
    void one_that_hangs_is_left_alone_until_it_returns_and_a_while_longer() throws InterruptedException {
        CountDownLatch returns = new CountDownLatch(1);
        CountDownLatch returned = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        BoundedPolicy policy = bounded(() -> {
            if (asked.incrementAndGet() == 1) {
                returns.await();
                returned.countDown();
            }
        });
        calls = pool;
        assertThatThrownBy(() -> policy.rank("web", SNAPSHOT)).hasMessageContaining("not asked for 10 s");
        calls = Runnable::run;
        now.addAndGet(2 * BoundedPolicy.REST_NANOS);
        assertThatThrownBy(() -> policy.rank("web", SNAPSHOT)).hasMessageContaining("has not returned");
        returns.countDown();
        returned.await();
        String said = "has not returned";
        while (said.contains("has not returned")) {
            try {
                policy.rank("web", SNAPSHOT);
                said = "answered";
            } catch (IllegalStateException e) {
                said = e.getMessage();
            }
        }
        assertThat(said).isEqualTo("answered");
        assertThat(asked).hasValue(2);
    }

    @Test
    void what_is_slow_again_and_again_is_slow_in_sum() {
        BoundedPolicy policy = bounded(() -> now.addAndGet(BoundedPolicy.BUDGET_NANOS * 3 / 5));
        assertThat(policy.rank("web", SNAPSHOT)).containsExactly(A);
        assertThat(policy.rank("web", SNAPSHOT)).containsExactly(A);
        BoundedPolicy hanging = bounded(() -> {
            now.addAndGet(BoundedPolicy.BUDGET_NANOS * 2);
        });
        assertThat(hanging.rank("web", SNAPSHOT)).containsExactly(A);
        // Nothing is left of this second, so nobody waits.
        CountDownLatch never = new CountDownLatch(1);
        BoundedPolicy spent = bounded(() -> {
            if (now.addAndGet(BoundedPolicy.BUDGET_NANOS) > 5 + 30 * BoundedPolicy.BUDGET_NANOS) {
                never.await();
            }
        });
        assertThat(spent.rank("web", SNAPSHOT)).containsExactly(A);
    }

    @Test
    void one_that_throws_is_asked_again() {
        AtomicInteger asked = new AtomicInteger();
        BoundedPolicy policy = bounded(() -> {
            if (asked.incrementAndGet() == 1) {
                throw new UnsupportedOperationException("no");
            }
        });
        assertThatThrownBy(() -> policy.rank("web", SNAPSHOT)).hasMessageContaining("UnsupportedOperationException");
        assertThat(policy.rank("web", SNAPSHOT)).containsExactly(A);
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private BoundedPolicy bounded(Work work) {
        return new BoundedPolicy(
                new PlacementPolicy() {
                    @Override
                    public String name() {
                        return "mine";
                    }

                    @Override
                    public List<NodeId> rank(String group, Snapshot snapshot) {
                        try {
                            work.run();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        return List.of(A);
                    }
                },
                task -> calls.execute(task),
                now::get);
    }
}
