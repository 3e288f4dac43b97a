/**
 * Performs what the machines decide: lanes for resources, the lease as others see it, clocks, wills. No decision about
 * ownership is made here.
 */
@NullMarked
package org.understudy.ha.membership.runtime;

import org.jspecify.annotations.NullMarked;
