/**
 * Time and luck: the queue of what happens when, clocks that run badly, and draws that do not shift when others are added. Pure.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sim.clock;

import org.jspecify.annotations.NullMarked;
