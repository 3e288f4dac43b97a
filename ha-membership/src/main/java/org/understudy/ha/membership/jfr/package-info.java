/** What a flight recording shows of a node. The only package that knows {@code jdk.jfr}. */
@NullMarked
package org.understudy.ha.membership.jfr;

import org.jspecify.annotations.NullMarked;
