package org.understudy.ha.api.spi;

/**
 * Tells the guardian what a resource is about to leave on the host. Write-ahead: claim before you create. The calls never
 * block for long and never throw; without a guardian they do nothing.
 */
public interface HostClaims {

    /**
     * Instead of a thing: what this node does is over only when its process is, and not when its threads are. The library claims it
     * for every resource that does not {@linkplain ManagedResource#endsWithItsThreads() say otherwise}.
     */
    String WHOLE_PROCESS = "process";

    /**
     * The 32-bit tag of this incarnation that created kernel objects must carry, so that last rites and crash clean-up remove
     * ours and never another's.
     */
    int tag();

    /**
     * @param claim what will stand on the host, as {@link ManagedResource#remains()} names it
     */
    void claim(String claim);
}
