/**
 * What people already run, as resources of a group: agents of the Open Cluster Framework, units of systemd, init scripts, and resource
 * scripts of Heartbeat version 1.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.agents;

import org.jspecify.annotations.NullMarked;
