package org.understudy.ha.iptakeover.spi;

import java.util.List;

/**
 * What the kernel tells of one interface, or two, and of some addresses there, heard by the one thread that waits here, which others can wake.
 *
 * <p>A reason to look again, not a record, as with {@link LinkEvents}.
 */
public interface CardEvents extends AutoCloseable {

    /**
     * Hears another interface as well, from now on: what happened there before must be looked for. Before anybody waits.
     *
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses
     */
    void hearAlso(int interfaceIndex);

    /**
     * Waits until there is news, somebody {@linkplain #wake() wakes}, or the time has passed. One thread, always the same.
     *
     * @param nanos how long at most; {@link Long#MAX_VALUE} for ever
     * @return what was told, in order; {@link LinkEvents.Missed} once if nothing can be heard any more. Nothing is told of an address that
     *     was added or prolonged with the mark of this library and the tag
     */
    List<LinkEvents.Event> await(long nanos);

    /** Ends the present wait, or the next one. Any thread, never blocks; without effect once closed. */
    void wake();

    /** After the waiting thread has left. Idempotent. */
    @Override
    void close();
}
