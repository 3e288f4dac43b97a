package org.understudy.ha.membership.checks;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Does what cannot be given a deadline on a thread of its own, and leaves it there if it hangs. As long as it hangs nothing else is begun: there is one
 * such thread at the most.
 */
final class Errand {
    private final ThreadFactory threads;
    private final String threadName;
    private final ReentrantLock turn = new ReentrantLock();
    private @Nullable Thread last;

    Errand(ThreadFactory threads, String threadName) {
        this.threads = threads;
        this.threadName = threadName;
    }

    /**
     * @param job its exceptions are given back as an {@link ExecutionException}
     * @param abort makes the job end if it can; called when there is no time left, or on an interrupt, before the job's thread is interrupted
     * @throws TimeoutException if it did not end in time, or an earlier one has not
     */
    CheckResult run(Deadline deadline, Callable<CheckResult> job, Runnable abort)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (!turn.tryLock(deadline.leftNanos(), TimeUnit.NANOSECONDS)) {
            throw new TimeoutException();
        }
        try {
            Thread earlier = last;
            if (earlier != null) {
                earlier.join(deadline.leftMillis() + 1L);
                if (earlier.isAlive()) {
                    throw new TimeoutException();
                }
            }
            CompletableFuture<CheckResult> result = new CompletableFuture<>();
            Thread thread = threads.newThread(() -> {
                try {
                    result.complete(job.call());
                } catch (Exception | Error e) {
                    result.completeExceptionally(e);
                }
            });
            thread.setName(threadName);
            thread.setDaemon(true);
            last = thread;
            thread.start();
            return await(deadline, result, thread, abort);
        } finally {
            turn.unlock();
        }
    }

    private static CheckResult await(
            Deadline deadline, CompletableFuture<CheckResult> result, Thread thread, Runnable abort)
            throws InterruptedException, ExecutionException, TimeoutException {
        boolean isEnded = false;
        try {
            CheckResult found = result.get(deadline.leftNanos(), TimeUnit.NANOSECONDS);
            isEnded = true;
            return found;
        } catch (ExecutionException e) {
            isEnded = true;
            throw e;
        } finally {
            if (!isEnded) {
                abort.run();
                thread.interrupt();
            }
        }
    }
}
