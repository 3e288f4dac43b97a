/**
 * The decisions about a floating address: how long its gate may stay open, when to prolong it, when to announce.
 *
 * <p>Pure: time is handed in, no thread, clock, log or I/O. Nothing outside this module uses it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.core;

import org.jspecify.annotations.NullMarked;
