/**
 * The fault suite on real processes: whole nodes as JVMs in network namespaces, real faults at them, and a checker over what
 * every node did and every client saw.
 *
 * <p>{@link org.understudy.ha.testkit.faults.FaultSuite} is the program. Pure are {@link
 * org.understudy.ha.testkit.faults.History}, {@link org.understudy.ha.testkit.faults.HistoryChecker}, {@link
 * org.understudy.ha.testkit.faults.Plan} and {@link org.understudy.ha.testkit.faults.Tally}; the rest starts processes and
 * threads. For tests, never for production code.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.faults;

import org.jspecify.annotations.NullMarked;
