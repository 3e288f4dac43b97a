package org.understudy.ha.membership.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one lane has to do, one task at a time and in order, on whatever thread of a pool is free; holds a thread only while a task
 * runs. What one task wrote the next one sees.
 *
 * <p><b>Concurrency.</b> Thread-safe. {@link #execute} never blocks.
 */
final class LaneQueue {

    private final Executor pool;
    private final String name;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    /** A task runs, or a thread of the pool is on its way to run one. */
    private boolean isTaken;

    private boolean isClosed;
    private @Nullable Run current;
    /** Counts those who had the lane: whoever was left behind in a call has it no more. */
    private long ticket;

    /** @param name what to call the thread while it runs tasks of this queue, after the name it has */
    LaneQueue(Executor pool, String name) {
        this.pool = pool;
        this.name = name;
    }

    /** Queues a task. Returns false, and drops it, once closed. */
    synchronized boolean execute(Runnable task) {
        if (isClosed) {
            return false;
        }
        waiting.add(task);
        return isTaken || dispatch();
    }

    /** Runs a task on the calling thread if nothing else of this lane runs or waits; returns whether it did. */
    boolean tryRun(Runnable task) {
        long mine;
        synchronized (this) {
            if (isClosed || isTaken) {
                return false;
            }
            isTaken = true;
            mine = ++ticket;
        }
        try {
            run(task, mine);
        } finally {
            synchronized (this) {
                if (ticket != mine) {
                    LanePool.LOG.debug("{}: a task that was left behind has ended", name);
                } else if (waiting.isEmpty()) {
                    free();
                } else {
                    dispatch();
                }
            }
        }
        return true;
    }

    /** Names the task that runs now; to be asked in the task. */
    synchronized long ticket() {
        return ticket;
    }

    /**
     * Leaves a task behind that is in a call that does not return: what waits is run on another thread.
     *
     * @return whether it was that task that had the lane
     */
    synchronized boolean abandon(long whose) {
        if (!isTaken || ticket != whose) {
            return false;
        }
        ticket++;
        current = null;
        if (waiting.isEmpty()) {
            free();
        } else {
            dispatch();
        }
        return true;
    }

    /** Takes no more tasks; those that wait are still run. */
    synchronized void close() {
        isClosed = true;
    }

    /**
     * Takes no more tasks, drops those that wait and has the one that runs interrupted: on a thread of the pool, since an interrupt may last.
     *
     * @param last run after it, even so
     */
    void closeNow(Runnable last) {
        Run running;
        synchronized (this) {
            waiting.clear();
            if (!isClosed) {
                isClosed = true;
                waiting.add(last);
            }
            running = current;
            if (!isTaken && !waiting.isEmpty()) {
                dispatch();
            }
        }
        if (running != null) {
            try {
                pool.execute(running::interrupt);
            } catch (RejectedExecutionException e) {
                LanePool.LOG.trace("{}: the node is closed", name);
            }
        }
    }

    /** Waits until nothing runs or waits any more; returns whether that came to be. */
    synchronized boolean awaitIdle(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (isTaken) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    /** Holding the lock. */
    private boolean dispatch() {
        isTaken = true;
        try {
            pool.execute(this::drain);
            return true;
        } catch (RejectedExecutionException e) {
            waiting.clear();
            free();
            return false;
        }
    }

    /** Holding the lock. */
    private void free() {
        isTaken = false;
        notifyAll();
    }

    private void drain() {
        Thread thread = Thread.currentThread();
        String before = thread.getName();
        thread.setName(name);
        long mine = enter();
        try {
            for (Runnable task = next(mine); task != null; task = next(mine)) {
                run(task, mine);
            }
        } finally {
            thread.setName(before);
        }
    }

    private synchronized long enter() {
        return ++ticket;
    }

    private synchronized @Nullable Runnable next(long mine) {
        if (ticket != mine) {
            return null;
        }
        Runnable task = waiting.poll();
        if (task == null) {
            free();
        }
        return task;
    }

    private void run(Runnable task, long mine) {
        Run run = new Run();
        synchronized (this) {
            current = run;
        }
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LanePool.report(name + ": a task failed", e);
        } finally {
            run.leave();
            synchronized (this) {
                if (ticket == mine) {
                    current = null;
                }
            }
        }
    }

    /** A task on its thread. Its interrupt is meant for it, and not for what runs on the thread after it. */
    private static final class Run {
        private final Thread thread = Thread.currentThread();
        private boolean isOver;

        /** May block: the channel on which the task waits is closed by it, and that may wait for the task. */
        synchronized void interrupt() {
            if (!isOver) {
                thread.interrupt();
            }
        }

        synchronized void leave() {
            isOver = true;
            Thread.interrupted();
        }
    }
}
