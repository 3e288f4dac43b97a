package org.understudy.ha.membership.jgroups;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;

/**
 * Makes every thread of a channel, those of JGroups included, from the factory of the host: daemons named
 * {@code ha-<node>-<what>}. Remembers them, so that {@code close()} can wait for the last one. Thread-safe.
 */
final class NodeThreads implements org.jgroups.util.ThreadFactory {
    private final ThreadFactory factory;
    private final String prefix;
    private final List<Thread> made = new CopyOnWriteArrayList<>();

    NodeThreads(ThreadFactory factory, NodeId node) {
        this.factory = factory;
        this.prefix = "ha-" + node + '-';
    }

    @Override
    public Thread newThread(Runnable task, String what) {
        Thread thread = factory.newThread(task);
        if (thread == null) {
            throw new LifecycleException("the thread factory refused to make the thread " + prefix + what);
        }
        thread.setName(prefix + what);
        thread.setDaemon(true);
        made.removeIf(earlier -> earlier.getState() == Thread.State.TERMINATED);
        made.add(thread);
        return thread;
    }

    /** Makes a thread and starts it; one that cannot start is not remembered. */
    void start(Runnable task, String what) {
        Thread thread = newThread(task, what);
        boolean isStarted = false;
        try {
            thread.start();
            isStarted = true;
        } finally {
            if (!isStarted) {
                made.remove(thread);
            }
        }
    }

    @Override
    public Thread newThread(Runnable task) {
        return newThread(task, "jgroups");
    }

    /** The living threads whose name goes on with that. */
    List<Thread> named(String what) {
        return made.stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith(prefix + what))
                .toList();
    }

    /**
     * Waits for the end of all threads but the caller's.
     *
     * @return those that still run at the deadline
     */
    List<Thread> awaitEnd(long deadlineNanos) {
        join(made, deadlineNanos);
        return made.stream()
                .filter(thread -> thread.isAlive() && thread != Thread.currentThread())
                .toList();
    }

    /** Waits for threads until the deadline; an interrupt of the caller ends the waiting and stays set. */
    static void join(List<Thread> threads, long deadlineNanos) {
        for (Thread thread : threads) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
            if (left > 0 && thread != Thread.currentThread() && thread.isAlive()) {
                try {
                    thread.join(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    @Override
    public boolean useVirtualThreads() {
        return false;
    }

    // JGroups would put cluster and member into the names; ours stand already.

    @Override
    public void setPattern(String pattern) {}

    @Override
    public void setIncludeClusterName(boolean includeClusterName) {}

    @Override
    public void setClusterName(String channelName) {}

    @Override
    public void setAddress(String address) {}

    @Override
    public void renameThread(String baseName, Thread thread) {}
}
