/**
 * What membership needs from the edge of a node. Interfaces and values only; their implementations live in packages named
 * after what makes them different. May be imported by every package of this module.
 */
@NullMarked
package org.understudy.ha.membership.spi;

import org.jspecify.annotations.NullMarked;
