package org.understudy.ha.membership.runtime;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Elections.Candidate;
import org.understudy.ha.api.Elections.LeaderTask;
import org.understudy.ha.api.Elections.Succession;
import org.understudy.ha.api.LeaseLostException;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.NamedThreads;

/** A leader's task as a resource: started on a thread of its own when elected, interrupted and waited for at the end. */
public final class LeaderResource implements ManagedResource {
    private static final int SENTENCE_MAX = 300;

    private static final Logger LOG = LoggerFactory.getLogger(LeaderResource.class);

    /** How a task ended that nobody had told to end. */
    public enum End {
        /** It returned: the participant has had enough. */
        RETURNED,
        /** It gave its lead away because its lease or its token was not good any more. */
        GAVE_UP,
        /** It failed. */
        FAILED
    }

    /** Is told when the task ends by itself. */
    @FunctionalInterface
    public interface Ending {
        /**
         * @param token of the lead that ends
         * @param why one sentence
         */
        void ended(long token, End end, String why);
    }

    private record Lead(Thread thread, long token) {}

    private final String name;
    private final LeaderTask task;
    private final Candidate candidate;
    private final NamedThreads threads;
    private final ClassLoader loader;
    private final Ending ending;
    private volatile @Nullable Lead running;
    private volatile boolean isStopping;

    public LeaderResource(
            String name,
            LeaderTask task,
            Candidate candidate,
            NamedThreads threads,
            ClassLoader loader,
            Ending ending) {
        this.name = name;
        this.task = task;
        this.candidate = candidate;
        this.threads = threads;
        this.loader = loader;
        this.ending = ending;
    }

    /** Among candidates that could all lead, the highest comes first. */
    public int priority() {
        return candidate.priority();
    }

    /** Whether others may lead once the lease is over, whatever has become of the task. */
    public boolean isLeaseEnough() {
        return candidate.succession() == Succession.AFTER_LEASE;
    }

    public boolean isRunning() {
        return running != null;
    }

    /** The token under which the task runs; 0 if it does not. */
    public long token() {
        Lead lead = running;
        return lead == null ? 0 : lead.token();
    }

    @Override
    public void start(StartContext context) {
        Thread thread = threads.thread("leader-" + name, () -> lead(context));
        thread.setContextClassLoader(loader);
        isStopping = false;
        running = new Lead(thread, context.token().value());
        boolean isStarted = false;
        try {
            thread.start();
            isStarted = true;
        } finally {
            if (!isStarted) {
                running = null;
            }
        }
    }

    private void lead(StartContext context) {
        long token = context.token().value();
        try {
            task.lead(context.lease());
            // A loop that ends because the lease is not valid has not finished: leaving the election would end it for
            // good.
            if (context.lease().isValid()) {
                tell(token, End.RETURNED, "the task has returned");
            } else {
                tell(token, End.GAVE_UP, "the task has returned without a valid lease");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            tell(token, End.FAILED, "the task was interrupted by somebody else");
        } catch (LeaseLostException | StaleTokenException e) {
            LOG.info("election {}: the leader gives up: {}", name, e.getMessage());
            tell(token, End.GAVE_UP, e.getMessage());
        } catch (Exception | Error e) {
            LOG.warn("election {}: the leader's task failed", name, e);
            tell(token, End.FAILED, brief(e));
        } finally {
            running = null;
        }
    }

    /** While the task still counts as running, so that nobody takes its end for a failure meanwhile. */
    private void tell(long token, End end, String why) {
        if (!isStopping) {
            ending.ended(token, end, why);
        }
    }

    /** Interrupts the task and waits until it has returned; the lane's budget bounds the wait. */
    @Override
    public void stop(StopContext context) throws InterruptedException {
        isStopping = true;
        Lead lead = running;
        if (lead != null) {
            lead.thread().interrupt();
            lead.thread().join();
        }
    }

    /** Whether the caller is the task itself, which cannot wait for its own end. */
    public boolean isTask() {
        Lead lead = running;
        return lead != null && lead.thread() == Thread.currentThread();
    }

    @Override
    public Health monitor() {
        return running == null ? Health.failed(Severity.SOFT, "the task has ended") : Health.healthy();
    }

    /** It becomes part of what the whole cluster keeps. */
    private static String brief(Throwable e) {
        String text = e.toString();
        return text.length() <= SENTENCE_MAX ? text : text.substring(0, SENTENCE_MAX) + "…";
    }
}
