/**
 * Ports of the address, at the level of operations: the table, the gate, the announcer and the link. {@code linux}
 * implements them, the public class uses them.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.spi;

import org.jspecify.annotations.NullMarked;
