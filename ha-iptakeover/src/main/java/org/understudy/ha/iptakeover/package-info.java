/**
 * Floating addresses as managed resources: {@link org.understudy.ha.iptakeover.FloatingAddress} is all a user needs.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover;

import org.jspecify.annotations.NullMarked;
