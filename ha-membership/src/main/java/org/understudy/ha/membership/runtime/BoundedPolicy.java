package org.understudy.ha.membership.runtime;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.PlacementPolicy;

/**
 * An application's policy, asked on a thread of the pool: whoever plans waits for it a moment at most, because planning is done by the loop that
 * also keeps the lease. One that is late is not asked again for a while, and not before it has returned; whoever asks meanwhile is
 * told so by an exception, and uses the default order.
 *
 * <p><b>Concurrency.</b> {@link #rank} is called by one thread at a time.
 */
public final class BoundedPolicy implements PlacementPolicy {

    /** What all calls together may take in a second: a small part of what a lease leaves for a late tick. */
    static final long BUDGET_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    static final long REST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final String name;
    private final PlacementPolicy policy;
    private final Executor pool;
    private final LongSupplier clock;
    private long second;
    private long left = BUDGET_NANOS;
    private long restsUntil;
    private @Nullable CompletableFuture<List<NodeId>> late;

    public BoundedPolicy(PlacementPolicy policy, Executor pool) {
        this(policy, pool, System::nanoTime);
    }

    BoundedPolicy(PlacementPolicy policy, Executor pool, LongSupplier clock) {
        this.name = policy.name();
        this.policy = policy;
        this.pool = pool;
        this.clock = clock;
        this.second = clock.getAsLong();
        this.restsUntil = second;
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * @throws IllegalStateException if there is no answer in time, or the policy failed
     */
    @Override
    public List<NodeId> rank(String group, Snapshot snapshot) {
        long begin = clock.getAsLong();
        if (begin - second >= SECOND) {
            second = begin;
            left = BUDGET_NANOS;
        }
        if (late != null && !late.isDone()) {
            throw new IllegalStateException("it has not returned from an earlier call");
        }
        late = null;
        if (begin - restsUntil < 0) {
            throw new IllegalStateException("it was late a while ago");
        }
        CompletableFuture<List<NodeId>> answer =
                CompletableFuture.supplyAsync(() -> List.copyOf(policy.rank(group, snapshot)), pool);
        try {
            return answer.get(Math.max(0, left), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            late = answer;
            restsUntil = clock.getAsLong() + REST_NANOS;
            throw new IllegalStateException("its calls took more than " + TimeUnit.NANOSECONDS.toMillis(BUDGET_NANOS)
                    + " ms of one second; it is not asked for " + TimeUnit.NANOSECONDS.toSeconds(REST_NANOS) + " s");
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    "it threw " + e.getCause().getClass().getName());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("this node closes");
        } finally {
            left -= clock.getAsLong() - begin;
        }
    }
}
