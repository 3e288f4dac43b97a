/**
 * Programs that are run to an end: with a budget, with everything they start, and with bounded output. Shared by the modules that run
 * scripts; knows nothing of either. Internal: not for users.
 */
@NullMarked
package org.understudy.ha.internal.process;

import org.jspecify.annotations.NullMarked;
