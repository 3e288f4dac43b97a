package org.understudy.ha.api.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;

/**
 * What the library needs of the host's kernel: a clock that counts suspend, the end of a process, and the last rites over
 * what a dead process left behind. Found by {@link java.util.ServiceLoader}; without an implementation the library falls
 * back to {@code /proc}, which is coarser and knows no last rites.
 *
 * <p>Thread-safe.
 */
public interface HostPort {

    /** A short name for logs and for {@code assumptions()}, for example {@code linux-jna}. */
    String name();

    /**
     * Why this port cannot be used here (another operating system, native code that does not load), or an empty string. Asked
     * before anything else; never throws.
     */
    String unavailableBecause();

    /** Nanoseconds of a monotonic clock that counts suspend: Linux {@code CLOCK_BOOTTIME}, clock_gettime(2). */
    long bootNanos();

    /**
     * Opens a watch on a process. Linux: {@code pidfd_open(2)}. To be sure of the identity open the watch first and check
     * afterwards that the process is still the expected one (for a parent: that it still is the parent).
     *
     * @throws PlatformException if there is no such process or the kernel has no such watch
     */
    ProcessWatch watch(long pid);

    /**
     * Removes everything on this host that carries one of the tags, and reports each removal. Only objects created by this
     * library are looked at.
     *
     * @param tags see {@link HostClaims#tag()}
     * @param claims what was announced; reported as {@link Removal.Result#ABSENT} if it does not stand on the host
     * @return one entry for each claim and for each tagged object found without a claim
     */
    List<Removal> lastRites(List<Integer> tags, List<String> claims);

    /**
     * What is left to do for tidiness once the outcome of {@link #lastRites} is told: nobody waits for it. May be called without them, and
     * again.
     */
    default void afterRites() {
        // Nothing is left.
    }

    /** Loads and opens now whatever {@link #lastRites} would otherwise load when it counts. */
    void warmUp();

    /**
     * A timer of the kernel that kills this very process, to be armed by the library and with the host's consent only. Linux:
     * {@code timer_create(2)} with {@code CLOCK_BOOTTIME} and SIGKILL, armed with {@code TIMER_ABSTIME}.
     *
     * @return a new one at each call, not started; empty if this port has none
     */
    default Optional<Enforcer> killTimer() {
        return Optional.empty();
    }

    /**
     * Makes a mark in shared memory that a thread of this process can hold and that breaks with it, see {@link LifeMark}. Linux: a robust
     * mutex, {@code pthread_mutexattr_setrobust(3)}.
     *
     * @param file on a memory file system, new, with 4096 zero bytes that were written and not only announced
     * @return empty if this port has none
     * @throws PlatformException if there should be one, but the file or the C library does not allow it
     */
    default Optional<LifeMark> newLifeMark(Path file) {
        return Optional.empty();
    }

    /**
     * Opens a mark that another process made.
     *
     * @throws PlatformException if it cannot be opened
     */
    default Optional<LifeMark> lifeMark(Path file) {
        return Optional.empty();
    }

    /**
     * Tells another process that this one is ending, long before it has ended: a process that is killed gives back its memory and its
     * files before anybody who watches it is told, which takes seconds for a large heap. The mark breaks as soon as the thread that
     * holds it has left user space for good.
     *
     * <p>It speaks of one thread. That the others are past their end as well is to be seen in {@code /proc}.
     */
    interface LifeMark {
        /** The calling thread holds the mark from now on, until {@link #release} or its end. */
        void hold();

        /** By the thread that holds it. */
        void release();

        /**
         * Waits until nobody holds it; not interruptible.
         *
         * @return true if the thread that held it ended holding it
         */
        boolean awaitEnd();
    }

    /** A watch on one process. */
    interface ProcessWatch extends AutoCloseable {
        /**
         * Waits for the end of the process.
         *
         * @param millis how long at most; negative waits for ever
         * @return true if the process is gone, with all its threads
         */
        boolean awaitEnd(int millis) throws InterruptedException;

        /** Why {@link #kill()} would do nothing, one sentence with the remedy, or an empty string. */
        default String cannotKillBecause() {
            return "this host port cannot kill a process it watches";
        }

        /**
         * Kills the watched process and never another one of the same number. Linux: {@code pidfd_send_signal(2)}. Returns at once;
         * {@link #awaitEnd} tells of its end. Nothing happens if it is gone already.
         *
         * @throws PlatformException if the kernel refuses
         */
        default void kill() {
            throw new PlatformException("kill", 0, cannotKillBecause());
        }

        @Override
        void close();
    }

    /**
     * What became of one thing on the host.
     *
     * @param claim its name
     * @param detail the kernel's words if it failed, otherwise empty
     */
    record Removal(String claim, Result result, String detail) {
        /** Outcome of the removal. */
        public enum Result {
            /** It stood there and was removed. */
            REMOVED,
            /** It did not stand there. */
            ABSENT,
            /** It may still stand there. */
            FAILED
        }

        /** Whether it is certainly not there any more. */
        public boolean isGone() {
            return result != Result.FAILED;
        }
    }
}
