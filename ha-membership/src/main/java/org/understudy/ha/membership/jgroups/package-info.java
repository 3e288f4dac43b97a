/**
 * Group communication: views from JGroups, frames and JGroups' own packets over connections of ours.
 *
 * <p>Edge package, and the only one that imports {@code org.jgroups}. The composition root imports
 * {@link org.understudy.ha.membership.jgroups.JGroupsChannel} and its settings; everything else knows
 * {@link org.understudy.ha.api.spi.GroupChannel} only.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.membership.jgroups;

import org.jspecify.annotations.NullMarked;
