package org.understudy.ha.membership.runtime;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * The threads on which lanes call the user's code: as many as calls are under way, and one more that waits. A call that does not
 * return keeps its own thread and no other call.
 *
 * <p><b>Concurrency.</b> Thread-safe. {@link #execute} only queues, so the loop may call it: a thread that takes a task and leaves
 * nobody waiting starts its successor itself, before it runs the task. No lock is held while the host's factory makes a thread;
 * where it cannot, that is tried again until it can. Whoever waits shortest is called first, so that threads that nobody needs end
 * after {@value #KEEP_SECONDS} s.
 */
public final class LanePool implements Executor, AutoCloseable {

    static final Logger LOG = LoggerFactory.getLogger(LanePool.class);
    private static final long KEEP_SECONDS = 10;
    private static final long KEEP_NANOS = TimeUnit.SECONDS.toNanos(KEEP_SECONDS);
    private static final long AGAIN_MILLIS = 50;
    private static final long END_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(500);

    private final NamedThreads threads;
    private final ScheduledExecutorService timers;
    /** Its threads are in it, and whatever they make in a call of the user's code. */
    private final Optional<ThreadGroup> group;

    private final Set<Thread> own = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ArrayDeque<Condition> idle = new ArrayDeque<>();
    private final Condition ended = lock.newCondition();
    /** Threads in no task: those that wait, those on their way there, and the one that is being made. */
    private int free;

    private boolean isShort;
    private boolean isClosed;

    /**
     * Starts the first thread.
     *
     * @param timers try again where a thread could not be made
     */
    public LanePool(NamedThreads threads, ScheduledExecutorService timers) {
        this.threads = threads;
        this.timers = timers;
        this.group = threads.group("lanes");
        free = 1;
        start();
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

    /**
     * Takes no more tasks, drops what has not begun, and waits until the threads in no call have ended, half a second at most; whoever
     * is in a call ends after it.
     */
    @Override
    public void close() {
        boolean isInterrupted = false;
        lock.lock();
        try {
            isClosed = true;
            tasks.clear();
            idle.forEach(Condition::signal);
            long left = END_NANOS_MAX;
            while (free > 0 && left > 0) {
                try {
                    left = ended.awaitNanos(left);
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
        } finally {
            lock.unlock();
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A thread that {@link #free} counts already. */
    private void start() {
        boolean isStarted = false;
        Optional<Thread> made = Optional.empty();
        try {
            Condition mine = lock.newCondition();
            Thread thread = group.map(lanes -> threads.thread("lane", () -> work(mine), lanes))
                    .orElseGet(() -> threads.thread("lane", () -> work(mine)));
            made = Optional.of(thread);
            own.add(thread);
            thread.start();
            isStarted = true;
        } catch (RuntimeException | Error e) {
            report("no further thread for the groups of this node; calls wait for one another until there is", e);
        } finally {
            if (!isStarted) {
                made.ifPresent(own::remove);
                leave();
                startLater();
            }
        }
    }

    private void startLater() {
        lock.lock();
        try {
            if (isShort || isClosed) {
                return;
            }
            isShort = true;
        } finally {
            lock.unlock();
        }
        try {
            timers.schedule(this::startNow, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("the node is closed");
        }
    }

    private void startNow() {
        lock.lock();
        try {
            isShort = false;
            if (free > 0 || isClosed) {
                return;
            }
            free++;
        } finally {
            lock.unlock();
        }
        start();
    }

    /** A thread less in no task. */
    private void leave() {
        lock.lock();
        try {
            free--;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The living threads that calls on threads of this pool have made, or threads made by those; none where the host makes the threads. */
    public List<Thread> strangers() {
        if (group.isEmpty()) {
            return List.of();
        }
        Thread[] found = new Thread[group.get().activeCount() + 8];
        int count = group.get().enumerate(found);
        while (count == found.length) {
            found = new Thread[2 * count];
            count = group.get().enumerate(found);
        }
        return Stream.of(found)
                .limit(count)
                .filter(thread -> !own.contains(thread))
                .toList();
    }

    private void work(Condition mine) {
        try {
            workOn(mine);
        } finally {
            own.remove(Thread.currentThread());
        }
    }

    private void workOn(Condition mine) {
        for (Runnable task = next(mine); task != null; task = next(mine)) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                report("a task of a lane failed", e);
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
        Runnable task;
        boolean isLast;
        lock.lock();
        try {
            boolean isNeeded = true;
            while (isNeeded && tasks.isEmpty()) {
                isNeeded = !isClosed && (waits(mine) || !tasks.isEmpty() || free == 1);
            }
            task = isNeeded ? tasks.remove() : null;
            free--;
            isLast = task != null && free == 0;
            if (isLast) {
                free++;
            } else if (task == null) {
                ended.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (isLast) {
            start();
        }
        return task;
    }

    /** Holding the lock. Returns false if nobody called for too long. */
    private boolean waits(Condition mine) {
        idle.addLast(mine);
        try {
            return mine.awaitNanos(KEEP_NANOS) > 0;
        } catch (InterruptedException e) {
            // Whoever interrupts a thread that does nothing wants it over; it stays if it is the last.
            return false;
        } finally {
            idle.remove(mine);
        }
    }

    /** Where the log fails too, as it may without memory, what has to go on goes on. */
    static void report(String what, Throwable failure) {
        try {
            LOG.error(what, failure);
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
        }
    }
}
