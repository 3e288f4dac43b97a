package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort;

/** A host on which claims that begin with "stuck" cannot be removed, and each tag has left one thing nobody claimed. */
public final class FakeHostPort implements HostPort {
    @Override
    public String name() {
        return "fake";
    }

    @Override
    public String unavailableBecause() {
        return "";
    }

    @Override
    public long bootNanos() {
        return System.nanoTime();
    }

    @Override
    public ProcessWatch watch(long pid) {
        ProcessTasks tasks;
        try {
            tasks = ProcessTasks.of(Path.of("/proc"), pid)
                    .orElseThrow(() -> new PlatformException("watch", 3, "no process " + pid));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new ProcessWatch() {
            @Override
            public boolean awaitEnd(int millis) {
                while (tasks.isAnyLive()) {
                    LockSupport.parkNanos(1_000_000);
                }
                return true;
            }

            @Override
            public String cannotKillBecause() {
                return "";
            }

            @Override
            public void kill() {
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public Optional<LifeMark> newLifeMark(Path file) {
        return Optional.of(new FileMark(file));
    }

    @Override
    public Optional<LifeMark> lifeMark(Path file) {
        return Optional.of(new FileMark(file));
    }

    /** A lock of a file, which ends with the process; whoever lets go of it writes a byte first. */
    private static final class FileMark implements LifeMark {
        private final FileChannel channel;
        private FileLock lock;

        private FileMark(Path file) {
            try {
                channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void hold() {
            try {
                lock = channel.lock();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void release() {
            try {
                channel.write(ByteBuffer.allocate(1), 0);
                lock.release();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean awaitEnd() {
            hold();
            try {
                return channel.size() == 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public List<Removal> lastRites(List<Integer> tags, List<String> claims) {
        List<Removal> removals = new ArrayList<>();
        for (String claim : claims) {
            removals.add(
                    claim.startsWith("stuck")
                            ? new Removal(claim, Removal.Result.FAILED, "operation not permitted")
                            : new Removal(claim, Removal.Result.REMOVED, ""));
        }
        for (int tag : tags) {
            removals.add(new Removal("tagged " + tag, Removal.Result.REMOVED, ""));
        }
        return removals;
    }

    @Override
    public void warmUp() {}
}
