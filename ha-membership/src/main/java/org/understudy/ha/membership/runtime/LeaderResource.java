package org.understudy.ha.membership.runtime;

import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Elections.LeaderTask;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.NamedThreads;

/** A leader's task as a resource: started on a thread of its own when elected, interrupted and waited for at the end. */
public final class LeaderResource implements ManagedResource {

    private final String name;
    private final LeaderTask task;
    private final NamedThreads threads;
    private final ClassLoader loader;
    private final BiConsumer<Long, Optional<String>> ended;
    private volatile @Nullable Thread running;

    /**
     * @param ended told when the task ends by itself: the token, and what it failed with if it failed
     */
    public LeaderResource(
            String name,
            LeaderTask task,
            NamedThreads threads,
            ClassLoader loader,
            BiConsumer<Long, Optional<String>> ended) {
        this.name = name;
        this.task = task;
        this.threads = threads;
        this.loader = loader;
        this.ended = ended;
    }

    public boolean isRunning() {
        return running != null;
    }

    @Override
    public void start(StartContext context) {
        Thread thread = threads.thread("leader-" + name, () -> lead(context));
        thread.setContextClassLoader(loader);
        running = thread;
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
        Optional<String> failure = Optional.empty();
        try {
            task.lead(context.lease());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception | Error e) {
            failure = Optional.of(e.toString());
        } finally {
            boolean wasOurs = running == Thread.currentThread();
            running = null;
            if (wasOurs && !Thread.currentThread().isInterrupted()) {
                ended.accept(context.token().value(), failure);
            }
        }
    }

    /** Interrupts the task and waits until it has returned; the lane's budget bounds the wait. */
    @Override
    public void stop(StopContext context) throws InterruptedException {
        Thread thread = running;
        if (thread != null) {
            thread.interrupt();
            thread.join();
        }
    }

    /** Whether the caller is the task itself, which cannot wait for its own end. */
    public boolean isTask() {
        return running == Thread.currentThread();
    }

    @Override
    public Health monitor() {
        return running == null ? Health.failed(Severity.SOFT, "the task has returned") : Health.healthy();
    }
}
