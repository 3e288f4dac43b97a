/**
 * The node state on a local disk. Touches files and nothing else: no thread, no clock, no log. Imported by the assembly of a
 * node; everybody else sees {@link org.understudy.ha.membership.spi.NodeStateStore}.
 */
@NullMarked
package org.understudy.ha.membership.store;

import org.jspecify.annotations.NullMarked;
