package org.understudy.ha.membership.runtime;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.spi.HostPort;

/**
 * The clock that counts suspend, in nanoseconds; monotonic. From the host port where there is one, else from
 * {@code /proc/uptime}, which steps in 10 ms and is only used to notice that {@link System#nanoTime} stood still.
 * Thread-safe.
 */
public final class BootClock implements LongSupplier, Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(BootClock.class);
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final long COARSE_NANOS = 50_000_000L;

    private final LongSupplier source;
    private final String name;

    private final Closeable resource;

    private BootClock(LongSupplier source, String name, Closeable resource) {
        this.source = source;
        this.name = name;
        this.resource = resource;
    }

    /** The usable host port, if any; says why one that is there cannot be used. */
    public static java.util.Optional<HostPort> hostPort() {
        ClassLoader own = HostPort.class.getClassLoader();
        java.util.Optional<HostPort> found = ServiceLoader.load(HostPort.class)
                .findFirst()
                .or(() -> ServiceLoader.load(HostPort.class, own).findFirst());
        return found.filter(port -> {
            String obstacle = port.unavailableBecause();
            if (!obstacle.isEmpty()) {
                LOG.warn("the host port {} cannot be used, /proc serves instead: {}", port.name(), obstacle);
            }
            return obstacle.isEmpty();
        });
    }

    /**
     * @throws LifecycleException if this host has no clock that counts suspend: such a node could hold no lease
     */
    public static BootClock open(java.util.Optional<HostPort> port) {
        if (port.isPresent()) {
            HostPort usable = port.get();
            return new BootClock(usable::bootNanos, usable.name(), () -> {});
        }
        ProcClock proc = new ProcClock();
        return new BootClock(proc, "/proc/uptime", proc);
    }

    public String name() {
        return name;
    }

    @Override
    public long getAsLong() {
        return source.getAsLong();
    }

    /** Frees what the clock holds open. It can still be read, but does not notice a suspend any more. */
    @Override
    public void close() throws IOException {
        resource.close();
    }

    /** {@code nanoTime} plus the suspend that {@code /proc/uptime} shows. */
    private static final class ProcClock implements LongSupplier, Closeable {
        /** Not a channel: an interrupt of any thread that reads the clock would close that for all. */
        private final RandomAccessFile file;

        private final byte[] bytes = new byte[64];
        private long offset;
        private long newest;
        private boolean isClosed;

        private ProcClock() {
            try {
                file = new RandomAccessFile(UPTIME.toFile(), "r");
            } catch (IOException e) {
                throw noClock(e);
            }
            offset = uptimeNanos() - System.nanoTime();
        }

        @Override
        public synchronized long getAsLong() {
            long nano = System.nanoTime();
            long drift = isClosed ? 0 : uptimeNanos() - nano - offset;
            if (drift > COARSE_NANOS) {
                offset += drift;
            }
            newest = Math.max(newest, nano + offset);
            return newest;
        }

        @Override
        public synchronized void close() throws IOException {
            isClosed = true;
            file.close();
        }

        /** Reads the open file again: no descriptor is needed at a moment when there may be none. */
        private long uptimeNanos() {
            try {
                file.seek(0);
                int length = file.read(bytes);
                String text = new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII);
                String seconds = text.substring(0, text.indexOf(' '));
                return new java.math.BigDecimal(seconds).movePointRight(9).longValueExact();
            } catch (IOException | RuntimeException e) {
                throw noClock(e);
            }
        }

        private static LifecycleException noClock(Exception cause) {
            return new LifecycleException(
                    "this host shows no clock that counts suspend (" + UPTIME
                            + " cannot be read), so this node could hold no lease; run it on Linux",
                    cause);
        }
    }
}
