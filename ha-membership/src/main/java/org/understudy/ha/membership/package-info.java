/**
 * Puts a node together. {@link org.understudy.ha.membership.UnderstudyNodeProvider} is what
 * {@link org.understudy.ha.api.HaNode#builder()} finds; applications use the types of {@code org.understudy.ha.api}.
 *
 * <p>{@code .core} decides (pure), {@code .runtime} performs, {@code .codec} speaks bytes, {@code .store} is the disk,
 * {@code .jgroups} the network, {@code .guardian} the process beside the node, {@code .security} keys and certificates.
 */
@NullMarked
package org.understudy.ha.membership;

import org.jspecify.annotations.NullMarked;
