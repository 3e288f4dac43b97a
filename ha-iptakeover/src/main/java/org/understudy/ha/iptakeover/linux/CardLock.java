package org.understudy.ha.iptakeover.linux;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;

/**
 * The right to change the guard of one card, among all threads and processes of a network namespace: whoever has bound the abstract
 * name (unix(7)) {@code understudy-guard-INDEX} has it. The kernel takes it back when the process ends.
 */
final class CardLock {
    private static final long LOOK_AGAIN_NANOS = 500_000;

    private CardLock() {}

    /** {@link #under(int, int, Supplier)} without a result. */
    static void under(int index, int millis, Runnable work) {
        under(index, millis, () -> {
            work.run();
            return true;
        });
    }

    /**
     * Does something while nobody else changes the guard of the card.
     *
     * @throws PlatformException EADDRINUSE if somebody keeps it for longer
     */
    static <T> T under(int index, int millis, Supplier<T> work) {
        Fd lock = take(index, millis);
        try {
            return work.get();
        } finally {
            lock.close();
        }
    }

    private static Fd take(int index, int millis) {
        long start = System.nanoTime();
        Optional<Fd> lock = tryTake(index);
        boolean isInterrupted = false;
        while (lock.isEmpty()) {
            if (System.nanoTime() - start > millis * 1_000_000L) {
                throw new PlatformException(
                        "bind",
                        Libc.EADDRINUSE,
                        "another process of this host has kept the guard of interface number " + index
                                + " to itself for " + millis
                                + " ms: it may be stopped, see `ss -xap` for understudy-guard-"
                                + index);
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            // An interrupt would make every further wait return at once.
            isInterrupted |= Thread.interrupted();
            lock = tryTake(index);
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        return lock.get();
    }

    private static Optional<Fd> tryTake(int index) {
        Fd socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM, 0);
        try {
            Libc.bind(socket, name(index));
            return Optional.of(socket);
        } catch (PlatformException e) {
            socket.close();
            if (e.errno() != Libc.EADDRINUSE) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** {@code struct sockaddr_un}: the family in host order, then a name that begins with a zero. */
    private static byte[] name(int index) {
        byte[] text = ("\0\0\0understudy-guard-" + index).getBytes(StandardCharsets.US_ASCII);
        text[ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 1] = Libc.AF_UNIX;
        return text;
    }
}
