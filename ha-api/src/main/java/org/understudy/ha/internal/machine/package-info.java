/**
 * What every deciding class of Understudy looks like, and the duties of whoever drives it. Pure: no thread, clock, random
 * source, log or I/O in any implementation. Internal: not for users.
 *
 * <p>The driver's duties, in this order, for every input:
 *
 * <ol>
 *   <li>Read the boot clock once. If {@link org.understudy.ha.internal.machine.Machine#nextDeadlineNanos()} has passed,
 *       deliver a tick first: a node that wakes from a pause learns that its lease is over before it believes a message.
 *   <li>Hand over the input with that instant; instants never decrease.
 *   <li>Perform the step's {@code urgent} effects at once and in order. The machine puts there what needs nothing of this step on
 *       disk: starts and stops under a record that a majority has on disk, renewals and their acknowledgements, prepares,
 *       accepts and pre-votes.
 *   <li>If the step carries a fact, make it durable; hold back the step's {@code then} effects, and those of all later
 *       steps, until it is. Meanwhile go on handling inputs: a slow disk never stops the clock.
 *   <li>Report durability as an input; a failed write is fatal, never retried.
 *   <li>Publish the notices.
 * </ol>
 *
 * <p>The driver may not reorder, merge or drop effects of one list.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.internal.machine;

import org.jspecify.annotations.NullMarked;
