/**
 * The command {@code understudy}. It knows of a node only what the node answers over its socket.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.tool;

import org.jspecify.annotations.NullMarked;
