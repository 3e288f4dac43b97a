/**
 * The simulated network: luck, weather, cuts of every shape, clogged links, and the real frames where a run asks for them.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sim.net;

import org.jspecify.annotations.NullMarked;
