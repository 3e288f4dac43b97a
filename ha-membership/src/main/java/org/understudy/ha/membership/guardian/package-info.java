/**
 * The guardian: a small process beside the node that outlives it by a second, removes what the dead node left on the host and
 * tells the peers in a signed last will. {@link org.understudy.ha.membership.guardian.Guardian} is its half in the node,
 * {@link org.understudy.ha.membership.guardian.GuardianMain} the process, and
 * {@link org.understudy.ha.membership.guardian.LastWillListener} with
 * {@link org.understudy.ha.membership.guardian.LastWills} the receiving side. Imported by the assembly of a node.
 */
@NullMarked
package org.understudy.ha.membership.guardian;

import org.jspecify.annotations.NullMarked;
