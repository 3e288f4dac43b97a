package org.understudy.ha.membership.runtime;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.membership.core.assumptions.News;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Computes the assumptions again when something they depend on has changed, tells them and writes to the log what of them is news.
 *
 * <p><b>Concurrency.</b> {@link #record} is called by the loop, {@link #changed} by any thread; neither blocks. Changes that
 * come together are computed once, {@value #QUIET_MILLIS} ms after the first, and not more often than makes a twentieth of one core: what a large
 * cluster survives is told later while its record changes.
 */
public final class AssumptionsWatch {
    private static final Logger LOG = LoggerFactory.getLogger(AssumptionsWatch.class);
    private static final long QUIET_MILLIS = 2000;
    private static final long SHARE = 20;
    /** How many changes are said at INFO. */
    private static final int LINES_SHOWN = 3;

    private final Supplier<Assumptions> compute;
    private final ScheduledExecutorService timers;
    private final Executor worker;
    private final Consumer<Assumptions> tell;
    private final AtomicBoolean isWaiting = new AtomicBoolean();
    /** Loop's thread only. */
    private Optional<ClusterRecord> known = Optional.empty();
    /** Of the last value, which itself may be large. Worker's thread only, once the node is started. */
    private int told;

    /** As {@link #told}. */
    private final News news = new News();

    private boolean isBegun;
    /** When it looks again at what was held back. As {@link #told}. */
    private Optional<ScheduledFuture<?>> recall = Optional.empty();

    private volatile long quietMillis = QUIET_MILLIS;

    /**
     * @param compute takes milliseconds; called on the worker only, but for {@link #begin}
     * @param tell called on the worker with each new value
     */
    public AssumptionsWatch(
            Supplier<Assumptions> compute,
            ScheduledExecutorService timers,
            Executor worker,
            Consumer<Assumptions> tell) {
        this.compute = compute;
        this.timers = timers;
        this.worker = worker;
        this.tell = tell;
    }

    /** At the start of the node: before anything else of this object is used. */
    public void begin() {
        look();
    }

    /** A record was chosen. */
    public void record(ClusterRecord record) {
        boolean isSame = known.filter(k -> k.voters().equals(record.voters())
                        && k.sessions().equals(record.sessions())
                        && k.groups().equals(record.groups())
                        && k.standby().equals(record.standby())
                        && k.maintenance().equals(record.maintenance()))
                .isPresent();
        known = Optional.of(record);
        if (!isSame) {
            changed();
        }
    }

    /** Something on this host changed that the record does not show: a guardian, an enforcer. */
    public void changed() {
        if (isWaiting.compareAndSet(false, true)) {
            try {
                timers.schedule(() -> worker.execute(this::lookAgain), quietMillis, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("the node is closing: its assumptions are not computed any more");
            }
        }
    }

    private void lookAgain() {
        isWaiting.set(false);
        look();
    }

    private void look() {
        long begin = System.nanoTime();
        Assumptions now = compute.get();
        quietMillis = Math.max(QUIET_MILLIS, SHARE * TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        boolean isNew = now.hashCode() != told;
        if (isNew) {
            told = now.hashCode();
            tell.accept(now);
        }
        if (isNew || news.again().isPresent()) {
            say(now.toString());
        }
    }

    private void say(String text) {
        boolean isFirst = !isBegun;
        isBegun = true;
        long now = System.nanoTime();
        Optional<String> worth = news.of(now, text);
        recall.ifPresent(timer -> timer.cancel(false));
        news.again().ifPresent(due -> lookAgainIn(due - now));
        if (isFirst) {
            LOG.info("what this cluster survives as it stands now; later only what changes is said:\n{}", text);
            return;
        }
        worth.ifPresent(AssumptionsWatch::sayChange);
        LOG.debug("what this cluster survives as it stands now:\n{}", text);
    }

    private static void sayChange(String lines) {
        List<String> all = lines.lines().toList();
        if (all.size() <= LINES_SHOWN) {
            LOG.info("what this cluster survives has changed:\n{}", lines);
            return;
        }
        LOG.info(
                "what this cluster survives has changed in {} points; the first, and the others at DEBUG:\n{}",
                all.size(),
                String.join("\n", all.subList(0, LINES_SHOWN)));
        LOG.debug(
                "what else has changed of what this cluster survives:\n{}",
                String.join("\n", all.subList(LINES_SHOWN, all.size())));
    }

    /** What was held back is looked at again, so that what was said last does not stay wrong. */
    private void lookAgainIn(long nanos) {
        try {
            recall = Optional.of(timers.schedule(() -> worker.execute(this::look), nanos, TimeUnit.NANOSECONDS));
        } catch (RejectedExecutionException e) {
            LOG.debug("the node is closing: what was held back of its assumptions is not said any more");
        }
    }
}
