package org.understudy.ha.api;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * What a holder may rely on until a deadline on its own clock.
 *
 * <p>A lease is renewed for as long as a majority of the acceptors answers; it counts from the moment the newest
 * answered renewal was <em>sent</em>. All methods are local, may be called from any thread, and
 * none but {@link #awaitValid} blocks. A check
 * and the act after it are two moments: a process can be paused in between, so give {@link #token()} to whatever you
 * write to, or let a kernel enforcement stand behind the resource.
 */
public interface Lease {

    /** The token of the grant this lease stands for; constant. */
    FencingToken token();

    /**
     * Whether the lease holds now. False as well while this node doubts its own sense of time (after a pause, say); it may then
     * become true again once a majority has confirmed that nobody else was granted this. After the grant's end it stays false.
     */
    boolean isValid();

    /**
     * Whether the grant behind this lease is over for good: it was given back, taken by the end of this node's session, or this
     * node was told to stop. Once true, always true. While a lease is neither valid nor over it is in doubt: wait, see
     * {@link #awaitValid}, or give up. A lease that cannot tell the two apart says that it is over.
     */
    default boolean isOver() {
        return !isValid();
    }

    /**
     * Call before each externally visible batch.
     *
     * @throws LeaseLostException if {@link #isValid()} is false; the message says whether it is over or in doubt
     */
    default void assertValid() {
        if (!isValid()) {
            throw new LeaseLostException(
                    isOver()
                            ? "the lease of token " + token()
                                    + " is over; stop, and do not write under this token again"
                            : "the lease of token " + token()
                                    + " is in doubt until a majority has answered again; wait with"
                                    + " awaitValid(), or stop");
        }
    }

    /**
     * Call before a batch that takes a known time at most: it is begun only if the lease lasts that long even if it is not renewed
     * any more.
     *
     * @throws LeaseLostException if {@link #remaining()} is shorter
     */
    default void assertValid(Duration batch) {
        assertValid();
        Duration remaining = remaining();
        if (remaining.compareTo(batch) < 0) {
            throw new LeaseLostException("the lease of token " + token() + " lasts " + remaining.toMillis()
                    + " ms unless it is renewed, less than the " + batch.toMillis()
                    + " ms of the batch; make smaller batches, or give the cluster a longer lease");
        }
    }

    /**
     * Waits until the lease is valid: at once if it is, a few milliseconds in doubt. For work that goes on after a doubt instead of
     * giving up. The one method here that blocks.
     *
     * @param limit the longest wait
     * @return whether it is valid; false as soon as it is over
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    default boolean awaitValid(Duration limit) throws InterruptedException {
        long start = System.nanoTime();
        while (!isValid()) {
            if (isOver() || System.nanoTime() - start >= limit.toNanos()) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return true;
    }

    /** Time left until the lease ends unless it is renewed; zero when it is over. */
    Duration remaining();
}
