/**
 * Counting and telling what is turned away. Any package of this module that takes something from outside may import it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.refusal;

import org.jspecify.annotations.NullMarked;
