/**
 * Administration over a Unix socket in the state directory: {@link AdminServer} in the node, {@link AdminDesk} that answers, {@link
 * AdminClient} for tools. The kernel says which user asks; nothing else is believed.
 */
@NullMarked
package org.understudy.ha.membership.admin;

import org.jspecify.annotations.NullMarked;
