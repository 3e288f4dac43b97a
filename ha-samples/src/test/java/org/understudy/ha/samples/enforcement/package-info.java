/** Whole nodes as processes on loopback whose leases are ended without them. */
@org.jspecify.annotations.NullMarked
package org.understudy.ha.samples.enforcement;
