package org.understudy.ha.api.sink;

import java.util.Optional;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.SinkBusyException;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.StorageException;

/**
 * Something written to under a fencing token, that refuses a token lower than the highest it ever admitted.
 *
 * <p>A lease ends on a clock; between its check and the write after it a process can be paused for any time. What makes the write
 * of such an owner harmless is the sink: once it has admitted a newer token, it refuses the older one for ever. No clock, no
 * time-out and no good behaviour of the stale owner is needed, and a pause of the whole virtual machine is covered.
 *
 * <p><b>The contract of every sink.</b>
 * <ol>
 *   <li><b>Durable first.</b> {@link #highest()} is on the sink's own durable storage before {@link #admit} returns, and before the
 *       first effect under that token can be seen by anybody.
 *   <li><b>Lower is refused.</b> A token lower than the highest makes each call throw {@link StaleTokenException}, and changes
 *       nothing. An equal or higher one is accepted. The highest never goes back: not over a restart, not for another process.
 *   <li><b>One step.</b> Each effect takes the token it is made under, and comparing it and making the effect are one step: no other
 *       token is admitted in between. A sink that checks and then writes is none.
 *   <li><b>Crash at any moment.</b> The highest is afterwards the old or the new one, and never lower than a token under which
 *       an effect happened. An effect that had returned is there; one that had not is there wholly or not at all.
 *   <li><b>Damage is not absence.</b> A highest token that cannot be read, or that is gone beside data, is an error that names the
 *       remedy; it is never taken for "none yet".
 *   <li><b>Unknown is said.</b> If it is not known whether an effect happened, the error says so.
 * </ol>
 *
 * <p><b>Who calls it.</b> A new owner calls {@link #admit} before it reads what it goes on from: from then on the old owner can
 * change nothing. Tokens of one sink must come from one cluster: those of another, or of a cluster formed anew, say nothing about
 * each other.
 *
 * <p><b>Threads.</b> Every method may be called from any thread and may block for storage and for other writers, for a bounded time.
 * An interrupt does not break an operation off half-way; it stays pending.
 */
public interface FencedSink {

    /**
     * The highest token this sink ever admitted, durable when this returns; empty before the first.
     *
     * @throws StorageException if it cannot be read or trusted
     * @throws SinkBusyException if another writer held the sink all the time this call was ready to wait
     */
    Optional<FencingToken> highest();

    /**
     * Admits a token: from now on every lower one is refused. Idempotent. Durable when it returns.
     *
     * @throws StaleTokenException if a higher token was admitted; nothing has changed
     * @throws StorageException if it cannot be made durable; whether it was is said in the message
     * @throws SinkBusyException if another writer held the sink all the time this call was ready to wait; nothing has changed
     */
    void admit(FencingToken token);
}
