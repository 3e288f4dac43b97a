/**
 * Planted bugs: each breaks one rule that keeps ownership whole, and each must be seen by a named checker within a bounded number
 * of seeds. A bug that survives is a hole in the checkers.
 *
 * <p>Production code knows nothing of them. A bug is a text file among the resources: what it breaks, the exact text of a source
 * file and what replaces it (or a {@link org.understudy.ha.testkit.sim.Sabotage} around the machines), the faults or the
 * schedule that bring it out, and who may see it. The patched source is compiled in memory and loaded by a class loader of its
 * own together with everything it meets, so the simulator runs against it unchanged. Adding a bug is adding a file.
 *
 * <p>Start reading at {@link org.understudy.ha.testkit.sabotage.PlantedBug}.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.testkit.sabotage;

import org.jspecify.annotations.NullMarked;
