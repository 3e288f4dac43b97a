/**
 * Events delivered to {@link org.understudy.ha.api.HaNode.Listener}s. Values only.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.api.event;

import org.jspecify.annotations.NullMarked;
