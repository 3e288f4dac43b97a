package org.understudy.ha.membership.agents;

import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;

/**
 * A resource of which several instances run, one of them promoted. {@link #start} lands in the role <em>unpromoted</em>, unless the resource
 * was told otherwise.
 *
 * <p>The library does not call these two by itself yet: it starts and stops. Whoever calls them decides that no other instance is promoted.
 *
 * @since 0.1.0
 */
public interface PromotableResource extends ManagedResource {

    /**
     * Makes this instance the promoted one. Returning means: it is.
     *
     * @throws ResourceException if it may not be
     * @throws InterruptedException if interrupted meanwhile; its role is then unknown
     */
    void promote(StartContext context) throws ResourceException, InterruptedException;

    /**
     * Makes this instance an unpromoted one; it goes on running. Returning means: it certainly is not promoted.
     *
     * @throws ResourceException if it may still be
     * @throws InterruptedException if interrupted meanwhile; its role is then unknown
     */
    void demote(StopContext context) throws ResourceException, InterruptedException;
}
