/**
 * A node's values in a Micrometer registry. The only package that knows Micrometer, which is an optional dependency: add
 * {@code io.micrometer:micrometer-core} yourself if you use this.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.micrometer;

import org.jspecify.annotations.NullMarked;
