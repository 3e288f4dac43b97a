/** A node as an MBean. The only package that knows {@code javax.management}. */
@NullMarked
package org.understudy.ha.membership.jmx;

import org.jspecify.annotations.NullMarked;
