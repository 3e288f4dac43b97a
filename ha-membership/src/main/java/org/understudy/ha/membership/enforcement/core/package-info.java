/**
 * When an enforcement is armed, when it is due, what is too late, and which resources it covers. Pure: no thread, clock, log or I/O.
 * Used by {@code enforcement} in the node and by the guardian's process.
 */
@NullMarked
package org.understudy.ha.membership.enforcement.core;

import org.jspecify.annotations.NullMarked;
