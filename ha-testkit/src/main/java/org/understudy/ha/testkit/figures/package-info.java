/**
 * Programs that measure what the README publishes and is not measured by the demo. Run by {@code ./check}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.figures;

import org.jspecify.annotations.NullMarked;
