/**
 * Events as lines for other programs: what a sample prints when it is asked for JSON.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.samples.events;

import org.jspecify.annotations.NullMarked;
