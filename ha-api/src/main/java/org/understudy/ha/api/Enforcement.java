package org.understudy.ha.api;

/**
 * What ends a resource's effect when the lease is over and the process that held it does not run.
 */
public enum Enforcement {
    /** Our own code stops it. Does not help while the process is paused: an overlap is possible. */
    COOPERATIVE,
    /** A kernel object expires or dies by itself, for example an address gated by an nftables timeout. */
    KERNEL_OBJECT,
    /** The guardian or a kernel timer kills the process at an absolute deadline; only with the host's consent. */
    PROCESS_KILL,
    /** A watchdog resets the host, or a fence device switches it off. */
    HARDWARE;

    /** Whether it acts although the process that armed it is paused. */
    public boolean actsWithoutUs() {
        return this != COOPERATIVE;
    }
}
