package org.understudy.ha.membership.runtime;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * Writes to the log of the host, in order, on a thread of its own: where the log goes is the host's affair, and its disk may be slow or
 * full. Whoever logs never waits; what comes while {@value #LINES_MAX} lines wait is dropped and counted.
 */
public final class NoticeLog implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NoticeLog.class);
    static final int LINES_MAX = 1024;
    private static final long CLOSE_MILLIS = 500;

    private final AtomicLong dropped = new AtomicLong();
    private final ThreadPoolExecutor writer;

    public NoticeLog(NamedThreads threads) {
        writer = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(LINES_MAX), threads.named("log"));
        // Else the first line would make the thread, with the host's factory, on the thread that logs.
        writer.prestartAllCoreThreads();
    }

    /** Writes a line soon. Any thread; never waits. */
    public void line(Runnable line) {
        try {
            writer.execute(() -> write(line));
        } catch (RejectedExecutionException e) {
            dropped.incrementAndGet();
        }
    }

    /** How many lines were dropped since this was last said. */
    long dropped() {
        return dropped.get();
    }

    private void write(Runnable line) {
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
            LOG.warn("the log did not keep up: {} lines of this node are missing here", lost);
        }
        line.run();
    }

    /** Writes what waits; bounded. */
    @Override
    public void close() {
        writer.shutdown();
        try {
            if (!writer.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                writer.shutdownNow();
            }
        } catch (InterruptedException e) {
            writer.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
