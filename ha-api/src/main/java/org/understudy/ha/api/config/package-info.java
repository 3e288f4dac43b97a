/**
 * Configuration: immutable records, their builders, and nothing that is open (no sockets, threads or counters).
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.api.config;

import org.jspecify.annotations.NullMarked;
