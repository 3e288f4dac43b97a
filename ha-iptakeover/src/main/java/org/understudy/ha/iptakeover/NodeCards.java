package org.understudy.ha.iptakeover;

/**
 * What the stays of one node share of its cards, see {@link
 * org.understudy.ha.api.spi.ManagedResource.StartContext#inCommon}. Without a stay it holds nothing: no thread, no descriptor.
 */
final class NodeCards {
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
}
