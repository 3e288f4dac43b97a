package org.understudy.ha.iptakeover;

/**
 * What mutes floating addresses on a host when their lease is over and their owner's code does not run.
 *
 * @since 0.1.0
 */
public enum LeaseEnd {
    /**
     * The kernel compares an absolute deadline with its boot clock, for each frame of the card and for what the host receives and sends on any (BPF, Linux 6.9 and
     * later): mute at the end of the lease and not before, however the owner stalls.
     */
    DEADLINE("an absolute deadline in the kernel"),
    /** Time-outs in nf_tables: mute at the end of the lease at the latest, and for a moment after a stall of a third of it. */
    TIME_OUT("time-outs in the kernel"),
    /** Nothing: only the owner's own code. */
    OWN_CODE("nothing but its owner's own code");

    private final String words;

    LeaseEnd(String words) {
        this.words = words;
    }

    /** As people say it. */
    public String words() {
        return words;
    }
}
