package org.understudy.ha.membership.core.record;

/**
 * Where a process runs, as far as it can prove it.
 *
 * @param machine identity of the machine across boots; empty if it cannot be told from a copy (a container, say)
 * @param boot identity of this run of the kernel, random at each boot (Linux {@code /proc/sys/kernel/random/boot_id}); empty if
 *     unknown
 * @param lock identity of the locked file on that kernel, device and inode; empty if the disk is not local
 */
public record HostIdentity(String machine, String boot, String lock) {

    /** Proves nothing. */
    public static final HostIdentity UNKNOWN = new HostIdentity("", "", "");

    /**
     * Whether a process that holds the lock here shows that the process which held it there is gone: the same kernel gives one
     * lock to one process.
     */
    public boolean provesEndOfProcess(HostIdentity earlier) {
        return !boot.isEmpty() && boot.equals(earlier.boot) && !lock.isEmpty() && lock.equals(earlier.lock);
    }

    /** Whether the machine was started again since: nothing of the earlier process is left on it. */
    public boolean provesEndOfKernel(HostIdentity earlier) {
        return !machine.isEmpty()
                && machine.equals(earlier.machine)
                && !boot.isEmpty()
                && !earlier.boot.isEmpty()
                && !boot.equals(earlier.boot)
                && !lock.isEmpty();
    }
}
