/**
 * What must never be seen, looked for after every step from outside the machines: each checker has a name, says a sentence when
 * it is broken, and counts how often it looked.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sim.check;

import org.jspecify.annotations.NullMarked;
