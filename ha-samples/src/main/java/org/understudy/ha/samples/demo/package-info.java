/**
 * The demonstration behind {@code ./demo}: the mutual-failover sample as separate processes on the hosts of a network
 * laboratory, broken in six ways and measured. Nothing imports it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.samples.demo;

import org.jspecify.annotations.NullMarked;
