package org.understudy.ha.api;

import java.time.Duration;

/**
 * What a holder may rely on until a deadline on its own clock.
 *
 * <p>A lease is renewed for as long as a majority of the acceptors answers; it counts from the moment the newest
 * answered renewal was <em>sent</em>. All methods are local, never block and may be called from any thread. A check
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
     * Call before each externally visible batch.
     *
     * @throws LeaseLostException if {@link #isValid()} is false
     */
    default void assertValid() {
        if (!isValid()) {
            throw new LeaseLostException(
                    "the lease of token " + token() + " is over; stop, and do not write under this token again");
        }
    }

    /** Time left until the lease ends unless it is renewed; zero when it is over. */
    Duration remaining();
}
