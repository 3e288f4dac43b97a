package org.understudy.ha.iptakeover.linux;

import java.util.concurrent.TimeUnit;

/** Waits that end in time and are not cut short: what is waited for is closed next, whether or not somebody interrupts the thread that closes it. */
public final class BoundedWait {

    /** One that an interrupt may end. */
    public interface Attempt {
        boolean await(long nanos) throws InterruptedException;
    }

    private BoundedWait() {}

    /**
     * Waits for so long at most. A thread that is interrupted meanwhile, or was before, waits on and is interrupted still.
     *
     * @return whether what it waits for has come
     */
    public static boolean millis(long millis, Attempt attempt) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        boolean isInterrupted = Thread.interrupted();
        boolean hasCome = false;
        long left = end - System.nanoTime();
        while (!hasCome && left > 0) {
            try {
                hasCome = attempt.await(left);
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
            left = end - System.nanoTime();
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        return hasCome;
    }
}
