package org.understudy.ha.iptakeover;

import java.util.concurrent.CountDownLatch;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;

/**
 * Lets the addresses of one stay speak while their lease is confirmed, and only then.
 *
 * <p><b>Concurrency.</b> {@link #open} by the starting thread, then {@link #turn} and {@link #problem} by the two threads of the pulse; {@link #shut},
 * {@link #isOpen} and {@link #remove} by any thread.
 */
interface GateKeeper extends AutoCloseable {

    /**
     * What a turn came to.
     *
     * @param delayNanos until the next turn at the latest; 0 for at once
     * @param isKept the addresses have just been kept open, so the rest may be kept too
     * @param isReopened they were mute for a moment: neighbours may have forgotten them
     * @param end why the addresses must go; empty if they need not
     */
    record Turn(long delayNanos, boolean isKept, boolean isReopened, String end) {
        static Turn in(long delayNanos) {
            return new Turn(delayNanos, false, false, "");
        }

        static Turn over(String why) {
            return new Turn(0, false, false, why);
        }
    }

    /**
     * Opens it.
     *
     * @param ending the stay is ended meanwhile
     * @throws ResourceException if the lease ends before
     * @throws InterruptedException if the stay is ended before
     */
    void open(CountDownLatch ending) throws ResourceException, InterruptedException;

    /** Does what is due now. A call that the kernel did not answer is logged, and repeated. */
    Turn turn();

    /**
     * Why the kernel does not heed it any more, in words; empty if it does. After turns, on any one thread; may wait for the kernel's lock of the network, as a turn does not.
     *
     * @throws PlatformException if the kernel does not say
     */
    default String problem() {
        return "";
    }

    /** How much sooner than it said a turn may come, so that it comes with those of others. */
    long earlyNanos();

    /** Whether the last word of the kernel was "open"; it may have ended since. */
    boolean isOpen();

    /** Whether the kernel itself ends the addresses with the lease. */
    boolean isEnforced();

    /** Whether it lets go of a card that is renamed. */
    default boolean isBoundToName() {
        return true;
    }

    /**
     * Closes it now. A turn in the same moment may open it again: whoever shuts it sees to it that the last turn is followed by another shut.
     *
     * @throws PlatformException if the kernel refuses
     */
    void shut();

    /**
     * Takes it away, after the addresses.
     *
     * @return false if some of it is left, shut
     * @throws PlatformException if the kernel refuses
     */
    boolean remove();

    /** Frees the descriptors. What is in the kernel stays. */
    @Override
    void close();
}
