/**
 * Ports: what users and the library's own modules implement.
 *
 * <p>Users implement {@link org.understudy.ha.api.spi.ManagedResource}. The other ports connect the modules: membership
 * decides, iptakeover touches the kernel, and they meet here only.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.api.spi;

import org.jspecify.annotations.NullMarked;
