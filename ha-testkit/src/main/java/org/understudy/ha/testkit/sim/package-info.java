/**
 * The simulator: whole clusters of the real {@link org.understudy.ha.membership.core.NodeMachine} on one thread, with a fake
 * network, disk, kernel and clock, everything drawn from one seed. Checkers look after every step; a seed that fails replays
 * exactly.
 *
 * <p>Pure apart from what a caller prints and keeps: no thread, no real clock, no sleep. Time is a number; the same seed gives the same
 * run on every machine. Nobody in production imports this package.
 *
 * <p>A run can be told in full as a {@link org.understudy.ha.testkit.sim.Story}, shrunk while the same checker objects, and kept
 * among the resources with what came of it.
 *
 * <p>Start reading at {@link org.understudy.ha.testkit.sim.World}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sim;

import org.jspecify.annotations.NullMarked;
