package org.understudy.ha.membership.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * The threads on which lanes call the user's code: as many as calls are under way, and one more that waits. A call that does not
 * return keeps its own thread and no other call.
 *
 * <p><b>Concurrency.</b> Thread-safe. {@link #execute} only queues, so the loop may call it: a thread that takes a task and leaves
 * nobody waiting starts its successor itself, before it runs the task. Whoever waits shortest is called first, so that threads that
 * nobody needs end after {@value #KEEP_SECONDS} s.
 */
public final class LanePool implements Executor, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LanePool.class);
    private static final long KEEP_SECONDS = 10;
    private static final long KEEP_NANOS = TimeUnit.SECONDS.toNanos(KEEP_SECONDS);

    private final NamedThreads threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ArrayDeque<Condition> idle = new ArrayDeque<>();
    /** Threads in no task: those that wait, and those on their way there. */
    private int free;

    private boolean isClosed;

    /** Starts the first thread. */
    public LanePool(NamedThreads threads) {
        this.threads = threads;
        lock.lock();
        try {
            startWorker();
        } finally {
            lock.unlock();
        }
    }

    /** @throws RejectedExecutionException after {@link #close()} */
    @Override
    public void execute(Runnable task) {
        lock.lock();
        try {
            if (isClosed) {
                throw new RejectedExecutionException("the lanes of this node are closed");
            }
            tasks.add(task);
            if (!idle.isEmpty()) {
                idle.removeLast().signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more tasks, drops what has not begun, and ends the threads that wait; whoever is in a call ends after it. */
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            tasks.clear();
            idle.forEach(Condition::signal);
        } finally {
            lock.unlock();
        }
    }

    /** Holding the lock. */
    private void startWorker() {
        Condition mine = lock.newCondition();
        threads.thread("lane", () -> work(mine)).start();
        free++;
    }

    private void work(Condition mine) {
        for (Runnable task = next(mine); task != null; task = next(mine)) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.error("a task of a lane failed", e);
            } finally {
                // An interrupt was meant for the task.
                Thread.interrupted();
                lock.lock();
                free++;
                lock.unlock();
            }
        }
    }

    /** Null for a thread that is not needed any more. */
    private @Nullable Runnable next(Condition mine) {
        lock.lock();
        try {
            boolean isNeeded = true;
            while (isNeeded && tasks.isEmpty()) {
                isNeeded = !isClosed && (waits(mine) || !tasks.isEmpty() || free == 1);
            }
            free--;
            if (!isNeeded) {
                return null;
            }
            if (free == 0) {
                succeed();
            }
            return tasks.remove();
        } finally {
            lock.unlock();
        }
    }

    /** Holding the lock. Returns false if nobody called for too long. */
    private boolean waits(Condition mine) {
        idle.addLast(mine);
        try {
            return mine.awaitNanos(KEEP_NANOS) > 0;
        } catch (InterruptedException e) {
            // Whoever interrupts a thread that does nothing wants it over; another takes its place if it is needed.
            return false;
        } finally {
            idle.remove(mine);
        }
    }

    /** Holding the lock. Where no thread can be made the next task waits until a call is over. */
    private void succeed() {
        try {
            startWorker();
        } catch (RuntimeException | Error e) {
            LOG.error("no further thread for the groups of this node; calls wait for one another", e);
        }
    }
}
