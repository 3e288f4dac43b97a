package org.understudy.ha.iptakeover;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * What the stays of one node share of its cards, see {@link
 * org.understudy.ha.api.spi.ManagedResource.StartContext#inCommon}. Without a stay and a {@link Hold} it has nothing: no thread, no descriptor.
 */
final class NodeCards {
    private static final Logger LOG = LoggerFactory.getLogger(NodeCards.class);

    private final GatePulse pulse = new GatePulse();
    private final CardEars ears = new CardEars();
    private final CardLooks looks = new CardLooks();

    /** Keeps gates open and hears the kernel. */
    GatePulse pulse() {
        return pulse;
    }

    /** Hears the segments. */
    CardEars ears() {
        return ears;
    }

    CardLooks looks() {
        return looks;
    }

    /** Of the threads that all stays of a node share. */
    static String pulseName(String node) {
        return "ha-" + node + "-addresses";
    }

    /** Of the thread that listens on a card. */
    static String earName(String node, String card) {
        return "ha-" + node + "-ear-" + card;
    }

    /**
     * Keeps the threads and sockets for stays of a resource on a card while it has none: to open them for each start would take longer than all the rest of it.
     *
     * @param isListening whether its stays listen on the segment
     * @param threads makes the threads that are not there yet
     * @throws PlatformException if a socket of rtnetlink cannot be opened; an ear that cannot be had is left to the start
     */
    Hold hold(
            AddressSet addresses,
            LinkTable.Link link,
            int tag,
            boolean isListening,
            ThreadFactory threads,
            String node) {
        pulse.hold(link.index(), addresses, tag, threads, pulseName(node));
        boolean hasEar = false;
        boolean isWhole = false;
        try {
            if (isListening) {
                ears.hold(link.index(), addresses, threads, earName(node, link.name()));
                hasEar = true;
            }
            isWhole = true;
        } catch (PlatformException e) {
            LOG.debug("{}: no ear is kept: {}", addresses, e.getMessage());
            isWhole = true;
        } finally {
            if (!isWhole) {
                pulse.release();
            }
        }
        return new Hold(link.index(), hasEar);
    }

    /** See {@link #hold}. Any thread; closing it twice is once. */
    final class Hold implements AutoCloseable {
        private final int index;
        private final boolean hasEar;
        private final AtomicBoolean isClosed = new AtomicBoolean();

        private Hold(int index, boolean hasEar) {
            this.index = index;
            this.hasEar = hasEar;
        }

        NodeCards cards() {
            return NodeCards.this;
        }

        /** Whether it serves stays on this card among those of this node. */
        boolean isOf(NodeCards cards, LinkTable.Link link) {
            return cards == NodeCards.this && link.index() == index;
        }

        @Override
        public void close() {
            close(true);
        }

        /** Without waiting until the kernel has closed the ear, where this was the last to hold it. */
        void closeSoon() {
            close(false);
        }

        private void close(boolean isAwaited) {
            if (!isClosed.getAndSet(true)) {
                pulse.release();
                if (hasEar) {
                    ears.release(index, isAwaited);
                }
            }
        }
    }
}
