package org.understudy.ha.testkit.faults;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/**
 * A resource that only its own process can end: a lock on a file that every node's process sees. The kernel is the judge: it
 * gives the lock to one process at a time and takes it back when the process ends. A refusal is reported: {@code X}, instant,
 * group, life, token. While it holds the lock it reports {@code C}, two instants, group, life, token.
 */
final class LockHolder extends Acting {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Path file;
    private Optional<FileChannel> channel = Optional.empty();

    LockHolder(Report report, String life, Path file) {
        super(report, life);
        this.file = file;
    }

    @Override
    void open(StartContext context) throws ResourceException {
        try {
            FileChannel opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = Optional.of(opened);
            FileLock lock = opened.tryLock();
            if (lock == null) {
                report.line(
                        "X",
                        System.nanoTime(),
                        context.group(),
                        life,
                        context.token().value());
                throw new ResourceException(Severity.SOFT, file + " is locked by another process");
            }
        } catch (IOException e) {
            throw new ResourceException(Severity.SOFT, file + " cannot be locked: " + e.getMessage(), e);
        }
    }

    @Override
    void act(StartContext context) throws InterruptedException {
        while (!Thread.currentThread().isInterrupted()) {
            long from = System.nanoTime();
            report.line(
                    "C",
                    from,
                    System.nanoTime(),
                    context.group(),
                    life,
                    context.token().value());
            LockSupport.parkNanos(PERIOD_NANOS);
        }
    }

    @Override
    void close(StopContext context) throws ResourceException {
        try {
            if (channel.isPresent()) {
                channel.get().close();
                channel = Optional.empty();
            }
        } catch (IOException e) {
            throw new ResourceException(Severity.SOFT, file + " may still be locked: " + e.getMessage(), e);
        }
    }
}
