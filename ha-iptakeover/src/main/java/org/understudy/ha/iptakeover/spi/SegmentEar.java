package org.understudy.ha.iptakeover.spi;

import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.Sighting;

/**
 * Hears on one interface what others say about some addresses, and asks them. Listens from the moment it is made until it is
 * closed. What this host sends itself is not heard. Thread-safe.
 */
public interface SegmentEar extends AutoCloseable {

    /** Gets what is heard, one at a time and in order, on the thread of the ear. Must not block: what comes meanwhile is lost in the end. */
    interface Listener {

        /**
         * @param nanos of {@link System#nanoTime()}, when it was read
         */
        void sighted(long nanos, Sighting sighting);
    }

    /**
     * Sends a frame out of the interface; what is answered comes to the listener.
     *
     * @return false if the host itself dropped it: the gate is closed, the queue full, or the interface down or gone
     * @throws PlatformException for any other failure
     */
    boolean send(EthernetFrame frame);

    /** Why it does not listen any more although nobody closed it, with the remedy if there is one; empty while it does. */
    Optional<String> problem();

    /** Frames that were about addresses but broken, since it was made. */
    long malformed();

    /**
     * Ends listening. When it returns, the listener is not called any more, unless it is the listener that called, or it has
     * blocked for a second. Idempotent. Takes up to some ten milliseconds: the kernel waits for all processors before it gives a
     * packet socket back.
     */
    @Override
    void close();
}
