/**
 * The simulated disk of a node: slow, full, torn, flipped, emptied, older than it was, or somebody else's.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sim.disk;

import org.jspecify.annotations.NullMarked;
