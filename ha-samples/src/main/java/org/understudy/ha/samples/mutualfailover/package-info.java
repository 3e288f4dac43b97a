/**
 * Mutual failover: two servers, each the stand-in of the other. Uses public packages only, as an application would; nothing
 * imports it.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.samples.mutualfailover;

import org.jspecify.annotations.NullMarked;
