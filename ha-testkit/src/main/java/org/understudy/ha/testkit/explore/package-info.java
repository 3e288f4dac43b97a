/**
 * Every interleaving within a bound: real machines, a handful of messages in any order, disks that lose writes, crashes, and a clock of
 * a few steps. Where the simulator draws, this exhausts.
 *
 * <p>A node's machine is deterministic: equal machines given equal inputs do the same. So each step of a node is computed once, by the
 * machine itself, and remembered by number; a state of the whole is then a few numbers, and millions of them fit into memory.
 *
 * <p>Start reading at {@link org.understudy.ha.testkit.explore.Bound}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.explore;

import org.jspecify.annotations.NullMarked;
